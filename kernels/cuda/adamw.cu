// See adamw.h.
#include "adamw.h"

#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kPart = 8192;  // numbers of one partial sum

template <class G, int kPack>
__global__ void __launch_bounds__(kThreads) adamw_kernel(AdamwStep step, float* __restrict__ weight, float* __restrict__ first, float* __restrict__ second, const G* __restrict__ gradient,
                                                         const float* __restrict__ gradient_scale, bf16* __restrict__ copy, int64_t packs) {
  const int64_t pack = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (pack >= packs) return;
  const float scale = gradient_scale ? *gradient_scale : 1.0f;
  if (!(fabsf(scale) <= 3.4e38f)) return;  // the step is skipped
  const int64_t start = pack * kPack;
  float w[kPack], m[kPack], v[kPack], g[kPack];
  load_weights(w, weight + start);
  load_weights(m, first + start);
  load_weights(v, second + start);
  if constexpr (sizeof(G) == 4) load_weights(g, gradient + start);
  else load_pack(g, gradient + start);
  const float keep = 1.0f - step.rate * step.decay, rate = step.rate * step.correction1;
#pragma unroll
  for (int i = 0; i < kPack; ++i) {
    const float grad = g[i] * scale;
    m[i] = m[i] * step.beta1 + grad * (1.0f - step.beta1);
    v[i] = v[i] * step.beta2 + grad * grad * (1.0f - step.beta2);
    w[i] = w[i] * keep - rate * m[i] / (sqrtf(v[i] * step.correction2) + step.epsilon);
  }
  store_pack(weight + start, w);
  store_pack(first + start, m);
  store_pack(second + start, v);
  if (copy) store_pack(copy + start, w);
}

template <class G, int kPack>
cudaError_t start(const Context& ctx, const AdamwStep& step, float* weight, float* first, float* second, const G* gradient, const float* scale, bf16* copy, int64_t count) {
  const int64_t packs = count / kPack, blocks = ceil_div(packs, kThreads);
  if (blocks > kMostBlocks) return cudaErrorInvalidValue;
  return launch(adamw_kernel<G, kPack>, dim3(uint32_t(blocks)), dim3(kThreads), 0, ctx.stream, step, weight, first, second, gradient, scale, copy, packs);
}

// Thread t of a block adds the packs t, t + 256, ... of its part; the tail of the last part goes by single numbers after them.
template <class G, int kPack>
__global__ void __launch_bounds__(kThreads) squares_kernel(const G* __restrict__ x, int64_t count, float* __restrict__ partials) {
  __shared__ float partial[kWarp];
  const int64_t begin = int64_t(blockIdx.x) * kPart, end = begin + kPart < count ? begin + kPart : count;
  float sum = 0;
#pragma unroll 4
  for (int64_t start = begin + int64_t(threadIdx.x) * kPack; start + kPack <= end; start += int64_t(kThreads) * kPack) {
    float values[kPack];
    load_pack(values, x + start);
#pragma unroll
    for (int i = 0; i < kPack; ++i) sum += values[i] * values[i];
  }
  const int64_t tail = begin + (end - begin) / kPack * kPack + threadIdx.x;
  if (tail < end) sum += to_float(x[tail]) * to_float(x[tail]);
  sum = block_sum(sum, partial);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

__global__ void __launch_bounds__(kThreads) add_partials_kernel(const float* __restrict__ partials, int64_t count, double* sum, bool add) {
  __shared__ double parts[kThreads];
  double own = 0;
  for (int64_t i = threadIdx.x; i < count; i += kThreads) own += double(partials[i]);
  parts[threadIdx.x] = own;
  __syncthreads();
  if (threadIdx.x != 0) return;
  double total = 0;
  for (int i = 0; i < kThreads; ++i) total += parts[i];
  *sum = add ? *sum + total : total;
}

__global__ void clip_scale_kernel(const double* sum, float limit, float* scale, float* norm) {
  const double length = sqrt(*sum);
  if (norm) *norm = float(length);
  *scale = !(length <= 1.7e308) ? float_of(0x7fc00000u) : limit > 0 && length > double(limit) ? float(double(limit) / length) : 1.0f;
}

}  // namespace

template <class G>
cudaError_t adamw(const Context& ctx, const AdamwStep& step, float* weight, float* first, float* second, const G* gradient, const float* gradient_scale, bf16* copy, int64_t count) {
  if (count < 0) return cudaErrorInvalidValue;
  if (count == 0) return cudaSuccess;
  if (!weight || !first || !second || !gradient) return cudaErrorInvalidValue;
  constexpr int kPack = 4;  // 16 bytes of every fp32 array, 8 of the bf16 ones
  return packs_fit(kPack, {weight, first, second, gradient, copy}, {count}) ? start<G, kPack>(ctx, step, weight, first, second, gradient, gradient_scale, copy, count)
                                                                            : start<G, 1>(ctx, step, weight, first, second, gradient, gradient_scale, copy, count);
}

int64_t squared_sum_partials(int64_t count) { return ceil_div(count, kPart); }

template <class G>
cudaError_t squared_sum(const Context& ctx, const G* x, int64_t count, float* partials, double* sum, bool add) {
  const int64_t blocks = squared_sum_partials(count);
  if (count < 0 || blocks > kMostBlocks || !sum || (count > 0 && (!x || !partials))) return cudaErrorInvalidValue;
  const bool packed = packs_fit(kPackOf<G>, {x}, {});
  const cudaError_t error = packed ? launch(squares_kernel<G, kPackOf<G>>, dim3(uint32_t(blocks)), dim3(kThreads), 0, ctx.stream, x, count, partials)
                                   : launch(squares_kernel<G, 1>, dim3(uint32_t(blocks)), dim3(kThreads), 0, ctx.stream, x, count, partials);
  if (error != cudaSuccess) return error;
  return launch(add_partials_kernel, dim3(1), dim3(kThreads), 0, ctx.stream, partials, blocks, sum, add);
}

cudaError_t clip_scale(const Context& ctx, const double* sum, float limit, float* scale, float* norm) {
  if (!sum || !scale) return cudaErrorInvalidValue;
  return launch(clip_scale_kernel, dim3(1), dim3(1), 0, ctx.stream, sum, limit, scale, norm);
}

template cudaError_t adamw<bf16>(const Context&, const AdamwStep&, float*, float*, float*, const bf16*, const float*, bf16*, int64_t);
template cudaError_t adamw<float>(const Context&, const AdamwStep&, float*, float*, float*, const float*, const float*, bf16*, int64_t);
template cudaError_t squared_sum<bf16>(const Context&, const bf16*, int64_t, float*, double*, bool);
template cudaError_t squared_sum<float>(const Context&, const float*, int64_t, float*, double*, bool);

}  // namespace refine::cuda
