// See embed_backward.h. A thread owns a pack of channels of one id and walks that id's rows.
#include "embed_backward.h"

#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = 128;

template <class T, int kPack>
__global__ void __launch_bounds__(kThreads) embed_backward_kernel(const T* __restrict__ dout, const int32_t* __restrict__ order, const int32_t* __restrict__ starts, const uint32_t* __restrict__ ids,
                                                                  float* __restrict__ dtable, int64_t vocab, int64_t channels) {
  const int64_t entry = blockIdx.x, column = (int64_t(blockIdx.y) * kThreads + threadIdx.x) * kPack, id = ids[entry];
  if (column >= channels || id >= vocab) return;
  float* const place = dtable + id * channels + column;
  float sum[kPack];
  load_weights(sum, place);
#pragma unroll 4
  for (int32_t i = starts[entry]; i < starts[entry + 1]; ++i) {
    float x[kPack];
    load_pack(x, dout + int64_t(order[i]) * channels + column);
#pragma unroll
    for (int j = 0; j < kPack; ++j) sum[j] += x[j];
  }
  store_pack(place, sum);
}

template <class T, int kPack>
cudaError_t start(const Context& ctx, const T* dout, const int32_t* order, const int32_t* starts, const uint32_t* ids, int64_t distinct, float* dtable, int64_t vocab, int64_t channels) {
  return launch(embed_backward_kernel<T, kPack>, dim3(uint32_t(distinct), uint32_t(ceil_div(channels / kPack, kThreads))), dim3(kThreads), 0, ctx.stream, dout, order, starts, ids, dtable, vocab, channels);
}

}  // namespace

template <class T>
cudaError_t embed_backward(const Context& ctx, const T* dout, const int32_t* order, const int32_t* starts, const uint32_t* ids, int64_t distinct, float* dtable, int64_t vocab, int64_t channels) {
  if (distinct < 0 || distinct > kMostBlocks || vocab < 0 || channels < 1 || channels > 1 << 20) return cudaErrorInvalidValue;
  if (distinct == 0) return cudaSuccess;
  if (!dout || !order || !starts || !ids || !dtable) return cudaErrorInvalidValue;
  return packs_fit(kPackOf<T>, {dout, dtable}, {channels}) ? start<T, kPackOf<T>>(ctx, dout, order, starts, ids, distinct, dtable, vocab, channels)
                                                           : start<T, 1>(ctx, dout, order, starts, ids, distinct, dtable, vocab, channels);
}
template cudaError_t embed_backward<bf16>(const Context&, const bf16*, const int32_t*, const int32_t*, const uint32_t*, int64_t, float*, int64_t, int64_t);
template cudaError_t embed_backward<float>(const Context&, const float*, const int32_t*, const int32_t*, const uint32_t*, int64_t, float*, int64_t, int64_t);

}  // namespace refine::cuda
