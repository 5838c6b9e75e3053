// The model of tile registers against Intel's manual: shapes it refuses, what it zeroes, and sums worked out by hand for each rule of TDPBF16PS.
#include "amx_model.h"

#include <vector>

#include "../../testing/check.h"
#include "../amx_check.h"
#include "refine/model_weights.h"

using namespace refine;
using namespace refine::model;
using M = TileModel;

namespace {

template <class F>
std::string fault_of(F call) {
  try {
    call();
  } catch (const AmxFault& fault) {
    return fault.what();
  }
  return "no fault";
}

// C (m, n words) in tile 0, A (m, k words) in 1, B (k, n words) in 2.
TileConfig shapes(int m, int n, int k) {
  TileConfig config;
  config.palette = 1;
  config.rows[0] = uint8_t(m), config.row_bytes[0] = uint16_t(4 * n);
  config.rows[1] = uint8_t(m), config.row_bytes[1] = uint16_t(4 * k);
  config.rows[2] = uint8_t(k), config.row_bytes[2] = uint16_t(4 * n);
  return config;
}

void configurations_that_are_refused() {
  const auto refused = [](auto change) {
    TileConfig config = kWholeTiles;
    change(config);
    return fault_of([&config] { M::configure(config); });
  };
  M::release();
  CHECK_EQ(refused([](TileConfig&) {}), std::string("no fault"));
  CHECK_EQ(refused([](TileConfig& c) { c.palette = 2; }), std::string("LDTILECFG: #GP: palette 2; there are 0 and 1"));
  CHECK_EQ(refused([](TileConfig& c) { c.rows[3] = 17; }), std::string("LDTILECFG: #GP: tile 3 has 17 rows; palette 1 has 16"));
  CHECK_EQ(refused([](TileConfig& c) { c.row_bytes[7] = 65; }), std::string("LDTILECFG: #GP: tile 7 has rows of 65 bytes; palette 1 has 64"));
  CHECK_EQ(refused([](TileConfig& c) { c.rows[2] = 0; }), std::string("LDTILECFG: #GP: tile 2 has 0 rows of 64 bytes; both or neither are zero"));
  CHECK_EQ(refused([](TileConfig& c) { c.rows[8] = 1, c.row_bytes[8] = 4; }), std::string("LDTILECFG: #GP: tile 8 is configured; palette 1 has 8"));
  CHECK_EQ(refused([](TileConfig& c) { c.reserved[13] = 1; }), std::string("LDTILECFG: #GP: a reserved byte is not zero"));
  CHECK_EQ(refused([](TileConfig& c) { c.start_row = 1; }).substr(0, 26), std::string("LDTILECFG: #GP: start_row "));
}

void instructions_that_are_refused() {
  M::release();
  CHECK_EQ(fault_of([] { M::zero<0>(); }), std::string("TILEZERO: #UD: tiles are not configured: LDTILECFG comes first"));
  CHECK_EQ(fault_of([] { M::multiply<TileProduct::kBytes, 0, 1, 2>(); }), std::string("TDPBUSD: #UD: tiles are not configured: LDTILECFG comes first"));
  M::configure(shapes(2, 3, 4));
  char bytes[1024] = {};
  CHECK_EQ(fault_of([&bytes] { M::load<3>(bytes, 64); }), std::string("TILELOADD: #UD: tile 3 has no rows in the configuration"));
  CHECK_EQ(fault_of([&bytes] { M::store<5>(bytes, 64); }), std::string("TILESTORED: #UD: tile 5 has no rows in the configuration"));
  CHECK_EQ(fault_of([] { M::multiply<TileProduct::kBfloat, 0, 1, 2>(); }), std::string("no fault"));
  CHECK_EQ(fault_of([] { M::multiply<TileProduct::kBfloat, 0, 1, 1>(); }), std::string("TDPBF16PS: #UD: tiles 0, 1, 1; all three differ"));
  const auto refused = [](auto change) {
    TileConfig config = shapes(2, 3, 4);
    change(config);
    M::configure(config);
    return fault_of([] { M::multiply<TileProduct::kBytes, 0, 1, 2>(); });
  };
  CHECK_EQ(refused([](TileConfig& c) { c.rows[1] = 3; }), std::string("TDPBUSD: #UD: C has 2 rows, A 3"));
  CHECK_EQ(refused([](TileConfig& c) { c.row_bytes[2] = 16; }), std::string("TDPBUSD: #UD: C has rows of 12 bytes, B of 16"));
  CHECK_EQ(refused([](TileConfig& c) { c.rows[2] = 5; }), std::string("TDPBUSD: #UD: A has rows of 4 words, B 5 rows"));
  CHECK_EQ(refused([](TileConfig& c) { c.row_bytes[1] = 18; }), std::string("TDPBUSD: #UD: rows of 18 bytes; a multiple of 4"));
  M::release();
}

void what_lies_outside_a_shape_is_zero() {
  uint8_t ones[1024], out[1024];
  std::memset(ones, 1, sizeof ones);
  M::configure(kWholeTiles);
  M::load<0>(ones, 64);
  for (const uint8_t byte : {M::state().tiles[0].bytes[0][0], M::state().tiles[0].bytes[15][63]}) CHECK_EQ(int(byte), 1);
  M::configure(shapes(2, 3, 4));  // which zeroes
  CHECK_EQ(int(M::state().tiles[0].bytes[0][0]), 0);
  M::load<0>(ones, 64);
  M::load<1>(ones, 64);
  M::load<2>(ones, 64);
  M::multiply<TileProduct::kBytes, 0, 1, 2>();  // 0x01010101 + 16 ones times one
  std::memset(out, 7, sizeof out);
  M::store<0>(out, 64);
  const uint8_t row[16] = {17, 1, 1, 1, 17, 1, 1, 1, 17, 1, 1, 1, 7, 7, 7, 7};
  CHECK(std::memcmp(out, row, 16) == 0 && std::memcmp(out + 64, row, 16) == 0 && out[128] == 7);
  CHECK_EQ(int(M::state().tiles[0].bytes[0][12]), 0);
  CHECK_EQ(int(M::state().tiles[0].bytes[2][0]), 0);
  M::zero<0>();
  CHECK_EQ(int(M::state().tiles[0].bytes[0][0]), 0);
  M::release();
}

void bytes_are_unsigned_by_signed_and_sums_wrap() {
  const uint8_t a[4] = {255, 255, 128, 0};
  const int8_t b[4] = {-128, 127, -1, 77};
  for (const int32_t begin : {0, 5, INT32_MIN + 100}) {
    int32_t sum = begin;
    M::configure(shapes(1, 1, 1));
    M::load<0>(&sum, 4);
    M::load<1>(a, 4);
    M::load<2>(b, 4);
    M::multiply<TileProduct::kBytes, 0, 1, 2>();
    M::store<0>(&sum, 4);
    CHECK_EQ(sum, int32_t(uint32_t(begin) - 32640u + 32385u - 128u));
    M::release();
  }
}

// C + A B of one row and column; a, b: numbers of K, whole pairs.
float bfloat_sum(float c, const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<uint16_t> x(a.size()), y(b.size());
  for (size_t i = 0; i < a.size(); ++i) x[i] = bf16_of_f32(a[i]), y[i] = bf16_of_f32(b[i]);
  M::configure(shapes(1, 1, int(a.size() / 2)));
  M::load<0>(&c, 4);
  M::load<1>(x.data(), int64_t(a.size() * 2));
  M::load<2>(y.data(), 4);
  M::multiply<TileProduct::kBfloat, 0, 1, 2>();
  M::store<0>(&c, 4);
  M::release();
  return c;
}

void bfloats_are_added_in_the_manuals_order() {
  const float tiny = 0x1p-24f, one = 1;
  // Even places: 1, then half a unit in its last place, which falls to the even 1. Odd places: twice that half, a whole unit. Added last: 1 + 2^-23.
  CHECK_EQ(bfloat_sum(0, {1, tiny, tiny, tiny}, {1, 1, 1, 1}), one + 0x1p-23f);
  // C comes after them all: two halves make a unit before they meet it, where one after the other each would vanish.
  CHECK_EQ(bfloat_sum(1, {tiny, tiny}, {1, 1}), one + 0x1p-23f);
  CHECK_EQ(bfloat_sum(1, {tiny, 0}, {1, 1}), one);
  CHECK_EQ(bfloat_sum(one + 0x1p-23f, {tiny, 0}, {1, 1}), one + 0x1p-22f);  // the tie goes to the even neighbour
  // Places are added from the first on: 2^24 + 1 + ... + 1 loses every one, the other way round it would keep them.
  CHECK_EQ(bfloat_sum(0, {0x1p24f, 0, 1, 0, 1, 0}, {1, 1, 1, 1, 1, 1}), 0x1p24f);
  // A product is not rounded before it is added: 255 * 255 = 65025 has 16 bits, and 2^-8 of it stays.
  CHECK_EQ(bfloat_sum(0, {-65024, 0, 255, 0}, {1, 1, 255, 1}), one);
}

void denormals_are_zero() {
  const float least = 0x1p-126f;
  CHECK_EQ(bfloat_sum(0, {0x1p-127f, 0}, {0x1p10f, 0}), 0.0f);                 // of A
  CHECK_EQ(bfloat_sum(0, {0x1p10f, 0}, {0x1p-127f, 0}), 0.0f);                 // of B
  CHECK_EQ(bfloat_sum(0x1.8p-127f, {least, 0}, {1, 0}), least);                // of C
  CHECK_EQ(bfloat_sum(0, {0x1p-100f, 0}, {0x1p-27f, 0}), 0.0f);                // a product
  CHECK_EQ(bfloat_sum(0, {0x1.8p-126f, 0, -least, 0}, {1, 1, 1, 1}), 0.0f);    // a sum
  CHECK_EQ(bfloat_sum(-least, {0x1.8p-126f, 0}, {1, 1}), 0.0f);                // the last sum
  CHECK(std::signbit(bfloat_sum(-0.0f, {-0x1p-100f, 0}, {0x1p-27f, 0})) == false);  // -0 of a product, + 0 of the odd places
  CHECK_EQ(bfloat_sum(0, {0x1p-100f, 0}, {0x1p-26f, 0}), least);               // the smallest that is none
  // Tiny after rounding to 24 bits: 2^-126 (1 - 2^-24) is, 2^-126 (1 - 2^-25) is not, though both round to 2^-126 among the denormals.
  CHECK_EQ(tile_fma(0x1p-60f, -0x1p-90f, least), 0.0f);
  CHECK_EQ(tile_fma(0x1p-60f, -0x1p-91f, least), least);
}

void what_is_not_finite() {
  const float infinite = INFINITY;
  CHECK_EQ(bfloat_sum(0, {infinite, 0}, {2, 0}), infinite);
  CHECK(std::isnan(bfloat_sum(0, {infinite, 0}, {0, 0})));
  CHECK(std::isnan(bfloat_sum(0, {infinite, infinite}, {1, -1})));
  CHECK_EQ(bfloat_sum(0, {0x1p127f, 0, 0x1p127f, 0}, {1, 0, 1, 0}), infinite);
  CHECK(std::isnan(bfloat_sum(NAN, {1, 1}, {1, 1})));
}

// Registers that add one after the other, as VDPBF16PS does, and registers that take A for signed.
struct SequentialTiles : TileModel {
  template <TileProduct kProduct, int kC, int kA, int kB>
  static void multiply() {
    if constexpr (kProduct == TileProduct::kBytes) {
      TileModel::multiply<kProduct, kC, kA, kB>();
    } else {
      auto& tiles = state().tiles;
      for (int m = 0; m < 16; ++m)
        for (int n = 0; n < 16; ++n) {
          float sum;
          std::memcpy(&sum, tiles[kC].bytes[m] + n * 4, 4);
          for (int k = 0; k < 32; ++k) {
            uint16_t x, y;
            std::memcpy(&x, tiles[kA].bytes[m] + k * 2, 2);
            std::memcpy(&y, tiles[kB].bytes[k / 2] + n * 4 + k % 2 * 2, 2);
            sum = tile_fma(number_of_bf16(x), number_of_bf16(y), sum);
          }
          std::memcpy(tiles[kC].bytes[m] + n * 4, &sum, 4);
        }
    }
  }
};
struct SignedTiles : TileModel {
  template <TileProduct kProduct, int kC, int kA, int kB>
  static void multiply() {
    if constexpr (kProduct == TileProduct::kBytes)
      for (auto& row : state().tiles[kA].bytes)
        for (auto& byte : row) byte &= 0x7F;
    TileModel::multiply<kProduct, kC, kA, kB>();
  }
};

void the_check_before_use_sees_other_sums() {
  CHECK(sums_are_the_manuals<TileModel>());
  CHECK(!M::state().configured);
  CHECK(!sums_are_the_manuals<SequentialTiles>());
  CHECK(!sums_are_the_manuals<SignedTiles>());
  AmxCheck check;
  CHECK(check.bytes_agree<SequentialTiles>());  // so it is the order that was seen
  M::release();
}

}  // namespace

int main() {
  configurations_that_are_refused();
  instructions_that_are_refused();
  what_lies_outside_a_shape_is_zero();
  bytes_are_unsigned_by_signed_and_sums_wrap();
  bfloats_are_added_in_the_manuals_order();
  denormals_are_zero();
  what_is_not_finite();
  the_check_before_use_sees_other_sums();
  return testing::report();
}
