// What the attention kernels of mma.sync share, forward and backward: rows in shared memory, their copies, and weights times rows.
// Rows are padded by 16 bytes, so that the eight rows of an ldmatrix meet all banks.
#pragma once
#include "attention_softmax.h"
#include "ptx.h"

namespace refine::cuda {

constexpr int kAttentionThreads = 256;  // eight warps, 16 rows each

template <int kD>
constexpr int kPitch = kD + 8;  // elements of a row in shared memory

// Rows first .. first + rows of a document's (length, stride); behind its end zeros.
template <int kD>
REFINE_DEVICE void copy_rows(bf16* shared, const bf16* from, int64_t stride, int first, int rows, int length) {
  constexpr int kChunks = kD / 8;
  for (int item = int(threadIdx.x); item < rows * kChunks; item += kAttentionThreads) {
    const int row = item / kChunks, chunk = item % kChunks;
    const bool inside = first + row < length;
    cp_async_16(shared + row * kPitch<kD> + chunk * 8, from + int64_t(inside ? first + row : 0) * stride + chunk * 8, inside ? 16 : 0);
  }
}

// d (16, D) += a (16, kN) in registers, as scores stand there, times b (kN rows, D).
template <int kD, int kN>
REFINE_DEVICE void add_weighted(float (&d)[kD / 2], const float (&weights)[kN / 2], const bf16* other) {
  const int lane = int(threadIdx.x % kWarp);
#pragma unroll
  for (int step = 0; step < kN / 16; ++step) {
    uint32_t a[4];
    weights_as_a<kN>(a, weights, step);
#pragma unroll
    for (int pair = 0; pair < kD / 16; ++pair) {
      uint32_t b[4];
      ldmatrix_x4_trans(b, other + (step * 16 + lane / 8 % 2 * 8 + lane % 8) * kPitch<kD> + pair * 16 + lane / 16 * 8);
      mma_bf16(reinterpret_cast<float(&)[4]>(d[8 * pair]), a, {b[0], b[1]});
      mma_bf16(reinterpret_cast<float(&)[4]>(d[8 * pair + 4]), a, {b[2], b[3]});
    }
  }
}

}  // namespace refine::cuda
