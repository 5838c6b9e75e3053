// What the matrix products' index arithmetic promises: every tile is some block's once, the chunks of a stage fill shared memory once, and no
// ldmatrix, copy or store of one meets a bank twice.
#include "../gemm_plan.h"

#include <set>
#include <tuple>
#include <vector>

#include "../../testing/check.h"

using namespace refine::cuda;

// 16-byte accesses are served eight lanes at a time: their chunks must lie in eight different groups of four banks.
template <class Offset>
static bool eight_banks(Offset offset) {
  std::set<int> groups;
  for (int i = 0; i < 8; ++i) groups.insert(offset(i) / 16 % 8);
  return groups.size() == 8;
}

int main() {
  for (const auto& [m, n, per_item] : {std::tuple(1, 1, 1), std::tuple(17, 5, 1), std::tuple(33, 254, 8), std::tuple(16, 7, 3), std::tuple(40, 1, 8)}) {
    const TileWork work{m, n, per_item};
    std::vector<int> taken(size_t(m * n));
    for (int64_t index = 0; index < work.items(); ++index) {
      int32_t tile_m, part;
      work.item(index, tile_m, part);
      for (int32_t i = 0; i < work.tile_count(part); ++i) ++taken[size_t(tile_m * n + work.first_tile(part) + i)];
    }
    for (const int count : taken) CHECK_EQ(count, 1);
  }
  for (const int width : {64, 128}) {  // rows of M or N of a tile
    std::set<int32_t> k_major, mn_major;
    for (int row = 0; row < width; ++row)
      for (int chunk = 0; chunk < 4; ++chunk) k_major.insert(k_major_offset(row, chunk));
    for (int k = 0; k < 32; ++k)
      for (int chunk = 0; chunk < width / 8; ++chunk) mn_major.insert(mn_major_offset(k, chunk, width));
    CHECK_EQ(k_major.size(), size_t(width * 4));
    CHECK_EQ(*k_major.rbegin(), width * kDepthBytes - 16);
    CHECK_EQ(mn_major.size(), size_t(width * 4));
    CHECK_EQ(*mn_major.rbegin(), width * kDepthBytes - 16);
    for (int first = 0; first < width; first += 8)
      for (int chunk = 0; chunk < 4; ++chunk) CHECK(eight_banks([&](int i) { return k_major_offset(first + i, chunk); }));  // ldmatrix: eight rows of one chunk
    for (int first = 0; first < width * 4; first += 8) CHECK(eight_banks([&](int i) { return k_major_offset((first + i) / 4, (first + i) % 4); }));  // the copies of eight lanes
    for (int k = 0; k < 32; k += 8)
      for (int chunk = 0; chunk < width / 8; ++chunk) CHECK(eight_banks([&](int i) { return mn_major_offset(k + i, chunk, width); }));
    for (int first = 0; first < width * 4; first += 8) CHECK(eight_banks([&](int i) { return mn_major_offset((first + i) / (width / 8), (first + i) % (width / 8), width); }));
  }
  // Gated: each row of both matrices once, the columns outside never.
  for (const int64_t out : {24, 64, 100}) {
    std::vector<int> taken(size_t(2 * out));
    for (int32_t tile = 0; tile < ceil_div(2 * out, 128); ++tile)
      for (int column = 0; column < 128; ++column)
        if (const int64_t row = gated_row(tile, 128, 64, column, out); row >= 0) ++taken[size_t(row)];
    for (const int count : taken) CHECK_EQ(count, 1);
  }
  // The shapes on 132 multiprocessors.
  CHECK(wide_tiles(16384, 18176, 4544 * 2, 132));
  CHECK(wide_tiles(16384, 4544, 18176 * 2, 132));
  CHECK(!wide_tiles(16384, 1536, 384 * 2, 132));
  CHECK(!wide_tiles(128, 4544, 4544 * 2, 132));  // 18 wide tiles would leave 114 multiprocessors idle; 36 narrow ones fewer
  return refine::testing::report();
}
