// quantise_rows; see quantise.h. A warp a row, eight numbers a lane and step where rows start at 16 bytes, one where they do not.
#include "quantise.h"

#include <cmath>

#include "gemm_epilogue.h"
#include "gemm_plan.h"

namespace refine::cuda {
namespace {

constexpr int kWarps = 8;

// kVector numbers from `from` on.
template <class T, int kVector>
REFINE_DEVICE void load_numbers(float (&x)[kVector], const T* from) {
  if constexpr (kVector == 1) x[0] = to_float(*from);
  else if constexpr (std::is_same_v<T, float>) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const Words4 words = load_words4(from + 4 * half);
#pragma unroll
      for (int i = 0; i < 4; ++i) x[4 * half + i] = float_of(words.word[i]);
    }
  } else {
    const Words4 words = load_words4(from);
#pragma unroll
    for (int i = 0; i < 4; ++i) x[2 * i] = low_bf16(words.word[i]), x[2 * i + 1] = high_bf16(words.word[i]);
  }
}

template <class T, int kVector>
__global__ void __launch_bounds__(kWarps* 32) quantise_kernel(const T* x, int8_t* q, float* scale, int64_t m, int64_t k) {
  const int64_t row = int64_t(blockIdx.x) * kWarps + threadIdx.x / 32;
  const int lane = int(threadIdx.x) % 32;
  if (row >= m) return;
  const T* from = x + row * k;
  int8_t* to = q + row * k;
  float top = 0;
  bool broken = false;
  for (int64_t at = int64_t(lane) * kVector; at < k; at += 32 * kVector) {
    float numbers[kVector];
    load_numbers<T, kVector>(numbers, from + at);
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      top = fmaxf(top, fabsf(numbers[i]));
      broken |= !(fabsf(numbers[i]) < INFINITY);
    }
  }
#pragma unroll
  for (int step = 16; step > 0; step /= 2) top = fmaxf(top, __shfl_xor_sync(kAllLanes, top, step));
  broken = __any_sync(kAllLanes, broken);
  const float by = broken || top < 1e-30f ? 0.0f : 127.0f / top;
  for (int64_t at = int64_t(lane) * kVector; at < k; at += 32 * kVector) {
    float numbers[kVector];
    load_numbers<T, kVector>(numbers, from + at);
    uint64_t packed = 0;
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      const int32_t whole = by == 0 ? 0 : int32_t(rintf(numbers[i] * by));
      packed |= uint64_t(uint8_t(int8_t(whole))) << (8 * i);
    }
    if constexpr (kVector == 1) to[at] = int8_t(uint8_t(packed));
    else {
#if defined(__CUDA_ARCH__)
      *reinterpret_cast<uint64_t*>(to + at) = packed;
#else
      __builtin_memcpy(to + at, &packed, 8);
#endif
    }
  }
  if (lane == 0) scale[row] = broken ? float_of(0x7fc00000u) : by == 0 ? 0.0f : top / 127.0f;
}

template <class T>
cudaError_t rows(const Context& ctx, const T* x, int8_t* q, float* scale, int64_t m, int64_t k) {
  if (!product_shapes(m, 0, k, false)) return cudaErrorInvalidValue;
  const dim3 grid(uint32_t(ceil_div(m, kWarps)));
  if (k % 8 == 0 && reinterpret_cast<uintptr_t>(x) % 16 == 0 && reinterpret_cast<uintptr_t>(q) % 8 == 0)
    return launch(quantise_kernel<T, 8>, grid, dim3(kWarps * 32), 0, ctx.stream, x, q, scale, m, k);
  return launch(quantise_kernel<T, 1>, grid, dim3(kWarps * 32), 0, ctx.stream, x, q, scale, m, k);
}

}  // namespace

cudaError_t quantise_rows(const Context& ctx, const bf16* x, int8_t* q, float* scale, int64_t m, int64_t k) { return rows(ctx, x, q, scale, m, k); }
cudaError_t quantise_rows(const Context& ctx, const float* x, int8_t* q, float* scale, int64_t m, int64_t k) { return rows(ctx, x, q, scale, m, k); }

}  // namespace refine::cuda
