// See pool.h. A block owns one document and 32 packs of channels: eight rows of threads walk every eighth row of the document, and
// their eight results meet in shared memory in order, whatever the card.
#include "pool.h"

#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kWalkers = 8;

template <class T, class Out, int kPack>
__global__ void __launch_bounds__(kWarp* kWalkers) pool_kernel(const T* __restrict__ hidden, const int32_t* __restrict__ offsets, PoolKind kind, Out* __restrict__ out, int channels) {
  __shared__ float parts[kWalkers][kWarp][kPack + 1];  // + 1: a warp's writes meet all banks
  const int64_t document = blockIdx.x;
  const int lane = int(threadIdx.x % kWarp), walker = int(threadIdx.x / kWarp), column = (int(blockIdx.y) * int(kWarp) + lane) * kPack;
  const int64_t begin = offsets[document], length = offsets[document + 1] - begin, rows = kind == PoolKind::kCls && length > 0 ? 1 : length;
  const bool largest = kind == PoolKind::kMax;
  float sum[kPack];
#pragma unroll
  for (int i = 0; i < kPack; ++i) sum[i] = largest ? float_of(0xff800000u) : 0.0f;  // -inf
  if (column < channels) {
#pragma unroll 4
    for (int64_t row = walker; row < rows; row += kWalkers) {
      float x[kPack];
      load_pack(x, hidden + (begin + row) * channels + column);
#pragma unroll
      for (int i = 0; i < kPack; ++i) sum[i] = largest ? (x[i] > sum[i] || x[i] != x[i] ? x[i] : sum[i]) : sum[i] + x[i];  // a NaN shows
    }
  }
#pragma unroll
  for (int i = 0; i < kPack; ++i) parts[walker][lane][i] = sum[i];
  __syncthreads();
  if (walker != 0 || column >= channels) return;
#pragma unroll
  for (int i = 0; i < kPack; ++i) {
    float total = parts[0][lane][i];
    for (int other = 1; other < kWalkers; ++other) {
      const float value = parts[other][lane][i];
      total = largest ? (value > total || value != value ? value : total) : total + value;
    }
    sum[i] = length == 0 ? 0.0f : kind == PoolKind::kMean ? total / float(length) : total;
  }
  store_pack(out + document * channels + column, sum);
}

// A warp owns a row.
template <class T>
__global__ void __launch_bounds__(128) l2_kernel(T* x, int64_t rows, int width) {
  const int64_t row = int64_t(blockIdx.x) * 4 + threadIdx.x / kWarp;
  if (row >= rows) return;
  const int lane = int(threadIdx.x % kWarp);
  T* const own = x + row * width;
  float squares = 0;
  for (int column = lane; column < width; column += int(kWarp)) squares += to_float(own[column]) * to_float(own[column]);
  const float length = fmaxf(sqrtf(warp_sum(squares)), 1e-12f);
  for (int column = lane; column < width; column += int(kWarp)) own[column] = from_float<T>(to_float(own[column]) / length);
}

template <class T, class Out, int kPack>
cudaError_t start(const Context& ctx, const T* hidden, const int32_t* offsets, PoolKind kind, Out* out, int64_t documents, int64_t channels) {
  return launch(pool_kernel<T, Out, kPack>, dim3(uint32_t(documents), uint32_t(ceil_div(channels / kPack, kWarp))), dim3(kWarp * kWalkers), 0, ctx.stream, hidden, offsets, kind, out, int(channels));
}

}  // namespace

template <class T, class Out>
cudaError_t pool(const Context& ctx, const T* hidden, const int32_t* offsets, PoolKind kind, Out* out, int64_t documents, int64_t channels) {
  if (documents < 0 || documents > kMostBlocks || channels < 1 || channels > (1 << 20)) return cudaErrorInvalidValue;
  if (documents == 0) return cudaSuccess;
  if (!offsets || !out) return cudaErrorInvalidValue;  // hidden may be nullptr where no document has a row
  return packs_fit(kPackOf<T>, {hidden, out}, {channels}) ? start<T, Out, kPackOf<T>>(ctx, hidden, offsets, kind, out, documents, channels)
                                                          : start<T, Out, 1>(ctx, hidden, offsets, kind, out, documents, channels);
}

template <class T>
cudaError_t l2_rows(const Context& ctx, T* x, int64_t rows, int64_t width) {
  if (rows < 0 || ceil_div(rows, 4) > kMostBlocks || width < 1 || width > (1 << 24)) return cudaErrorInvalidValue;
  if (rows == 0) return cudaSuccess;
  if (!x) return cudaErrorInvalidValue;
  return launch(l2_kernel<T>, dim3(uint32_t(ceil_div(rows, 4))), dim3(128), 0, ctx.stream, x, rows, int(width));
}

template cudaError_t pool<float, float>(const Context&, const float*, const int32_t*, PoolKind, float*, int64_t, int64_t);
template cudaError_t pool<bf16, float>(const Context&, const bf16*, const int32_t*, PoolKind, float*, int64_t, int64_t);
template cudaError_t pool<bf16, bf16>(const Context&, const bf16*, const int32_t*, PoolKind, bf16*, int64_t, int64_t);
template cudaError_t l2_rows<float>(const Context&, float*, int64_t, int64_t);
template cudaError_t l2_rows<bf16>(const Context&, bf16*, int64_t, int64_t);

}  // namespace refine::cuda
