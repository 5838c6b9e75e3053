// gemm_f32_nn and gemm_f32_tn: the gradients of a linear layer on the parity path; see gemm.h. Operands with K down their rows are read
// across (a stride a thread): plain, not for speed.
#include "gemm_f32.h"

namespace refine::cuda {
namespace {

template <bool kMnA>
__global__ void __launch_bounds__(kPlainThreads) gemm_grad_f32_kernel(const float* a, const float* b, float* out, int64_t m, int64_t n, int64_t k, const float* residual) {
  const int64_t row0 = int64_t(blockIdx.x) * kPlainTile, column0 = int64_t(blockIdx.y) * kPlainTile;
  float sums[4][4];
  plain_tile<kMnA, true>(a, b, m, n, k, row0, column0, sums);
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int64_t row = row0 + threadIdx.x / 16 * 4 + i, column = column0 + threadIdx.x % 16 * 4 + j;
      if (row < m && column < n) out[row * n + column] = sums[i][j] + (residual ? residual[row * n + column] : 0.0f);
    }
}

template <bool kMnA>
cudaError_t product(const Context& ctx, const float* a, const float* b, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue) {
  if (!product_shapes(m, n, k, false) || ceil_div(n, kPlainTile) > 65535 || epilogue.gated || epilogue.bias || epilogue.residual2 || epilogue.activation != GemmActivation::kNone)
    return cudaErrorInvalidValue;
  if (m == 0 || n == 0) return cudaSuccess;
  const dim3 grid(uint32_t(ceil_div(m, kPlainTile)), uint32_t(ceil_div(n, kPlainTile)));
  return launch(gemm_grad_f32_kernel<kMnA>, grid, dim3(kPlainThreads), 0, ctx.stream, a, b, out, m, n, k, epilogue.residual);
}

}  // namespace

cudaError_t gemm_f32_nn(const Context& ctx, const float* a, const float* b, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue) {
  return product<false>(ctx, a, b, out, m, n, k, epilogue);
}
cudaError_t gemm_f32_tn(const Context& ctx, const float* a, const float* b, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue) {
  return product<true>(ctx, a, b, out, m, n, k, epilogue);
}

}  // namespace refine::cuda
