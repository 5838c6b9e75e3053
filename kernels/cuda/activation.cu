// See activation.h. A thread takes two packs, a block apart, loaded before either is used.
#include "activation.h"

#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = 256, kEach = 2;

template <class T, int kPack, PointwiseKind kKind>
__global__ void __launch_bounds__(kThreads) activate_kernel(const T* x, T* out, int64_t packs) {
  const int64_t first = int64_t(blockIdx.x) * kThreads * kEach + threadIdx.x;
  float values[kEach][kPack];
#pragma unroll
  for (int slot = 0; slot < kEach; ++slot)
    if (first + slot * kThreads < packs) load_pack(values[slot], x + (first + slot * kThreads) * kPack);
#pragma unroll
  for (int slot = 0; slot < kEach; ++slot) {
    if (first + slot * kThreads >= packs) continue;
#pragma unroll
    for (int i = 0; i < kPack; ++i) values[slot][i] = activate_as<T, kKind>(values[slot][i]);
    store_pack(out + (first + slot * kThreads) * kPack, values[slot]);
  }
}

// A row is cut in slices of kThreads * kEach packs: blockIdx.x counts (row, slice).
template <class T, int kPack, PointwiseKind kKind>
__global__ void __launch_bounds__(kThreads) gate_kernel(const T* __restrict__ gate, const T* __restrict__ up, int64_t stride, T* __restrict__ out, int packs, int slices) {
  const int64_t row = blockIdx.x / uint32_t(slices);
  const int first = int(blockIdx.x % uint32_t(slices)) * kThreads * kEach + int(threadIdx.x);
  float values[kEach][kPack], other[kEach][kPack];
#pragma unroll
  for (int slot = 0; slot < kEach; ++slot) {
    const int pack = first + slot * kThreads;
    if (pack >= packs) continue;
    load_pack(values[slot], gate + row * stride + int64_t(pack) * kPack);
    load_pack(other[slot], up + row * stride + int64_t(pack) * kPack);
  }
#pragma unroll
  for (int slot = 0; slot < kEach; ++slot) {
    const int pack = first + slot * kThreads;
    if (pack >= packs) continue;
#pragma unroll
    for (int i = 0; i < kPack; ++i) values[slot][i] = activate_as<T, kKind>(values[slot][i]) * other[slot][i];
    store_pack(out + (row * packs + pack) * kPack, values[slot]);
  }
}

template <class T, int kPack>
__global__ void __launch_bounds__(kThreads) clip_kernel(T* x, int64_t stride, int packs, int slices, float bound) {
  const int64_t row = blockIdx.x / uint32_t(slices);
  const int pack = int(blockIdx.x % uint32_t(slices)) * kThreads + int(threadIdx.x);
  if (pack >= packs) return;
  float values[kPack];
  T* const place = x + row * stride + int64_t(pack) * kPack;
  load_pack(values, place);
#pragma unroll
  for (int i = 0; i < kPack; ++i) values[i] = values[i] < -bound ? -bound : values[i] > bound ? bound : values[i];  // a NaN stays
  store_pack(place, values);
}

template <class T, int kPack>
cudaError_t start_activate(const Context& ctx, PointwiseKind kind, const T* x, T* out, int64_t count) {
  const int64_t packs = count / kPack, blocks = ceil_div(packs, kThreads * kEach);
  if (blocks > kMostBlocks) return cudaErrorInvalidValue;
  return with_kind(kind, [&](auto constant) { return launch(activate_kernel<T, kPack, decltype(constant)::value>, dim3(uint32_t(blocks)), dim3(kThreads), 0, ctx.stream, x, out, packs); });
}

template <class T, int kPack>
cudaError_t start_gate(const Context& ctx, PointwiseKind kind, const T* gate, const T* up, int64_t stride, T* out, int64_t rows, int64_t width) {
  const int64_t packs = width / kPack, slices = ceil_div(packs, kThreads * kEach);
  if (rows > kMostBlocks / slices) return cudaErrorInvalidValue;
  return with_kind(kind, [&](auto constant) {
    return launch(gate_kernel<T, kPack, decltype(constant)::value>, dim3(uint32_t(rows * slices)), dim3(kThreads), 0, ctx.stream, gate, up, stride, out, int(packs), int(slices));
  });
}

template <class T, int kPack>
cudaError_t start_clip(const Context& ctx, T* x, int64_t rows, int64_t width, int64_t stride, float bound) {
  const int64_t packs = width / kPack, slices = ceil_div(packs, kThreads);
  if (rows > kMostBlocks / slices) return cudaErrorInvalidValue;
  return launch(clip_kernel<T, kPack>, dim3(uint32_t(rows * slices)), dim3(kThreads), 0, ctx.stream, x, stride, int(packs), int(slices), bound);
}

}  // namespace

template <class T>
cudaError_t activate_rows(const Context& ctx, PointwiseKind kind, const T* x, T* out, int64_t count) {
  if (count < 0) return cudaErrorInvalidValue;
  if (count == 0) return cudaSuccess;
  if (!x || !out) return cudaErrorInvalidValue;
  return packs_fit(kPackOf<T>, {x, out}, {count}) ? start_activate<T, kPackOf<T>>(ctx, kind, x, out, count) : start_activate<T, 1>(ctx, kind, x, out, count);
}

template <class T>
cudaError_t gate_rows(const Context& ctx, PointwiseKind kind, const T* gate, const T* up, int64_t stride, T* out, int64_t rows, int64_t width) {
  if (rows < 0 || width < 1 || width > (1 << 24) || stride < width) return cudaErrorInvalidValue;
  if (rows == 0) return cudaSuccess;
  if (!gate || !up || !out) return cudaErrorInvalidValue;
  return packs_fit(kPackOf<T>, {gate, up, out}, {width, stride}) ? start_gate<T, kPackOf<T>>(ctx, kind, gate, up, stride, out, rows, width)
                                                                 : start_gate<T, 1>(ctx, kind, gate, up, stride, out, rows, width);
}

template <class T>
cudaError_t clip_rows(const Context& ctx, T* x, int64_t rows, int64_t width, int64_t stride, float bound) {
  if (rows < 0 || width < 1 || width > (1 << 24) || stride < width || !(bound > 0)) return cudaErrorInvalidValue;
  if (rows == 0) return cudaSuccess;
  if (!x) return cudaErrorInvalidValue;
  return packs_fit(kPackOf<T>, {x}, {width, stride}) ? start_clip<T, kPackOf<T>>(ctx, x, rows, width, stride, bound) : start_clip<T, 1>(ctx, x, rows, width, stride, bound);
}

template cudaError_t activate_rows<bf16>(const Context&, PointwiseKind, const bf16*, bf16*, int64_t);
template cudaError_t activate_rows<float>(const Context&, PointwiseKind, const float*, float*, int64_t);
template cudaError_t gate_rows<bf16>(const Context&, PointwiseKind, const bf16*, const bf16*, int64_t, bf16*, int64_t, int64_t);
template cudaError_t gate_rows<float>(const Context&, PointwiseKind, const float*, const float*, int64_t, float*, int64_t, int64_t);
template cudaError_t clip_rows<bf16>(const Context&, bf16*, int64_t, int64_t, int64_t, float);
template cudaError_t clip_rows<float>(const Context&, float*, int64_t, int64_t, int64_t, float);

}  // namespace refine::cuda
