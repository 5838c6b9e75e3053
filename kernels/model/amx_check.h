// One product of each kind on tiles against the sums that Intel's manual writes (amx_tiles.h), bit for bit: 17 rows, so that both tiles of A are used
// and one is cut short, 32 columns, two blocks of K. No number of it is a denormal, so plain C++ says what is right. A few thousand operations.
#pragma once
#include "amx_tiles.h"

namespace refine::model {

struct AmxCheck {
  static constexpr int kRows = 17, kSteps = 2 * kAmxTile;
  alignas(64) uint32_t rows[kRows * kSteps], panel[kSteps * kAmxColumns], packed[kAmxRows * kSteps];
  uint32_t state = 1;

  uint32_t random() { return (state = state * 1664525u + 1013904223u) >> 8; }
  template <class Word>
  void fill(Word word) {
    for (auto& w : rows) w = word();
    for (auto& w : panel) w = word();
    pack_amx_rows(reinterpret_cast<const float*>(rows), kSteps, kRows, kSteps, reinterpret_cast<float*>(packed));
  }
  static float number(uint32_t word, int place) {  // the bfloat16 at an even (0) or odd (1) place
    const uint32_t bits = place ? word & 0xFFFF0000u : word << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

  template <class T>
  bool bytes_agree() {
    fill([this] { return random() << 16 ^ random(); });
    alignas(64) int32_t sums[kAmxRows * kAmxColumns];
    AmxTiles<T>::configure();
    AmxTiles<T>::OfRows::bytes_of[kRows - 1](kSteps, packed, panel, sums);
    AmxTiles<T>::release();
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kAmxColumns; ++j) {
        int32_t sum = 0;
        for (int i = 0; i < kSteps; ++i)
          for (int shift = 0; shift < 32; shift += 8) sum += int32_t(uint8_t(rows[r * kSteps + i] >> shift)) * int32_t(int8_t(panel[i * kAmxColumns + j] >> shift));
        if (sums[r * kAmxColumns + j] != sum) return false;
      }
    return true;
  }

  template <class T>
  bool bfloats_agree() {
    const auto bfloat = [this] {  // 2^-8 to 2^8, of either sign
      const uint32_t bits = random();
      return (bits & 0x807F) | (119 + (bits >> 16 & 15)) << 7;
    };
    fill([&bfloat] { return bfloat() | bfloat() << 16; });
    float sums[kRows * kAmxColumns], expected[kRows * kAmxColumns];
    for (auto& x : sums) x = float(int32_t(random()) - (1 << 23));
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kAmxColumns; ++j) {
        float sum = sums[r * kAmxColumns + j];
        for (int block = 0; block < kSteps; block += kAmxTile) {
          float at_places[2] = {0, 0};
          for (int i = block; i < block + kAmxTile; ++i)
            for (int place = 0; place < 2; ++place) at_places[place] = std::fma(number(rows[r * kSteps + i], place), number(panel[i * kAmxColumns + j], place), at_places[place]);
          sum += at_places[0] + at_places[1];
        }
        expected[r * kAmxColumns + j] = sum;
      }
    AmxTiles<T>::configure();
    AmxTiles<T>::OfRows::bfloat_of[kRows - 1](kSteps, reinterpret_cast<const float*>(packed), reinterpret_cast<const float*>(panel), sums, kAmxColumns, kAmxColumns, false);
    AmxTiles<T>::release();
    return std::memcmp(sums, expected, sizeof sums) == 0;
  }
};

template <class T>
bool sums_are_the_manuals() {
  AmxCheck check;
  return check.bytes_agree<T>() && check.bfloats_agree<T>();
}

}  // namespace refine::model
