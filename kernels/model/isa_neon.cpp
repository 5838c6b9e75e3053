// arm64.
#include <utility>

#include "kernels.h"
#if defined(__aarch64__)
#include "simd_neon.h"

namespace refine::model {
namespace {
constexpr int kTileRows = 6, kTileVectors = 4;  // 24 sums + 4 of B + 1 of A in 32 registers
}
}  // namespace refine::model
#include "f32_tiles.inc"
#include "row_functions.inc"

namespace refine::model {
const KernelSet* neon_kernels() {
  static const KernelSet set{GemmIsa::kNeon, {kTileRows, kTileColumns, f32_tile_table(std::make_integer_sequence<int, kTileRows>{})}, transpose, epilogue, fma_loop};
  return &set;
}
}  // namespace refine::model
#else
namespace refine::model {
const KernelSet* neon_kernels() { return nullptr; }
}  // namespace refine::model
#endif
