// The backward of the vocabulary loss on the parity path; see vocab_loss.h. A slice of 2,048 columns at a time: logits by gemm_f32, their
// gradient in place, then dx and dhead by gemm_f32_nn and _tn. The slice is a constant, so sums have one order.
#include "gemm.h"
#include "gemm_plan.h"
#include "vocab_loss.h"

namespace refine::cuda {
namespace {

constexpr int64_t kSlice = 2048;
constexpr int kThreads = 256;

// d (t, n): logits of the columns first .. first + n - 1, which become (softmax - [column is the target]) x gradient of the row.
__global__ void __launch_bounds__(kThreads) loss_gradient_kernel(float* d, const float* log_sum, const float* loss_gradient, const int32_t* targets, int64_t t, int64_t n, int64_t first) {
  const int64_t at = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (at >= t * n) return;
  const int64_t row = at / n, column = first + at % n;
  const int32_t target = targets[row];
  d[at] = target < 0 ? 0.0f : (expf(d[at] - log_sum[row]) - (column == target ? 1.0f : 0.0f)) * loss_gradient[row];
}

}  // namespace

size_t vocab_loss_backward_f32_workspace(int64_t t, int64_t v) { return size_t(t) * size_t(v < kSlice ? v : kSlice) * sizeof(float); }

cudaError_t vocab_loss_backward(const Context& ctx, const float* x, const float* head, const float* bias, const int32_t* targets, const float* log_sum, const float* loss_gradient, float* dx,
                                float* dhead, bool accumulate, int64_t t, int64_t c, int64_t v) {
  if (!product_shapes(t, v, c, false) || c == 0 || v == 0 || ctx.workspace_bytes < vocab_loss_backward_f32_workspace(t, v)) return cudaErrorInvalidValue;
  float* const d = static_cast<float*>(ctx.workspace);
  for (int64_t first = 0; first < v; first += kSlice) {
    const int64_t n = v - first < kSlice ? v - first : kSlice;
    if (ceil_div(t * n, kThreads) > INT32_MAX) return cudaErrorInvalidValue;
    Epilogue<float> logits, more;
    logits.bias = bias ? bias + first : nullptr;
    if (const cudaError_t error = gemm_f32(ctx, x, head + first * c, d, t, n, c, logits); error != cudaSuccess) return error;
    if (const cudaError_t error = launch(loss_gradient_kernel, dim3(uint32_t(ceil_div(t * n, kThreads))), dim3(kThreads), 0, ctx.stream, d, log_sum, loss_gradient, targets, t, n, first);
        error != cudaSuccess)
      return error;
    more.residual = first > 0 ? dx : nullptr;
    if (const cudaError_t error = gemm_f32_nn(ctx, d, head + first * c, dx, t, c, n, more); error != cudaSuccess) return error;
    more.residual = accumulate ? dhead + first * c : nullptr;
    if (const cudaError_t error = gemm_f32_tn(ctx, d, x, dhead + first * c, n, c, t, more); error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

}  // namespace refine::cuda
