// The set that every machine runs.
#include <utility>

#include "kernels.h"
#include "simd_scalar.h"

namespace refine::model {
namespace {
constexpr int kTileRows = 4, kTileVectors = 2;
}
}  // namespace refine::model
#include "f32_tiles.inc"
#include "row_functions.inc"

namespace refine::model {
const KernelSet* scalar_kernels() {
  static const KernelSet set{GemmIsa::kScalar, {kTileRows, kTileColumns, f32_tile_table(std::make_integer_sequence<int, kTileRows>{})}, transpose, epilogue, fma_loop};
  return &set;
}
}  // namespace refine::model
