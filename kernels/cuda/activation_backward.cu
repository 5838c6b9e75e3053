// See activation_backward.h.
#include "activation_backward.h"

#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = 256;

// act(x) and act'(x).
template <PointwiseKind kKind>
REFINE_DEVICE void activate_with_slope(float x, float& value, float& slope) {
  if constexpr (kKind == PointwiseKind::kGelu) {
    const float share = 0.5f * erfcf(-0.70710678118654752f * x);
    value = x * share;
    slope = share + x * 0.39894228040143268f * expf(-0.5f * x * x);
  } else if constexpr (kKind == PointwiseKind::kGeluTanh) {
    const float share = 1.0f / (1.0f + expf(-1.59576912160573071f * (x + 0.044715f * x * x * x)));
    value = x * share;
    slope = share + value * (1.0f - share) * 1.59576912160573071f * (1.0f + 0.134145f * x * x);
  } else if constexpr (kKind == PointwiseKind::kSilu) {
    const float share = 1.0f / (1.0f + expf(-x));
    value = x * share;
    slope = share + value * (1.0f - share);
  } else if constexpr (kKind == PointwiseKind::kTanh) {
    value = tanhf(x);
    slope = 1.0f - value * value;
  } else {
    value = activate<kKind>(x);
    slope = kKind == PointwiseKind::kNone || x > 0 ? 1.0f : 0.0f;
  }
}

template <class T, int kPack, PointwiseKind kKind>
__global__ void __launch_bounds__(kThreads) activate_backward_kernel(const T* x, const T* dout, T* dx, int64_t packs) {
  const int64_t pack = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (pack >= packs) return;
  float values[kPack], gradient[kPack];
  load_pack(values, x + pack * kPack);
  load_pack(gradient, dout + pack * kPack);
#pragma unroll
  for (int i = 0; i < kPack; ++i) {
    float value, slope;
    activate_with_slope<kKind>(values[i], value, slope);
    gradient[i] *= slope;
  }
  store_pack(dx + pack * kPack, gradient);
}

// A row is cut in slices of kThreads packs: blockIdx.x counts (row, slice).
template <class T, int kPack, PointwiseKind kKind>
__global__ void __launch_bounds__(kThreads) gate_backward_kernel(const T* gate, const T* up, int64_t stride, const T* dout, T* dgate, T* dup, int packs, int slices) {
  const int64_t row = blockIdx.x / uint32_t(slices);
  const int pack = int(blockIdx.x % uint32_t(slices)) * kThreads + int(threadIdx.x);
  if (pack >= packs) return;
  const int64_t place = row * stride + int64_t(pack) * kPack;
  float gates[kPack], ups[kPack], gradient[kPack];
  load_pack(gates, gate + place);
  load_pack(ups, up + place);
  load_pack(gradient, dout + (row * packs + pack) * kPack);
#pragma unroll
  for (int i = 0; i < kPack; ++i) {
    float value, slope;
    activate_with_slope<kKind>(gates[i], value, slope);
    gates[i] = gradient[i] * ups[i] * slope;
    ups[i] = gradient[i] * value;
  }
  store_pack(dgate + place, gates);
  store_pack(dup + place, ups);
}

template <class T, int kPack>
cudaError_t start_activate(const Context& ctx, PointwiseKind kind, const T* x, const T* dout, T* dx, int64_t count) {
  const int64_t packs = count / kPack, blocks = ceil_div(packs, kThreads);
  if (blocks > kMostBlocks) return cudaErrorInvalidValue;
  return with_kind(kind, [&](auto constant) { return launch(activate_backward_kernel<T, kPack, decltype(constant)::value>, dim3(uint32_t(blocks)), dim3(kThreads), 0, ctx.stream, x, dout, dx, packs); });
}

template <class T, int kPack>
cudaError_t start_gate(const Context& ctx, PointwiseKind kind, const T* gate, const T* up, int64_t stride, const T* dout, T* dgate, T* dup, int64_t rows, int64_t width) {
  const int64_t packs = width / kPack, slices = ceil_div(packs, kThreads);
  if (rows > kMostBlocks / slices) return cudaErrorInvalidValue;
  return with_kind(kind, [&](auto constant) {
    return launch(gate_backward_kernel<T, kPack, decltype(constant)::value>, dim3(uint32_t(rows * slices)), dim3(kThreads), 0, ctx.stream, gate, up, stride, dout, dgate, dup, int(packs), int(slices));
  });
}

}  // namespace

template <class T>
cudaError_t activate_backward(const Context& ctx, PointwiseKind kind, const T* x, const T* dout, T* dx, int64_t count) {
  if (count < 0) return cudaErrorInvalidValue;
  if (count == 0) return cudaSuccess;
  if (!x || !dout || !dx) return cudaErrorInvalidValue;
  return packs_fit(kPackOf<T>, {x, dout, dx}, {count}) ? start_activate<T, kPackOf<T>>(ctx, kind, x, dout, dx, count) : start_activate<T, 1>(ctx, kind, x, dout, dx, count);
}

template <class T>
cudaError_t gate_backward(const Context& ctx, PointwiseKind kind, const T* gate, const T* up, int64_t stride, const T* dout, T* dgate, T* dup, int64_t rows, int64_t width) {
  if (rows < 0 || width < 1 || width > (1 << 24) || stride < width) return cudaErrorInvalidValue;
  if (rows == 0) return cudaSuccess;
  if (!gate || !up || !dout || !dgate || !dup) return cudaErrorInvalidValue;
  return packs_fit(kPackOf<T>, {gate, up, dout, dgate, dup}, {width, stride}) ? start_gate<T, kPackOf<T>>(ctx, kind, gate, up, stride, dout, dgate, dup, rows, width)
                                                                              : start_gate<T, 1>(ctx, kind, gate, up, stride, dout, dgate, dup, rows, width);
}

template cudaError_t activate_backward<bf16>(const Context&, PointwiseKind, const bf16*, const bf16*, bf16*, int64_t);
template cudaError_t activate_backward<float>(const Context&, PointwiseKind, const float*, const float*, float*, int64_t);
template cudaError_t gate_backward<bf16>(const Context&, PointwiseKind, const bf16*, const bf16*, int64_t, const bf16*, bf16*, bf16*, int64_t, int64_t);
template cudaError_t gate_backward<float>(const Context&, PointwiseKind, const float*, const float*, int64_t, const float*, float*, float*, int64_t, int64_t);

}  // namespace refine::cuda
