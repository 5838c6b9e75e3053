// A warp's matrix fragments (ldmatrix, mma.sync), by the layouts of the PTX ISA (section 9.7.14), written down in ptx.h.
#include <cstring>

#include "block.h"
#include "watch.h"
#include "words.h"

namespace refine::cuda::simt {
namespace {

struct Load {
  uint32_t* r;
  const void* row;
};
struct LoadShape {
  int count;
  bool transposed;
};
struct Multiply {
  void* d;
  const uint32_t *a, *b;
};

float wide(uint32_t half) { return __uint_as_float(half << 16); }
int8_t byte_of(uint32_t word, uint32_t i) { return int8_t(uint8_t(word >> (8 * i))); }

}  // namespace

void load_matrices(const char* what, uint32_t* r, const void* row, int count, bool transposed) {
  Load slot{r, row};
  const LoadShape shape{count, transposed};
  if (watch && int(lane()) < 8 * count) watch->access(*block.running, row, 16, false);
  meet_warp(
      what, 0xffffffffu, &slot,
      [](void* const(&slots)[32], uint32_t, const void* with) {
        const auto& how = *static_cast<const LoadShape*>(with);
        uint16_t matrix[8][8];
        for (int m = 0; m < how.count; ++m) {
          for (int i = 0; i < 8; ++i) {
            const void* from = static_cast<const Load*>(slots[8 * m + i])->row;
            if (reinterpret_cast<uintptr_t>(from) % 16 != 0) fault("ldmatrix: lane %d's address %p is no multiple of 16", 8 * m + i, from);
            std::memcpy(matrix[i], from, 16);
          }
          for (int lane = 0; lane < 32; ++lane) {
            const int i = lane / 4, j = 2 * (lane % 4);
            const uint32_t low = how.transposed ? matrix[j][i] : matrix[i][j], high = how.transposed ? matrix[j + 1][i] : matrix[i][j + 1];
            static_cast<Load*>(slots[lane])->r[m] = low | high << 16;
          }
        }
      },
      &shape);
}

void multiply_bf16(float* d, const uint32_t* a, const uint32_t* b) {
  Multiply slot{d, a, b};
  meet_warp(
      "mma_bf16", 0xffffffffu, &slot,
      [](void* const(&slots)[32], uint32_t, const void*) {
        float left[16][16], right[16][8], sum[16][8];
        for (int lane = 0; lane < 32; ++lane) {
          const auto& m = *static_cast<const Multiply*>(slots[lane]);
          const int g = lane / 4, t = 2 * (lane % 4);
          for (int i = 0; i < 4; ++i)
            for (int half = 0; half < 2; ++half) {
              left[g + 8 * (i & 1)][t + half + 8 * (i >> 1)] = wide(m.a[i] >> (16 * half) & 0xffff);
              sum[g + 8 * (i >> 1)][t + (i & 1)] = static_cast<const float*>(m.d)[i];
            }
          for (int i = 0; i < 2; ++i)
            for (int half = 0; half < 2; ++half) right[t + half + 8 * i][g] = wide(m.b[i] >> (16 * half) & 0xffff);
        }
        for (int row = 0; row < 16; ++row)
          for (int k = 0; k < 16; ++k)
            for (int column = 0; column < 8; ++column) sum[row][column] += left[row][k] * right[k][column];
        for (int lane = 0; lane < 32; ++lane)
          for (int i = 0; i < 4; ++i) static_cast<float*>(static_cast<Multiply*>(slots[lane])->d)[i] = sum[lane / 4 + 8 * (i >> 1)][2 * (lane % 4) + (i & 1)];
      },
      nullptr);
}

void multiply_s8(int32_t* d, const uint32_t* a, const uint32_t* b) {
  Multiply slot{d, a, b};
  meet_warp(
      "mma_s8", 0xffffffffu, &slot,
      [](void* const(&slots)[32], uint32_t, const void*) {
        int32_t left[16][32], right[32][8];
        uint32_t sum[16][8];  // without .satfinite an int32 sum wraps
        for (int lane = 0; lane < 32; ++lane) {
          const auto& m = *static_cast<const Multiply*>(slots[lane]);
          const int g = lane / 4, t = lane % 4;
          for (int i = 0; i < 4; ++i) {
            for (int j = 0; j < 4; ++j) left[g + 8 * (i & 1)][4 * t + j + 16 * (i >> 1)] = byte_of(m.a[i], uint32_t(j));
            sum[g + 8 * (i >> 1)][2 * t + (i & 1)] = uint32_t(static_cast<const int32_t*>(m.d)[i]);
          }
          for (int i = 0; i < 2; ++i)
            for (int j = 0; j < 4; ++j) right[4 * t + j + 16 * i][g] = byte_of(m.b[i], uint32_t(j));
        }
        for (int row = 0; row < 16; ++row)
          for (int k = 0; k < 32; ++k)
            for (int column = 0; column < 8; ++column) sum[row][column] += uint32_t(left[row][k] * right[k][column]);
        for (int lane = 0; lane < 32; ++lane)
          for (int i = 0; i < 4; ++i) static_cast<int32_t*>(static_cast<Multiply*>(slots[lane])->d)[i] = int32_t(sum[lane / 4 + 8 * (i >> 1)][2 * (lane % 4) + (i & 1)]);
      },
      nullptr);
}

}  // namespace refine::cuda::simt
