// See norms.h. A row of up to 1,024 bf16 is a warp's (four rows a block), a wider one a block's of as many warps as its packs fill, with
// kSlots packs a thread: neighbouring threads hold neighbouring packs, so every access is coalesced and all loads of a row are in flight
// before the first sum.
#include "norms.h"

#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kWarpRows = 4;  // rows of a block where a warp owns a row

template <class T, int kPack, int kSlots, bool kMean, bool kWarpRow>
__global__ void __launch_bounds__(kWarpRow ? 128 : 1024) norm_kernel(NormRows<T> call) {
  __shared__ float partial[2][kWarp];
  const int64_t row = kWarpRow ? int64_t(blockIdx.x) * kWarpRows + threadIdx.x / kWarp : int64_t(blockIdx.x);
  if (row >= call.rows) return;  // whole warps, and no barrier is met where a warp owns a row
  const int thread = kWarpRow ? int(threadIdx.x % kWarp) : int(threadIdx.x), threads = kWarpRow ? int(kWarp) : int(blockDim.x);
  const int width = int(call.width);
  float x[kSlots][kPack];
#pragma unroll
  for (int slot = 0; slot < kSlots; ++slot) {
    const int column = (slot * threads + thread) * kPack;
    if (column < width) {
      load_pack(x[slot], call.x + row * call.x_stride + column);
    } else {
#pragma unroll
      for (int i = 0; i < kPack; ++i) x[slot][i] = 0;
    }
  }
  if (call.before) {
#pragma unroll
    for (int slot = 0; slot < kSlots; ++slot) {
      const int column = (slot * threads + thread) * kPack;
      if (column >= width) continue;
      float before[kPack];
      load_pack(before, call.before + row * width + column);
#pragma unroll
      for (int i = 0; i < kPack; ++i) x[slot][i] += before[i];
    }
  }
  if (call.sum) {
#pragma unroll
    for (int slot = 0; slot < kSlots; ++slot) {
      const int column = (slot * threads + thread) * kPack;
      if (column >= width) continue;
      store_pack(call.sum + row * width + column, x[slot]);
#pragma unroll
      for (int i = 0; i < kPack; ++i) x[slot][i] = to_float(from_float<T>(x[slot][i]));
    }
  }
  const auto total = [&](float value, int which) { return kWarpRow ? warp_sum(value) : block_sum(value, partial[which]); };
  float mean = 0;
  if constexpr (kMean) {
    float sum = 0;
#pragma unroll
    for (int slot = 0; slot < kSlots; ++slot)
#pragma unroll
      for (int i = 0; i < kPack; ++i) sum += x[slot][i];
    mean = total(sum, 0) / float(width);
  }
  float squares = 0;
#pragma unroll
  for (int slot = 0; slot < kSlots; ++slot) {
    const bool inside = (slot * threads + thread) * kPack < width;
#pragma unroll
    for (int i = 0; i < kPack; ++i) {
      x[slot][i] -= mean;
      if (inside) squares += x[slot][i] * x[slot][i];
    }
  }
  const float inverse = 1.0f / sqrtf(total(squares, 1) / float(width) + call.epsilon);
  if (thread == 0) {
    if (call.mean) call.mean[row] = mean;
    if (call.inverse) call.inverse[row] = inverse;
  }
#pragma unroll
  for (int slot = 0; slot < kSlots; ++slot) {
    const int column = (slot * threads + thread) * kPack;
    if (column >= width) continue;
#pragma unroll
    for (int i = 0; i < kPack; ++i) x[slot][i] *= inverse;
    float other[kPack];
    if (call.weight) {
      load_weights(other, call.weight + column);
#pragma unroll
      for (int i = 0; i < kPack; ++i) x[slot][i] *= other[i];
    }
    if (call.bias) {
      load_weights(other, call.bias + column);
#pragma unroll
      for (int i = 0; i < kPack; ++i) x[slot][i] += other[i];
    }
    if (call.after) {
      load_pack(other, call.after + row * width + column);
#pragma unroll
      for (int i = 0; i < kPack; ++i) x[slot][i] += other[i];
    }
    store_pack(call.out + row * call.out_stride + column, x[slot]);
  }
}

template <class T, int kPack, int kSlots, bool kMean, bool kWarpRow>
cudaError_t start(const Context& ctx, const NormRows<T>& call) {
  const int64_t packs = ceil_div(call.width, kPack);
  const uint32_t threads = kWarpRow ? kWarpRows * kWarp : uint32_t(ceil_div(ceil_div(packs, kSlots), kWarp) * kWarp);
  return launch(norm_kernel<T, kPack, kSlots, kMean, kWarpRow>, dim3(uint32_t(kWarpRow ? ceil_div(call.rows, kWarpRows) : call.rows)), dim3(threads), 0, ctx.stream, call);
}

template <class T, bool kMean>
cudaError_t norm(const Context& ctx, NormRows<T> call) {
  if (call.x_stride == 0) call.x_stride = call.width;
  if (call.out_stride == 0) call.out_stride = call.width;
  if (call.rows < 0 || call.rows > kMostBlocks || call.width < 1 || call.width > 16384 || call.x_stride < call.width || call.out_stride < call.width) return cudaErrorInvalidValue;
  if (call.rows == 0) return cudaSuccess;
  if (!call.x || !call.out) return cudaErrorInvalidValue;
  constexpr int kPack = kPackOf<T>;
  if (!packs_fit(kPack, {call.x, call.out, call.before, call.sum, call.after, call.weight, call.bias}, {call.width, call.x_stride, call.out_stride}))
    return call.width <= 4096 ? start<T, 1, 4, kMean, false>(ctx, call) : start<T, 1, 16, kMean, false>(ctx, call);
  const int64_t packs = call.width / kPack;
  if (packs <= 32) return start<T, kPack, 1, kMean, true>(ctx, call);
  if (packs <= 64) return start<T, kPack, 2, kMean, true>(ctx, call);
  if (packs <= 128) return start<T, kPack, 4, kMean, true>(ctx, call);
  if (packs <= 2048) return start<T, kPack, 2, kMean, false>(ctx, call);
  return start<T, kPack, 4, kMean, false>(ctx, call);
}

}  // namespace

template <class T>
cudaError_t layer_norm(const Context& ctx, const NormRows<T>& call) {
  return norm<T, true>(ctx, call);
}
template <class T>
cudaError_t rms_norm(const Context& ctx, const NormRows<T>& call) {
  return norm<T, false>(ctx, call);
}
template cudaError_t layer_norm<bf16>(const Context&, const NormRows<bf16>&);
template cudaError_t layer_norm<float>(const Context&, const NormRows<float>&);
template cudaError_t rms_norm<bf16>(const Context&, const NormRows<bf16>&);
template cudaError_t rms_norm<float>(const Context&, const NormRows<float>&);

}  // namespace refine::cuda
