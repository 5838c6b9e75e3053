// x86-64 with AVX2 and FMA.
#include <utility>

#include "kernels.h"
#if defined(__x86_64__)
#include "simd_avx2.h"

namespace refine::model {
namespace {
constexpr int kTileRows = 6, kTileVectors = 2, kValuesAWord = 1;  // 12 sums + 2 of B + 1 of A in 16 registers
}
}  // namespace refine::model
#include "f32_tiles.inc"
#include "bf16_tiles.inc"
#include "row_functions.inc"
#include "row_loops.inc"

namespace refine::model {
const KernelSet* avx2_kernels() {
  static constexpr auto kRowsOfTile = std::make_integer_sequence<int, kTileRows>{};
  static const KernelSet set{GemmIsa::kAvx2, f32_tiles(kRowsOfTile), bf16_tiles(kRowsOfTile), int8_avx_vnni() ? *int8_avx_vnni() : *int8_avx2(), kRowLoops, fma_loop, nullptr};
  return &set;
}
}  // namespace refine::model
#else
namespace refine::model {
const KernelSet* avx2_kernels() { return nullptr; }
}  // namespace refine::model
#endif
