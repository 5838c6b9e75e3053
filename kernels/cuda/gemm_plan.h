// The index arithmetic of the matrix products that host and device share: which tile a block takes when, where a chunk lies in swizzled
// shared memory, and which tile size a shape gets. kernels/cuda/tests/gemm_plan_test.cpp proves it: every tile once, no bank twice.
#pragma once
#include <cstdint>

#include "both.h"

namespace refine::cuda {

REFINE_BOTH int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Items are (tile of rows, part of the columns); a part is `per_item` consecutive tiles of columns (1 for a product that is stored, more
// where a row's state is carried from tile to tile). Items that run together share operands in L2: kGroup tiles of rows (fast) times as
// many parts as the card has blocks over kGroup, so that a wave of 132 blocks of 128 x 256 reads 16 x 128 rows of A and 9 x 256 of W:
// at K = 4,544 bf16 18.6 + 20.9 MB, which L2 (50 MB) holds, where row-by-row order would read 132 x 256 rows of W.
constexpr int32_t kGroup = 16;
struct TileWork {
  int32_t tiles_m, tiles_n, per_item;
  REFINE_BOTH int32_t parts() const { return (tiles_n + per_item - 1) / per_item; }
  REFINE_BOTH int64_t items() const { return int64_t(tiles_m) * parts(); }
  REFINE_BOTH void item(int64_t index, int32_t& tile_m, int32_t& part) const {
    const int64_t group = index / (int64_t(kGroup) * parts());
    const int32_t first = int32_t(group) * kGroup, rows = tiles_m - first < kGroup ? tiles_m - first : kGroup;
    const int64_t within = index - group * kGroup * parts();
    tile_m = first + int32_t(within % rows);
    part = int32_t(within / rows);
  }
  REFINE_BOTH int32_t first_tile(int32_t part) const { return part * per_item; }
  REFINE_BOTH int32_t tile_count(int32_t part) const {
    const int32_t left = tiles_n - part * per_item;
    return left < per_item ? left : per_item;
  }
};

// Ampere's shared memory. K-major operands: rows of 64 bytes of k (32 bf16, 64 int8), 16-byte chunk c of row r at c ^ (r / 2 % 4): the 8 rows of
// an ldmatrix, and the 8 chunks of two rows that 8 threads copy, cover the 32 banks once each.
constexpr int kDepthBytes = 64;
REFINE_BOTH int32_t k_major_offset(int32_t row, int32_t chunk) { return row * kDepthBytes + ((chunk ^ (row >> 1 & 3)) << 4); }
// MN-major operands (bf16): rows of one k, `width` numbers of M or N each (a multiple of 64); chunk c of row k at c ^ (k % 8).
REFINE_BOTH int32_t mn_major_offset(int32_t k, int32_t chunk, int32_t width) { return k * width * 2 + ((chunk ^ (k & 7)) << 4); }

// A gated product's tile of `warp_columns` columns a warp takes its first half from the gate's rows of W and its second half from up's.
// Row of W behind column `column` of tile `tile_n`, -1 outside. n_out: columns of out.
REFINE_BOTH int64_t gated_row(int32_t tile_n, int32_t tile_columns, int32_t warp_columns, int32_t column, int64_t n_out) {
  const int32_t warp = column / warp_columns, at = column % warp_columns, half = warp_columns / 2;
  const int64_t out = int64_t(tile_n) * (tile_columns / 2) + warp * half + at % half;
  return out >= n_out ? -1 : at < half ? out : n_out + out;
}

// Hopper: 128 x 256 tiles, one block a multiprocessor (48 KiB a stage, 1,024 cycles of wgmma: 48 bytes a cycle from L2), or 128 x 128, two
// blocks a multiprocessor, whose epilogues and products overlap (64 bytes a cycle). The wide one where the depth hides its epilogue
// and its last wave is full enough; never a difference in the result.
constexpr int64_t kShallow = 1024;  // bytes of k: 512 bf16; below, an epilogue costs more than a third of the products
REFINE_BOTH bool wide_tiles(int64_t m, int64_t n, int64_t depth_bytes, int multiprocessors) {
  if (depth_bytes <= kShallow || n <= 128) return false;
  const int64_t processors = multiprocessors, wide = ceil_div(ceil_div(m, 128) * ceil_div(n, 256), processors) * 2;  // in times of a 128 x 128 tile
  const int64_t tiles = ceil_div(m, 128) * ceil_div(n, 128), rest = tiles % (2 * processors);
  const int64_t narrow = tiles / (2 * processors) * 2 + (rest > processors ? 2 : rest > 0 ? 1 : 0);  // two at once, each at half speed; one at full
  return wide * 10 <= narrow * 11;
}
// Shapes that a launcher takes: any depth, K = 0 too (out = e(0)), sizes whose tiles and coordinates fit int32.
inline bool product_shapes(int64_t m, int64_t n, int64_t k, bool gated) {
  constexpr int64_t kMost = int64_t(1) << 30;
  return m >= 0 && n >= 0 && k >= 0 && m <= kMost && n <= kMost && k <= kMost && !(gated && n % 2 != 0);
}
// Ampere: 128 x 128 where that fills the card, else 64 x 128.
REFINE_BOTH bool large_tiles(int64_t m, int64_t n, int multiprocessors) { return ceil_div(m, 128) * ceil_div(n, 128) >= multiprocessors; }

}  // namespace refine::cuda
