// 64 x 64 sums of fp32 products by a block of 256 threads, four rows by four columns each, ascending k in one accumulator: what gemm_f32,
// its gradients and the fp32 vocabulary loss share. A (M,K) and W (N,K), or either with K down its rows, pass through shared memory 16 k at a time, k outermost so that a thread's four
// rows are one 16-byte read; rows of 68 numbers keep the transposing writes two to a bank. Rows and depth past the end are zeros.
#pragma once
#include "gemm_epilogue.h"
#include "gemm_plan.h"

namespace refine::cuda {

constexpr int kPlainTile = 64, kPlainDepth = 16, kPlainThreads = 256;

// sums[i][j]: row0 + threadIdx.x / 16 * 4 + i, column0 + threadIdx.x % 16 * 4 + j. Every thread of the block calls it.
// kMnA: a is (K,M); kMnW: w is (K,N).
template <bool kMnA = false, bool kMnW = false>
REFINE_DEVICE void plain_tile(const float* a, const float* w, int64_t m, int64_t n, int64_t k, int64_t row0, int64_t column0, float (&sums)[4][4]) {
  __shared__ __align__(16) float rows[kPlainDepth][kPlainTile + 4];
  __shared__ __align__(16) float columns[kPlainDepth][kPlainTile + 4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) sums[i][j] = 0;
  for (int64_t depth = 0; depth < k; depth += kPlainDepth) {
    __syncthreads();  // the last step's reads, of this call or the one before
#pragma unroll
    for (int i = 0; i < kPlainTile * kPlainDepth / kPlainThreads; ++i) {
      const int at = int(threadIdx.x) + i * kPlainThreads, row = at / kPlainDepth, d = at % kPlainDepth;
      const bool inside = depth + d < k;
      rows[d][row] = inside && row0 + row < m ? a[kMnA ? (depth + d) * m + row0 + row : (row0 + row) * k + depth + d] : 0.0f;
      columns[d][row] = inside && column0 + row < n ? w[kMnW ? (depth + d) * n + column0 + row : (column0 + row) * k + depth + d] : 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int d = 0; d < kPlainDepth; ++d) {
      const Words4 x = load_words4(&rows[d][threadIdx.x / 16 * 4]), y = load_words4(&columns[d][threadIdx.x % 16 * 4]);
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[i][j] = fmaf(float_of(x.word[i]), float_of(y.word[j]), sums[i][j]);
    }
  }
}

}  // namespace refine::cuda
