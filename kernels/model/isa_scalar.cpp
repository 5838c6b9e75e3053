// The set that every machine runs.
#include <utility>

#include "kernels.h"
#include "simd_scalar.h"

namespace refine::model {
namespace {
constexpr int kTileRows = 4, kTileVectors = 2, kValuesAWord = 1;
}
}  // namespace refine::model
#include "f32_tiles.inc"
#include "bf16_tiles.inc"
#include "row_functions.inc"
#include "row_loops.inc"

namespace refine::model {
const KernelSet* scalar_kernels() {
  static constexpr auto kRowsOfTile = std::make_integer_sequence<int, kTileRows>{};
  static const KernelSet set{GemmIsa::kScalar, f32_tiles(kRowsOfTile), bf16_tiles(kRowsOfTile), *int8_scalar(), kRowLoops, fma_loop, nullptr};
  return &set;
}
}  // namespace refine::model
