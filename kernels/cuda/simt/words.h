// CUDA's words for g++: what a kernel's source says (threadIdx, __shared__, barriers, shuffles, intrinsics) in terms of the emulator's
// fibers. One block runs at a time, so a __shared__ array is a static one.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "vectors.h"
#include "host.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static
#define __constant__ static
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

// The running thread's coordinates: the scheduler sets them at every switch.
inline uint3 threadIdx{}, blockIdx{};
inline dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace refine::cuda::simt {

// Ends the launch with an error that names kernel, block and thread; a test reads it by error_of(), anybody else's process aborts.
[[noreturn]] void fault(const char* format, ...) __attribute__((format(printf, 1, 2)));

void sync_block();                                          // __syncthreads
int sync_block_count(int predicate);                        // how many threads' predicate held
void sync_named(int id, int threads, bool wait);            // barrier.sync, barrier.arrive
void sync_warp(uint32_t mask);                              // __syncwarp: orders shared memory among the lanes
void* dynamic_shared_base();

// The lanes of `mask` meet; the last to come runs `act` once with every lane's `slot` (null outside the mask).
void meet_warp(const char* what, uint32_t mask, void* slot, void (*act)(void* const (&slots)[32], uint32_t mask, const void* with), const void* with);
uint32_t lane();
uint32_t live_lanes();  // __activemask: the emulator runs lanes apart, so only the caller's own bit is certain

enum class Exchange { kIndex, kUp, kDown, kXor };
struct ShuffleSlot {
  uint64_t value;
  uint32_t operand;
  uint32_t width;
};
uint64_t shuffle(Exchange exchange, uint32_t mask, uint64_t bits, uint32_t operand, uint32_t width);
uint32_t ballot(uint32_t mask, bool predicate);
uint32_t reduce_lanes(uint32_t mask, uint32_t value, char operation);  // '+', '<', '>', '&', '|', '^' on unsigned; 's', 'S' signed minimum, maximum
void pause();                                               // lets another thread run (__nanosleep)

template <class T>
T shuffled(Exchange exchange, uint32_t mask, T value, uint32_t operand, int width) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 32 or 64 bits");
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = shuffle(exchange, mask, bits, operand, uint32_t(width));
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace refine::cuda::simt

inline void __syncthreads() { refine::cuda::simt::sync_block(); }
inline int __syncthreads_count(int predicate) { return refine::cuda::simt::sync_block_count(predicate); }
inline int __syncthreads_or(int predicate) { return refine::cuda::simt::sync_block_count(predicate) != 0; }
inline int __syncthreads_and(int predicate) { return refine::cuda::simt::sync_block_count(predicate == 0) == 0; }
inline void __syncwarp(unsigned mask = 0xffffffffu) { refine::cuda::simt::sync_warp(mask); }
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __nanosleep(unsigned) { refine::cuda::simt::pause(); }
[[noreturn]] inline void __trap() { refine::cuda::simt::fault("__trap()"); }
inline unsigned __activemask() { return refine::cuda::simt::live_lanes(); }

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  return refine::cuda::simt::shuffled(refine::cuda::simt::Exchange::kIndex, mask, value, uint32_t(source), width);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return refine::cuda::simt::shuffled(refine::cuda::simt::Exchange::kUp, mask, value, delta, width);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return refine::cuda::simt::shuffled(refine::cuda::simt::Exchange::kDown, mask, value, delta, width);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  return refine::cuda::simt::shuffled(refine::cuda::simt::Exchange::kXor, mask, value, uint32_t(lanes), width);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) { return refine::cuda::simt::ballot(mask, predicate != 0); }
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate == 0) == 0; }
inline unsigned __reduce_add_sync(unsigned mask, unsigned value) { return refine::cuda::simt::reduce_lanes(mask, value, '+'); }
inline int __reduce_add_sync(unsigned mask, int value) { return int(refine::cuda::simt::reduce_lanes(mask, unsigned(value), '+')); }
inline unsigned __reduce_min_sync(unsigned mask, unsigned value) { return refine::cuda::simt::reduce_lanes(mask, value, '<'); }
inline unsigned __reduce_max_sync(unsigned mask, unsigned value) { return refine::cuda::simt::reduce_lanes(mask, value, '>'); }
inline int __reduce_min_sync(unsigned mask, int value) { return int(refine::cuda::simt::reduce_lanes(mask, unsigned(value), 's')); }
inline int __reduce_max_sync(unsigned mask, int value) { return int(refine::cuda::simt::reduce_lanes(mask, unsigned(value), 'S')); }
inline unsigned __reduce_or_sync(unsigned mask, unsigned value) { return refine::cuda::simt::reduce_lanes(mask, value, '|'); }
inline unsigned __reduce_and_sync(unsigned mask, unsigned value) { return refine::cuda::simt::reduce_lanes(mask, value, '&'); }

#include "intrinsics.h"
