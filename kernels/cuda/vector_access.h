// 16-byte accesses of bf16 and float rows for the kernels that move memory: a Pack is what one thread loads or stores at once.
// Packs are of 16 bytes where every pointer, stride and width allows (packs_fit), of one element otherwise: right and slow.
#pragma once
#include <cstdint>
#include <initializer_list>

#include "device.h"

namespace refine::cuda {

template <class T>
constexpr int kPackOf = int(16 / sizeof(T));  // elements of 16 bytes

template <class T, int kCount>
struct alignas(sizeof(T) * kCount) Pack {
  T values[kCount];
};

template <int kCount, class T>
REFINE_DEVICE void load_pack(float (&out)[kCount], const T* from) {
  const Pack<T, kCount> pack = *reinterpret_cast<const Pack<T, kCount>*>(from);
#pragma unroll
  for (int i = 0; i < kCount; ++i) out[i] = to_float(pack.values[i]);
}
// Weights of fp32 beside packs of eight bf16: two accesses.
template <int kCount>
REFINE_DEVICE void load_weights(float (&out)[kCount], const float* from) {
  constexpr int kStep = kCount < 4 ? kCount : 4;
#pragma unroll
  for (int start = 0; start < kCount; start += kStep) {
    const Pack<float, kStep> pack = *reinterpret_cast<const Pack<float, kStep>*>(from + start);
#pragma unroll
    for (int i = 0; i < kStep; ++i) out[start + i] = pack.values[i];
  }
}
template <int kCount, class T>
REFINE_DEVICE void store_pack(T* to, const float (&from)[kCount]) {
  if constexpr (sizeof(T) == 4 && kCount > 4) {
#pragma unroll
    for (int start = 0; start < kCount; start += 4) {
      Pack<T, 4> pack;
#pragma unroll
      for (int i = 0; i < 4; ++i) pack.values[i] = from_float<T>(from[start + i]);
      *reinterpret_cast<Pack<T, 4>*>(to + start) = pack;
    }
  } else {
    Pack<T, kCount> pack;
#pragma unroll
    for (int i = 0; i < kCount; ++i) pack.values[i] = from_float<T>(from[i]);
    *reinterpret_cast<Pack<T, kCount>*>(to) = pack;
  }
}

// Every number a multiple of `count` elements, every pointer (or nullptr) of 16 bytes.
inline bool packs_fit(int64_t count, std::initializer_list<const void*> pointers, std::initializer_list<int64_t> numbers) {
  for (const void* pointer : pointers)
    if (reinterpret_cast<uintptr_t>(pointer) % 16 != 0) return false;
  for (const int64_t number : numbers)
    if (number % count != 0) return false;
  return true;
}

REFINE_DEVICE float warp_sum(float value) {
#pragma unroll
  for (int other = 16; other > 0; other /= 2) value += __shfl_xor_sync(kAllLanes, value, other);
  return value;
}
// The sum over a block of whole warps, in one order, on every thread. `partial`: 32 floats of shared memory, free again after the caller's
// next barrier.
REFINE_DEVICE float block_sum(float value, float* partial) {
  value = warp_sum(value);
  if (threadIdx.x % kWarp == 0) partial[threadIdx.x / kWarp] = value;
  __syncthreads();
  const uint32_t lane = threadIdx.x % kWarp;
  return warp_sum(lane < blockDim.x / kWarp ? partial[lane] : 0.0f);
}

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t kMostBlocks = INT32_MAX;  // of a grid's x

}  // namespace refine::cuda
