// gemm_f32: the parity path; see gemm.h, and gemm_f32.h for the products. One block a tile of 64 x 64 of out; gated, of the gate and of up.
#include "gemm_f32.h"

#include "activation_math.h"

namespace refine::cuda {
namespace {

REFINE_DEVICE float activate_exact(GemmActivation kind, float x) {
  switch (kind) {
    case GemmActivation::kGelu: return activate<PointwiseKind::kGelu>(x);
    case GemmActivation::kGeluTanh: return activate<PointwiseKind::kGeluTanh>(x);
    case GemmActivation::kSilu: return activate<PointwiseKind::kSilu>(x);
    case GemmActivation::kRelu: return activate<PointwiseKind::kRelu>(x);
    case GemmActivation::kNone: break;
  }
  return x;
}

// n: columns of out; w has 2 n rows where gated.
__global__ void __launch_bounds__(kPlainThreads) gemm_f32_kernel(const float* a, const float* w, float* out, int64_t m, int64_t n, int64_t k, Epilogue<float> epilogue) {
  const int64_t row0 = int64_t(blockIdx.x) * kPlainTile, column0 = int64_t(blockIdx.y) * kPlainTile;
  float sums[4][4], up[4][4];
  plain_tile(a, w, m, n, k, row0, column0, sums);
  if (epilogue.gated) plain_tile(a, w + n * k, m, n, k, row0, column0, up);
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int64_t row = row0 + threadIdx.x / 16 * 4 + i, column = column0 + threadIdx.x % 16 * 4 + j;
      if (row >= m || column >= n) continue;
      const int64_t at = row * n + column;
      float x = activate_exact(epilogue.activation, sums[i][j] + (epilogue.bias ? epilogue.bias[column] : 0.0f));
      if (epilogue.gated) x *= up[i][j] + (epilogue.bias ? epilogue.bias[n + column] : 0.0f);
      if (epilogue.residual) x += epilogue.residual[at];
      if (epilogue.residual2) x += epilogue.residual2[at];
      out[at] = x;
    }
}

}  // namespace

cudaError_t gemm_f32(const Context& ctx, const float* a, const float* w, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue) {
  const int64_t columns = epilogue.gated ? n / 2 : n;
  if (!product_shapes(m, n, k, epilogue.gated) || ceil_div(columns, kPlainTile) > 65535) return cudaErrorInvalidValue;
  if (m == 0 || n == 0) return cudaSuccess;
  const dim3 grid(uint32_t(ceil_div(m, kPlainTile)), uint32_t(ceil_div(columns, kPlainTile)));
  return launch(gemm_f32_kernel, grid, dim3(kPlainThreads), 0, ctx.stream, a, w, out, m, columns, k, epilogue);
}

}  // namespace refine::cuda
