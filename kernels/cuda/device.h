// CUDA's words for every kernel of this folder, under nvcc and, with -DREFINE_SIMT, under g++: there threadIdx, __shared__, barriers,
// shuffles, device memory and streams come from simt/, an emulator that runs the same source on the CPU (README.md beside this).
// Kernels include this and ptx.h, nothing of CUDA's; they are started by launch(), never by <<<>>>.
#pragma once
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "both.h"
#if defined(REFINE_SIMT)
#include "simt/words.h"
#else
#include <cuda_runtime.h>
#endif

// 1 where a kernel's body may use Hopper's own instructions. Only bodies may depend on it: a __global__ function must exist in every pass.
#if defined(REFINE_SIMT) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define REFINE_HOPPER 1
#else
#define REFINE_HOPPER 0
#endif

#if defined(REFINE_SIMT)
#define REFINE_DEVICE inline
#else
#define REFINE_DEVICE __device__ __forceinline__
#endif

namespace refine::cuda {

// Which family of kernels runs. Hopper: TMA and wgmma, compute capability 9.0. Ampere: mma.sync and cp.async, 8.0 and everything newer,
// and 9.0 under REFINE_CUDA_PATH=ampere.
enum class Path : uint8_t { kAmpere, kHopper };

constexpr uint32_t kWarp = 32;
constexpr uint32_t kAllLanes = 0xffffffffu;

// bfloat16 in memory: the upper half of a float. Arithmetic is fp32, so it has conversions and no operators.
struct bf16 {
  uint16_t bits;
};

REFINE_BOTH uint32_t bits_of(float value) {
#if defined(__CUDA_ARCH__)
  return __float_as_uint(value);
#else
  uint32_t bits;
  __builtin_memcpy(&bits, &value, 4);
  return bits;
#endif
}
REFINE_BOTH float float_of(uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(bits);
#else
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
#endif
}
// Round to nearest, ties to even; a NaN becomes the NaN 0x7fff, as cvt.rn.bf16.f32 makes it.
REFINE_BOTH bf16 to_bf16(float value) {
#if defined(__CUDA_ARCH__)
  uint16_t half;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(half) : "f"(value));
  return bf16{half};
#else
  const uint32_t bits = bits_of(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return bf16{0x7fff};
  return bf16{uint16_t((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16)};
#endif
}
REFINE_BOTH float to_float(bf16 value) { return float_of(uint32_t(value.bits) << 16); }
REFINE_BOTH float to_float(float value) { return value; }
// The element type of a kernel that is a template on float | bf16.
template <class T>
REFINE_BOTH T from_float(float value) {
  if constexpr (std::is_same_v<T, float>) return value;
  else return to_bf16(value);
}
// Two elements in a register, the lower one in the lower half: what mma fragments and 4-byte stores take.
REFINE_BOTH uint32_t pack_bf16(float low, float high) {
#if defined(__CUDA_ARCH__)
  uint32_t both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
  return both;
#else
  return uint32_t(to_bf16(low).bits) | uint32_t(to_bf16(high).bits) << 16;
#endif
}
REFINE_BOTH float low_bf16(uint32_t both) { return float_of(both << 16); }
REFINE_BOTH float high_bf16(uint32_t both) { return float_of(both & 0xffff0000u); }

// ex2.approx, 2 ulp: the emulator's is the C library's.
REFINE_DEVICE float exp2_fast(float value) {
#if defined(__CUDA_ARCH__)
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(value));
  return result;
#else
  return __builtin_exp2f(value);
#endif
}

// The block's dynamic shared memory, aligned to the 1,024 bytes of the 128-byte swizzle pattern; holds NaN at the start in the emulator.
template <class T>
REFINE_DEVICE T* dynamic_shared() {
#if defined(REFINE_SIMT)
  return reinterpret_cast<T*>(simt::dynamic_shared_base());
#elif defined(__CUDACC__)
  extern __shared__ __align__(1024) unsigned char refine_dynamic_shared[];
  return reinterpret_cast<T*>(refine_dynamic_shared);
#endif
}

// Starts kernel(args...), each argument converted to the parameter's type, and returns the launch's error; never waits. A grid with no
// block is no launch. More than 48 KiB of dynamic shared memory is asked of the driver, which refuses above 227 KiB (163 on sm_80).
template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t dynamic_shared_bytes, cudaStream_t stream, Arguments&&... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "launch: as many arguments as the kernel has parameters");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return cudaSuccess;
#if defined(REFINE_SIMT)
  return simt::launch(kernel, grid, block, dynamic_shared_bytes, stream, std::tuple<std::remove_cv_t<Parameters>...>(std::forward<Arguments>(arguments)...));
#else
  if (dynamic_shared_bytes > 48 * 1024) {
    const cudaError_t error = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize, int(dynamic_shared_bytes));
    if (error != cudaSuccess) return error;
  }
  std::tuple<std::remove_cv_t<Parameters>...> values(std::forward<Arguments>(arguments)...);
  return std::apply(
      [&](auto&... value) {
        void* pointers[sizeof...(Parameters) + 1] = {const_cast<void*>(static_cast<const void*>(&value))..., nullptr};
        return cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid, block, pointers, dynamic_shared_bytes, stream);
      },
      values);
#endif
}

}  // namespace refine::cuda
