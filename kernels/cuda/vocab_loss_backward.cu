// The backward of the fused vocabulary loss; see vocab_loss.h. A slice of 8,192 columns at a time: its logits once more, this time through a
// sink that writes their gradient d (T, slice) in bf16, then dx += d head (fp32) and dhead = d^T x by gemm_bf16_nn and _tn. The slice is
// a constant, so the order of sums, and with it every byte, depends on the shape alone.
// Operations: 6 T V C. Workspace: 2 T 8,192 + 4 T C bytes.
#include "gemm_hopper.h"
#include "vocab_loss.h"

namespace refine::cuda {
namespace {

constexpr int64_t kSlice = 8192;

// (e^(logit - log_sum) - [column is the target]) x gradient of the row, as bf16 pairs.
struct GradientSink {
  bf16* out;  // (t, n)
  const float *bias, *log_sum, *loss_gradient;
  const int32_t* targets;
  int64_t t;
  int32_t n, first;  // columns of the slice, and the vocabulary's id of its first

  static constexpr bool gated = false, rare = false;
  template <int kFragments>
  struct State {};
  template <int kFragments>
  REFINE_DEVICE void begin(State<kFragments>&) const {}
  template <int kFragments>
  REFINE_DEVICE void end(State<kFragments>&, int, int64_t, int32_t) const {}

  template <int kFragments, int kCount>
  REFINE_DEVICE void tile(State<kFragments>&, int, float (&sums)[kCount], int64_t row0, int64_t column0) const {
    const int lane = int(threadIdx.x) % 32;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t row = row0 + lane / 4 + 8 * half;
      if (row >= t) continue;
      const int32_t target = targets[row];
      const float sum = log_sum[row], by = target < 0 ? 0.0f : loss_gradient[row];
#pragma unroll
      for (int block = 0; block < kCount / 4; ++block) {
        const int32_t column = int32_t(column0) + 8 * block + lane % 4 * 2;
        float d[2] = {0, 0};
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          if (column + i >= n || target < 0) continue;
          const float logit = sums[4 * block + 2 * half + i] + (bias ? bias[column + i] : 0.0f);
          d[i] = (exp2_fast((logit - sum) * kLog2E) - (first + column + i == target ? 1.0f : 0.0f)) * by;
        }
        bf16* at = out + row * n + column;
        if (column + 1 < n && n % 2 == 0) store_pair(at, pack_bf16(d[0], d[1]));
        else {
          if (column < n) at[0] = to_bf16(d[0]);
          if (column + 1 < n) at[1] = to_bf16(d[1]);
        }
      }
    }
  }
  REFINE_DEVICE static void store_pair(void* to, uint32_t pair) {
#if defined(__CUDA_ARCH__)
    *reinterpret_cast<uint32_t*>(to) = pair;
#else
    __builtin_memcpy(to, &pair, 4);
#endif
  }
};

constexpr int kThreads = 256;
__global__ void __launch_bounds__(kThreads) narrow_kernel(const float* x, bf16* out, int64_t count) {
  const int64_t stride = int64_t(gridDim.x) * kThreads;
  for (int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x; i < count; i += stride) out[i] = to_bf16(x[i]);
}

size_t aligned(size_t bytes) { return (bytes + 255) / 256 * 256; }

}  // namespace

size_t vocab_loss_backward_workspace(int64_t t, int64_t c, int64_t v) { return aligned(size_t(t * (v < kSlice ? v : kSlice)) * 2) + aligned(size_t(t * c) * 4); }

cudaError_t vocab_loss_backward(const Context& ctx, const bf16* x, const bf16* head, const float* bias, const int32_t* targets, const float* log_sum, const float* loss_gradient, bf16* dx,
                                float* dhead, bool accumulate, int64_t t, int64_t c, int64_t v) {
  if (!product_shapes(t, v, c, false) || c == 0 || v == 0 || ctx.workspace_bytes < vocab_loss_backward_workspace(t, c, v)) return cudaErrorInvalidValue;
  const int64_t slice = v < kSlice ? v : kSlice;
  bf16* d = static_cast<bf16*>(ctx.workspace);
  float* wide = reinterpret_cast<float*>(static_cast<char*>(ctx.workspace) + aligned(size_t(t * slice) * 2));
  for (int64_t first = 0; first < v; first += slice) {
    const int64_t n = v - first < slice ? v - first : slice;
    const bf16* part = head + first * c;
    if (t > 0) {
      const GradientSink sink{d, bias ? bias + first : nullptr, log_sum, loss_gradient, targets, t, int32_t(n), int32_t(first)};
      const Operand rows{reinterpret_cast<const uint8_t*>(x), t, c * 2}, columns{reinterpret_cast<const uint8_t*>(part), n, c * 2};
      if (const cudaError_t error = launch_product<Bf16Product>(ctx, rows, columns, sink); error != cudaSuccess) return error;
      Epilogue<float> more;
      more.residual = first > 0 ? wide : nullptr;
      if (const cudaError_t error = gemm_bf16_nn(ctx, d, part, wide, t, c, n, more); error != cudaSuccess) return error;
    }
    Epilogue<float> more;
    more.residual = accumulate ? dhead + first * c : nullptr;
    if (const cudaError_t error = gemm_bf16_tn(ctx, d, x, dhead + first * c, n, c, t, more); error != cudaSuccess) return error;
  }
  const int64_t most = int64_t(ctx.multiprocessors) * 8, blocks = ceil_div(t * c, kThreads) < most ? ceil_div(t * c, kThreads) : most;
  return launch(narrow_kernel, dim3(uint32_t(blocks)), dim3(kThreads), 0, ctx.stream, wide, dx, t * c);
}

}  // namespace refine::cuda
