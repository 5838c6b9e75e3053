// A model of Intel's tile registers in plain C++: the back end of ../amx_tiles.h where the processor has none. Eight tiles of palette 1 a thread,
// 16 rows of 64 bytes. What the hardware answers with a fault is an AmxFault whose text names instruction, fault, what was found and what it takes.
// Rows above a tile's and bytes past a row's are zero after every instruction that writes the tile, as in the manual.
// Source: Intel SDM volume 2, LDTILECFG, TILELOADD, TILEZERO, TDPBUSD, TDPBF16PS and section 2.10 (exception classes AMX-E1 to E6).
#pragma once
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "../amx_tiles.h"

namespace refine::model {

struct AmxFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// fp32 as TDPBF16PS computes: to nearest even, denormals zero as operands and as results (tiny after rounding to 24 bits), MXCSR unread.
inline float without_denormal(float x) { return std::fabs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; }
inline float tile_fma(float a, float b, float c) {
  a = without_denormal(a), b = without_denormal(b), c = without_denormal(c);
  const float rounded = std::fma(a, b, c);
  if (!(std::fabs(rounded) <= 0x1p-126f)) return rounded;
  // Rounded once more with exponents to spare. The double is exact but for what lies 2^52 times below, which decides nothing: no tie is that near.
  const float spare = float((double(a) * double(b) + double(c)) * 0x1p64);
  return std::fabs(spare) < 0x1p-62f ? std::copysign(0.0f, rounded) : rounded;
}
inline float tile_add(float a, float b) { return without_denormal(without_denormal(a) + without_denormal(b)); }
inline float number_of_bf16(uint16_t bits) {
  const uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

struct TileModel {
  static constexpr int kTiles = 8, kRows = 16, kRowBytes = 64, kWords = 16;
  struct Tile {
    int rows = 0, row_bytes = 0;
    uint8_t bytes[kRows][kRowBytes] = {};
  };
  struct State {
    bool configured = false;
    Tile tiles[kTiles];
    int64_t configurations = 0, products = 0;  // counted for tests
  };
  static State& state() {
    thread_local State mine;
    return mine;
  }

  [[noreturn]] static void fault(const std::string& instruction, const char* kind, const std::string& what) { throw AmxFault(instruction + ": #" + kind + ": " + what); }
  static std::string text(int64_t n) { return std::to_string(n); }

  static void configure(const TileConfig& config) {
    State fresh;
    fresh.configurations = state().configurations + 1, fresh.products = state().products;
    const std::string name = "LDTILECFG";
    if (config.palette == 0) {
      state() = fresh;
      return;
    }
    if (config.palette != 1) fault(name, "GP", "palette " + text(config.palette) + "; there are 0 and 1");
    if (config.start_row != 0) fault(name, "GP", "start_row " + text(config.start_row) + ": this model restarts nothing");
    for (const uint8_t byte : config.reserved)
      if (byte) fault(name, "GP", "a reserved byte is not zero");
    for (int n = 0; n < kRows; ++n) {
      const int rows = config.rows[n], bytes = config.row_bytes[n];
      if (n >= kTiles && (rows || bytes)) fault(name, "GP", "tile " + text(n) + " is configured; palette 1 has 8");
      if (rows > kRows) fault(name, "GP", "tile " + text(n) + " has " + text(rows) + " rows; palette 1 has 16");
      if (bytes > kRowBytes) fault(name, "GP", "tile " + text(n) + " has rows of " + text(bytes) + " bytes; palette 1 has 64");
      if ((rows == 0) != (bytes == 0)) fault(name, "GP", "tile " + text(n) + " has " + text(rows) + " rows of " + text(bytes) + " bytes; both or neither are zero");
      if (n < kTiles) fresh.tiles[n].rows = rows, fresh.tiles[n].row_bytes = bytes;
    }
    fresh.configured = true;
    state() = fresh;
  }
  static void release() {
    const State before = state();
    state() = State();
    state().configurations = before.configurations, state().products = before.products;
  }

  static Tile& tile(const char* instruction, int n) {
    if (!state().configured) fault(instruction, "UD", "tiles are not configured: LDTILECFG comes first");
    if (state().tiles[n].rows == 0) fault(instruction, "UD", "tile " + text(n) + " has no rows in the configuration");
    return state().tiles[n];
  }

  template <int kTile>
  static void zero() {
    Tile& t = tile("TILEZERO", kTile);
    std::memset(t.bytes, 0, sizeof t.bytes);
  }
  template <int kTile>
  static void load(const void* from, int64_t stride) {
    Tile& t = tile("TILELOADD", kTile);
    std::memset(t.bytes, 0, sizeof t.bytes);
    for (int r = 0; r < t.rows; ++r) std::memcpy(t.bytes[r], static_cast<const char*>(from) + r * stride, size_t(t.row_bytes));
  }
  template <int kTile>
  static void store(void* to, int64_t stride) {
    const Tile& t = tile("TILESTORED", kTile);
    for (int r = 0; r < t.rows; ++r) std::memcpy(static_cast<char*>(to) + r * stride, t.bytes[r], size_t(t.row_bytes));
  }

  template <TileProduct kProduct, int kC, int kA, int kB>
  static void multiply() {
    const char* name = kProduct == TileProduct::kBytes ? "TDPBUSD" : "TDPBF16PS";
    if (kC == kA || kC == kB || kA == kB) fault(name, "UD", "tiles " + text(kC) + ", " + text(kA) + ", " + text(kB) + "; all three differ");
    Tile& c = tile(name, kC);
    const Tile &a = tile(name, kA), &b = tile(name, kB);
    for (const Tile* t : {&static_cast<const Tile&>(c), &a, &b})
      if (t->row_bytes % 4) fault(name, "UD", "rows of " + text(t->row_bytes) + " bytes; a multiple of 4");
    if (c.rows != a.rows) fault(name, "UD", "C has " + text(c.rows) + " rows, A " + text(a.rows));
    if (c.row_bytes != b.row_bytes) fault(name, "UD", "C has rows of " + text(c.row_bytes) + " bytes, B of " + text(b.row_bytes));
    if (a.row_bytes / 4 != b.rows) fault(name, "UD", "A has rows of " + text(a.row_bytes / 4) + " words, B " + text(b.rows) + " rows");
    ++state().products;
    for (int m = 0; m < c.rows; ++m) {
      if constexpr (kProduct == TileProduct::kBytes) add_bytes(c, a, b, m);
      else add_bfloats(c, a, b, m);
    }
    for (int r = 0; r < kRows; ++r)
      std::memset(r < c.rows ? c.bytes[r] + c.row_bytes : c.bytes[r], 0, size_t(r < c.rows ? kRowBytes - c.row_bytes : kRowBytes));
  }

 private:
  template <class V>
  static V at(const Tile& t, int row, int place) {
    V value;
    std::memcpy(&value, t.bytes[row] + size_t(place) * sizeof(V), sizeof value);
    return value;
  }

  static void add_bytes(Tile& c, const Tile& a, const Tile& b, int m) {
    for (int n = 0; n < c.row_bytes / 4; ++n) {
      uint32_t sum = at<uint32_t>(c, m, n);  // wraps
      for (int k = 0; k < a.row_bytes; ++k) sum += uint32_t(int32_t(a.bytes[m][k]) * int32_t(at<int8_t>(b, k / 4, n * 4 + k % 4)));
      std::memcpy(c.bytes[m] + n * 4, &sum, sizeof sum);
    }
  }
  static void add_bfloats(Tile& c, const Tile& a, const Tile& b, int m) {
    for (int n = 0; n < c.row_bytes / 4; ++n) {
      float even = 0, odd = 0;
      for (int k = 0; k < a.row_bytes / 4; ++k) {
        even = tile_fma(number_of_bf16(at<uint16_t>(a, m, 2 * k)), number_of_bf16(at<uint16_t>(b, k, 2 * n)), even);
        odd = tile_fma(number_of_bf16(at<uint16_t>(a, m, 2 * k + 1)), number_of_bf16(at<uint16_t>(b, k, 2 * n + 1)), odd);
      }
      const float sum = tile_add(at<float>(c, m, n), tile_add(even, odd));
      std::memcpy(c.bytes[m] + n * 4, &sum, sizeof sum);
    }
  }
};

}  // namespace refine::model
