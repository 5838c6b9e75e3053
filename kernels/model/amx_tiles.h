// Products on tile registers (Intel AMX: AMX-TILE, AMX-INT8, AMX-BF16), written once for two back ends `T`: the processor's
// registers (amx_registers.h) and a model of them in plain C++ (tests/amx_model.h), which runs this very source where there are none.
//   a tile   16 rows of 64 bytes: 16 words a row, as every tile here is configured
//   C        32 rows x 32 columns of 32-bit sums in tiles 0 1 / 2 3
//   A        steps of 16 words: 32 rows x 16 words, row after row, so that a tile's rows are 64 bytes apart (pack_amx_rows); in tiles 4, 5
//   B        panels of 32 columns as every other set has them: a step's words are 128 bytes, a tile takes 16 steps; in tiles 6, 7
// Four products for four loads. One TDPBUSD or TDPBF16PS takes 16 cycles for 16 rows (Intel: 2,048 8-bit and 1,024 bfloat16 operations a
// cycle and core), a load 8, so the products are the bound as long as panels come from L1 or L2.
// Order of a bf16 sum (manual: TDPBF16PS): K in blocks of 32 from its first number on; in a block the products at even places are added to one
// another by fused multiply-adds, those at odd places likewise, then the two sums are added, then their sum to C. A denormal counts as zero
// wherever one is read or made. Rows, columns and company of a tile play no part in it.
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volumes 1 (chapter 18) and 2 (LDTILECFG, TDPBUSD, TDPBF16PS).
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels.h"

namespace refine::model {

// What LDTILECFG loads: palette 1 has 8 tiles of at most 16 rows and 64 bytes a row; the rest stays zero.
struct alignas(64) TileConfig {
  uint8_t palette = 0, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64);

inline constexpr int kAmxTile = 16;  // rows of a tile, and words of a row
inline constexpr int kAmxRows = 32, kAmxColumns = 32;
inline constexpr TileConfig kWholeTiles = [] {
  TileConfig config;
  config.palette = 1;
  for (int tile = 0; tile < 8; ++tile) config.row_bytes[tile] = 64, config.rows[tile] = kAmxTile;
  return config;
}();

// Up to so many rows of 8-bit products go to the 512-bit VNNI tiles. By Intel's figures: a tile of M rows still takes 16 cycles, so 128 M operations
// a cycle; VNNI does 256 of registers, but with M rows it loads 2 + M vectors, two a cycle, for 2 M products: 171 at M = 1, 256 at M = 2, 256 at
// M = 3 where tiles do 384. Never measured: `amx_test` prints both rates on a processor with AMX. A bf16 sum has no such choice, as its order is the tile's.
inline constexpr int kAmxFewRows = 2;

enum class TileProduct : uint8_t { kBytes /* unsigned A, signed B */, kBfloat };

// A RowPacker: the 16 or 32 rows that tiles read, absent ones zero.
inline void pack_amx_rows(const float* words, int64_t stride, int count, int64_t steps, float* out) {
  const int filled = count <= kAmxTile ? kAmxTile : kAmxRows;
  for (int64_t i = 0; i < steps; i += kAmxTile, out += kAmxRows * kAmxTile) {
    for (int r = 0; r < count; ++r) std::memcpy(out + r * kAmxTile, words + r * stride + i, kAmxTile * sizeof(float));
    std::memset(out + count * kAmxTile, 0, size_t((filled - count) * kAmxTile) * sizeof(float));
  }
}

// Tiles 0 and 1, and for more than 16 rows 2 and 3: C += A B over `steps` words, a multiple of 16.
template <class T, TileProduct kProduct, bool kLower>
inline void multiply_tiles(int64_t steps, const void* a_words, const void* b_words) {
  const auto *a = static_cast<const uint32_t*>(a_words), *b = static_cast<const uint32_t*>(b_words);
  for (int64_t i = 0; i < steps; i += kAmxTile, a += kAmxRows * kAmxTile, b += kAmxColumns * kAmxTile) {
    T::template load<4>(a, 64);
    T::template load<6>(b, 128);
    T::template multiply<kProduct, 0, 4, 6>();
    T::template load<7>(b + kAmxTile, 128);
    T::template multiply<kProduct, 1, 4, 7>();
    if constexpr (kLower) {
      T::template load<5>(a + kAmxTile * kAmxTile, 64);
      T::template multiply<kProduct, 2, 5, 6>();
      T::template multiply<kProduct, 3, 5, 7>();
    }
  }
}

template <class T, bool kLower>
inline void zero_sums() {
  T::template zero<0>();
  T::template zero<1>();
  if constexpr (kLower) {
    T::template zero<2>();
    T::template zero<3>();
  }
}

// c (16 or 32, 32), rows `bytes` apart.
template <class T, bool kLower, class V>
inline void load_sums(const V* c, int64_t bytes) {
  T::template load<0>(c, bytes);
  T::template load<1>(c + kAmxTile, bytes);
  if constexpr (kLower) {
    const auto* lower = reinterpret_cast<const V*>(reinterpret_cast<const char*>(c) + kAmxTile * bytes);
    T::template load<2>(lower, bytes);
    T::template load<3>(lower + kAmxTile, bytes);
  }
}
template <class T, bool kLower, class V>
inline void store_sums_of_tiles(V* c, int64_t bytes) {
  T::template store<0>(c, bytes);
  T::template store<1>(c + kAmxTile, bytes);
  if constexpr (kLower) {
    auto* lower = reinterpret_cast<V*>(reinterpret_cast<char*>(c) + kAmxTile * bytes);
    T::template store<2>(lower, bytes);
    T::template store<3>(lower + kAmxTile, bytes);
  }
}

// sums (32, 32), of which the rows in use are right.
template <class T, bool kLower>
void amx_bytes(int64_t steps, const uint32_t* a, const uint32_t* b, int32_t* sums) {
  zero_sums<T, kLower>();
  multiply_tiles<T, TileProduct::kBytes, kLower>(steps, a, b);
  store_sums_of_tiles<T, kLower>(sums, kAmxColumns * int64_t(sizeof(int32_t)));
}

// Where C has fewer than 16 or 32 rows or fewer than 32 columns, tiles read and write a copy: they know no edge.
template <class T, bool kLower>
__attribute__((noinline)) void amx_bfloat(int64_t steps, const float* a, const float* b, float* c, int64_t ldc, int rows, int cols, bool first) {
  constexpr int kFilled = kLower ? kAmxRows : kAmxTile;
  const bool edge = rows < kFilled || cols < kAmxColumns;
  alignas(64) float room[kFilled * kAmxColumns];
  float* to = edge ? room : c;
  const int64_t bytes = (edge ? kAmxColumns : ldc) * int64_t(sizeof(float));
  if (first) {
    zero_sums<T, kLower>();
  } else {
    if (edge) {
      std::memset(room, 0, sizeof room);
      for (int r = 0; r < rows; ++r) std::memcpy(room + r * kAmxColumns, c + r * ldc, size_t(cols) * sizeof(float));
    }
    load_sums<T, kLower>(to, bytes);
  }
  multiply_tiles<T, TileProduct::kBfloat, kLower>(steps, a, b);
  store_sums_of_tiles<T, kLower>(to, bytes);
  if (edge)
    for (int r = 0; r < rows; ++r) std::memcpy(c + r * ldc, room + r * kAmxColumns, size_t(cols) * sizeof(float));
}

template <class T>
struct AmxTiles {
  static void configure() { T::configure(kWholeTiles); }
  static void release() { T::release(); }

  template <int kRows>
  static void bfloat(int64_t steps, const float* a, const float* b, float* c, int64_t ldc, int cols, bool first) {
    amx_bfloat<T, (kRows > kAmxTile)>(steps, a, b, c, ldc, kRows, cols, first);
  }
  template <class R>
  struct Table;
  template <int... kRows>
  struct Table<std::integer_sequence<int, kRows...>> {
    static constexpr Int8Tile bytes_of[] = {amx_bytes<T, (kRows + 1 > kAmxTile)>...};
    static constexpr F32Tile bfloat_of[] = {bfloat<kRows + 1>...};
  };
  using OfRows = Table<std::make_integer_sequence<int, kAmxRows>>;

  // Four chains, each waiting for itself: 64 cycles of products a step if the unit never idles.
  template <TileProduct kProduct>
  static double peak(int64_t steps, int64_t* operations) {
    alignas(64) uint32_t words[kAmxTile * kAmxTile];  // 1.0 and 0.5, or bytes of either sign
    for (int i = 0; i < kAmxTile * kAmxTile; ++i) words[i] = kProduct == TileProduct::kBytes ? 0x01FF0102u + uint32_t(i) : 0x3F803F00u;
    configure();
    zero_sums<T, true>();
    T::template load<4>(words, 64);
    T::template load<6>(words, 64);
    for (int64_t s = 0; s < steps; ++s) {
      T::template multiply<kProduct, 0, 4, 6>();
      T::template multiply<kProduct, 1, 4, 6>();
      T::template multiply<kProduct, 2, 4, 6>();
      T::template multiply<kProduct, 3, 4, 6>();
    }
    T::template store<0>(words, 64);
    release();
    *operations = steps * 4 * kAmxTile * kAmxTile * kAmxTile * (kProduct == TileProduct::kBytes ? 8 : 4);
    return double(words[0]);
  }

  // `base` with bf16 and int8 on tiles; it must round rows to bfloat16 (narrow, narrow_pairs).
  static KernelSet set(const KernelSet& base, const Int8Tiles* few) {
    KernelSet made = base;
    made.isa = GemmIsa::kAmx;
    made.bf16 = {kAmxRows, kAmxColumns, OfRows::bfloat_of, base.bf16.narrow, base.bf16.narrow_pairs, kAmxTile, pack_amx_rows};
    made.int8 = {kAmxRows, kAmxColumns, OfRows::bytes_of, true, peak<TileProduct::kBytes>, kAmxTile, pack_amx_rows, nullptr, 0};
    if (few && few->columns == kAmxColumns && few->offset) made.int8.few = few, made.int8.few_rows = kAmxFewRows;
    made.bf16_peak = peak<TileProduct::kBfloat>;
    made.configure = configure;
    made.release = release;
    return made;
  }
};

}  // namespace refine::model
