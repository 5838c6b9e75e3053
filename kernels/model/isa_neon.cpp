// arm64.
#include <utility>

#include "kernels.h"
#if defined(__aarch64__)
#include "simd_neon.h"

namespace refine::model {
namespace {
constexpr int kTileRows = 6, kTileVectors = 4, kValuesAWord = 1;  // 24 sums + 4 of B + 1 of A in 32 registers
}
}  // namespace refine::model
#include "f32_tiles.inc"
#include "bf16_tiles.inc"
#include "row_functions.inc"
#include "row_loops.inc"

namespace refine::model {
const KernelSet* neon_kernels() {
  static constexpr auto kRowsOfTile = std::make_integer_sequence<int, kTileRows>{};
  static const KernelSet set{GemmIsa::kNeon, f32_tiles(kRowsOfTile), bf16_tiles(kRowsOfTile), int8_neon_dot() ? *int8_neon_dot() : *int8_neon(), kRowLoops, fma_loop, nullptr};
  return &set;
}
}  // namespace refine::model
#else
namespace refine::model {
const KernelSet* neon_kernels() { return nullptr; }
}  // namespace refine::model
#endif
