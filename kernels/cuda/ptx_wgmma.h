// Hopper's warpgroup products (wgmma), part of ptx.h: 128 consecutive threads, the first a multiple of 128 of the block, compute
// d (64, N) = a (64, 16) b (16, N) + (accumulate ? d : 0) in the background; int8 32 deep. From wgmma_fence to wgmma_wait the registers
// of d (and of an A from registers) belong to the tensor core. One asm statement a size N, since the register count is in the text.
#pragma once

namespace refine::cuda {

enum class Swizzle : uint32_t { kNone = 0, k128 = 1, k64 = 2, k32 = 3 };

// How wgmma finds a matrix in shared memory (offsets in bytes, multiples of 16; see kernels/cuda/README.md for the layouts).
//   K-major, 128-byte swizzle:  rows of 128 bytes; stride = from 8 rows to the next 8 (1,024 where dense), leading unused;
//                               the next 16 bf16 (32 int8) of k: 32 bytes further.
//   MN-major, 128-byte swizzle: (transposed) k rows of 64 bf16 along M or N; leading = to the next 64 of M or N, stride = to the next 8 of k.
REFINE_DEVICE uint64_t wgmma_descriptor(const void* shared, uint32_t leading, uint32_t stride, Swizzle swizzle = Swizzle::k128) {
  return uint64_t((shared_address(shared) & 0x3ffff) >> 4) | uint64_t((leading & 0x3ffff) >> 4) << 16 | uint64_t((stride & 0x3ffff) >> 4) << 32 | uint64_t(swizzle) << 62;
}

// The optimiser knows nothing of wgmma's background: accumulators named here are neither read nor moved across.
template <size_t kCount>
REFINE_DEVICE void wgmma_pin(float (&d)[kCount]) {
#pragma unroll
  for (size_t i = 0; i < kCount; ++i) asm volatile("" : "+f"(d[i])::"memory");
}
template <size_t kCount>
REFINE_DEVICE void wgmma_pin(int32_t (&d)[kCount]) {
#pragma unroll
  for (size_t i = 0; i < kCount; ++i) asm volatile("" : "+r"(d[i])::"memory");
}
template <size_t kCount>
REFINE_DEVICE void wgmma_pin(uint32_t (&d)[kCount]) {
#pragma unroll
  for (size_t i = 0; i < kCount; ++i) asm volatile("" : "+r"(d[i])::"memory");
}
// Before the first wgmma of every group. Name the accumulators and register operands it uses.
template <class... Registers>
REFINE_DEVICE void wgmma_fence(Registers&... registers) {
  (wgmma_pin(registers), ...);
  REFINE_HOPPER_ASM("wgmma.fence.sync.aligned;" ::: "memory");
}
REFINE_DEVICE void wgmma_commit() { REFINE_HOPPER_ASM("wgmma.commit_group.sync.aligned;" ::: "memory"); }
// Until at most kPending groups are under way. Name every accumulator that is read next: without that the compiler may read it too early.
template <int kPending, class... Registers>
REFINE_DEVICE void wgmma_wait(Registers&... registers) {
  REFINE_HOPPER_ASM("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
  (wgmma_pin(registers), ...);
}

#define REFINE_LIST_0 "%0, %1, %2, %3, %4, %5, %6, %7"
#define REFINE_LIST_8 "%8, %9, %10, %11, %12, %13, %14, %15"
#define REFINE_LIST_16 "%16, %17, %18, %19, %20, %21, %22, %23"
#define REFINE_LIST_24 "%24, %25, %26, %27, %28, %29, %30, %31"
#define REFINE_LIST_32 "%32, %33, %34, %35, %36, %37, %38, %39"
#define REFINE_LIST_40 "%40, %41, %42, %43, %44, %45, %46, %47"
#define REFINE_LIST_48 "%48, %49, %50, %51, %52, %53, %54, %55"
#define REFINE_LIST_56 "%56, %57, %58, %59, %60, %61, %62, %63"
#define REFINE_LIST_64 "%64, %65, %66, %67, %68, %69, %70, %71"
#define REFINE_LIST_72 "%72, %73, %74, %75, %76, %77, %78, %79"
#define REFINE_LIST_80 "%80, %81, %82, %83, %84, %85, %86, %87"
#define REFINE_LIST_88 "%88, %89, %90, %91, %92, %93, %94, %95"
#define REFINE_LIST_96 "%96, %97, %98, %99, %100, %101, %102, %103"
#define REFINE_LIST_104 "%104, %105, %106, %107, %108, %109, %110, %111"
#define REFINE_LIST_112 "%112, %113, %114, %115, %116, %117, %118, %119"
#define REFINE_LIST_120 "%120, %121, %122, %123, %124, %125, %126, %127"
#define REFINE_REGISTERS_8(C, b) C(d[b]), C(d[b + 1]), C(d[b + 2]), C(d[b + 3]), C(d[b + 4]), C(d[b + 5]), C(d[b + 6]), C(d[b + 7])
#define REFINE_LISTS_4 "%0, %1, %2, %3"
#define REFINE_LISTS_8 REFINE_LIST_0
#define REFINE_LISTS_16 REFINE_LISTS_8 ", " REFINE_LIST_8
#define REFINE_LISTS_32 REFINE_LISTS_16 ", " REFINE_LIST_16 ", " REFINE_LIST_24
#define REFINE_LISTS_40 REFINE_LISTS_32 ", " REFINE_LIST_32
#define REFINE_LISTS_48 REFINE_LISTS_40 ", " REFINE_LIST_40
#define REFINE_LISTS_64 REFINE_LISTS_48 ", " REFINE_LIST_48 ", " REFINE_LIST_56
#define REFINE_LISTS_80 REFINE_LISTS_64 ", " REFINE_LIST_64 ", " REFINE_LIST_72
#define REFINE_LISTS_96 REFINE_LISTS_80 ", " REFINE_LIST_80 ", " REFINE_LIST_88
#define REFINE_LISTS_128 REFINE_LISTS_96 ", " REFINE_LIST_96 ", " REFINE_LIST_104 ", " REFINE_LIST_112 ", " REFINE_LIST_120
#define REFINE_OUT_4(C) C(d[0]), C(d[1]), C(d[2]), C(d[3])
#define REFINE_OUT_8(C) REFINE_REGISTERS_8(C, 0)
#define REFINE_OUT_16(C) REFINE_OUT_8(C), REFINE_REGISTERS_8(C, 8)
#define REFINE_OUT_32(C) REFINE_OUT_16(C), REFINE_REGISTERS_8(C, 16), REFINE_REGISTERS_8(C, 24)
#define REFINE_OUT_40(C) REFINE_OUT_32(C), REFINE_REGISTERS_8(C, 32)
#define REFINE_OUT_48(C) REFINE_OUT_40(C), REFINE_REGISTERS_8(C, 40)
#define REFINE_OUT_64(C) REFINE_OUT_48(C), REFINE_REGISTERS_8(C, 48), REFINE_REGISTERS_8(C, 56)
#define REFINE_OUT_80(C) REFINE_OUT_64(C), REFINE_REGISTERS_8(C, 64), REFINE_REGISTERS_8(C, 72)
#define REFINE_OUT_96(C) REFINE_OUT_80(C), REFINE_REGISTERS_8(C, 80), REFINE_REGISTERS_8(C, 88)
#define REFINE_OUT_128(C) REFINE_OUT_96(C), REFINE_REGISTERS_8(C, 96), REFINE_REGISTERS_8(C, 104), REFINE_REGISTERS_8(C, 112), REFINE_REGISTERS_8(C, 120)

#define REFINE_FLOAT(x) "+f"(x)
#define REFINE_INT(x) "+r"(x)
// The operands' numbers follow the K accumulators: descriptors (or A's four registers), the predicate, transpositions.
#define REFINE_WGMMA_BF16(N, K, A, B, P, TA, TB)                                                                                      \
  if constexpr (kN == N)                                                                                                              \
  REFINE_HOPPER_ASM("{\n.reg .pred p;\nsetp.ne.b32 p, %" #P ", 0;\nwgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" REFINE_LISTS_##K \
                    "}, %" #A ", %" #B ", p, 1, 1, %" #TA ", %" #TB ";\n}"                                                            \
                    : REFINE_OUT_##K(REFINE_FLOAT)                                                                                    \
                    : "l"(a), "l"(b), "r"(int(accumulate)), "n"(int(kTransposedA)), "n"(int(kTransposedB))                            \
                    : "memory")
#define REFINE_WGMMA_BF16_RA(N, K, A0, A1, A2, A3, B, P, TB)                                                                          \
  if constexpr (kN == N)                                                                                                              \
  REFINE_HOPPER_ASM("{\n.reg .pred p;\nsetp.ne.b32 p, %" #P ", 0;\nwgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" REFINE_LISTS_##K \
                    "}, {%" #A0 ", %" #A1 ", %" #A2 ", %" #A3 "}, %" #B ", p, 1, 1, %" #TB ";\n}"                                     \
                    : REFINE_OUT_##K(REFINE_FLOAT)                                                                                    \
                    : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(int(kTransposedB))                \
                    : "memory")
#define REFINE_WGMMA_S8(N, K, A, B, P)                                                                                                \
  if constexpr (kN == N)                                                                                                              \
  REFINE_HOPPER_ASM("{\n.reg .pred p;\nsetp.ne.b32 p, %" #P ", 0;\nwgmma.mma_async.sync.aligned.m64n" #N "k32.s32.s8.s8 {" REFINE_LISTS_##K \
                    "}, %" #A ", %" #B ", p;\n}"                                                                                     \
                    : REFINE_OUT_##K(REFINE_INT)                                                                                      \
                    : "l"(a), "l"(b), "r"(int(accumulate))                                                                            \
                    : "memory")

template <int kN>
constexpr bool kWgmmaSize = kN == 8 || kN == 16 || kN == 32 || kN == 64 || kN == 80 || kN == 96 || kN == 128 || kN == 160 || kN == 192 || kN == 256;

// Both matrices in shared memory, K-major (a: 64 rows of k, b: N rows of k) or, transposed, MN-major.
template <int kN, bool kTransposedB = false, bool kTransposedA = false>
REFINE_DEVICE void wgmma_bf16(float (&d)[kN / 2], [[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b, [[maybe_unused]] bool accumulate) {
  static_assert(kWgmmaSize<kN>);
  REFINE_WGMMA_BF16(8, 4, 4, 5, 6, 7, 8);
  REFINE_WGMMA_BF16(16, 8, 8, 9, 10, 11, 12);
  REFINE_WGMMA_BF16(32, 16, 16, 17, 18, 19, 20);
  REFINE_WGMMA_BF16(64, 32, 32, 33, 34, 35, 36);
  REFINE_WGMMA_BF16(80, 40, 40, 41, 42, 43, 44);
  REFINE_WGMMA_BF16(96, 48, 48, 49, 50, 51, 52);
  REFINE_WGMMA_BF16(128, 64, 64, 65, 66, 67, 68);
  REFINE_WGMMA_BF16(160, 80, 80, 81, 82, 83, 84);
  REFINE_WGMMA_BF16(192, 96, 96, 97, 98, 99, 100);
  REFINE_WGMMA_BF16(256, 128, 128, 129, 130, 131, 132);
}
// A from registers.
template <int kN, bool kTransposedB = false>
REFINE_DEVICE void wgmma_bf16_ra(float (&d)[kN / 2], const uint32_t (&a)[4], [[maybe_unused]] uint64_t b, [[maybe_unused]] bool accumulate) {
  static_assert(kWgmmaSize<kN>);
  REFINE_WGMMA_BF16_RA(8, 4, 4, 5, 6, 7, 8, 9, 10);
  REFINE_WGMMA_BF16_RA(16, 8, 8, 9, 10, 11, 12, 13, 14);
  REFINE_WGMMA_BF16_RA(32, 16, 16, 17, 18, 19, 20, 21, 22);
  REFINE_WGMMA_BF16_RA(64, 32, 32, 33, 34, 35, 36, 37, 38);
  REFINE_WGMMA_BF16_RA(80, 40, 40, 41, 42, 43, 44, 45, 46);
  REFINE_WGMMA_BF16_RA(96, 48, 48, 49, 50, 51, 52, 53, 54);
  REFINE_WGMMA_BF16_RA(128, 64, 64, 65, 66, 67, 68, 69, 70);
  REFINE_WGMMA_BF16_RA(160, 80, 80, 81, 82, 83, 84, 85, 86);
  REFINE_WGMMA_BF16_RA(192, 96, 96, 97, 98, 99, 100, 101, 102);
  REFINE_WGMMA_BF16_RA(256, 128, 128, 129, 130, 131, 132, 133, 134);
}
// int8, exact int32 sums; both K-major.
template <int kN>
REFINE_DEVICE void wgmma_s8(int32_t (&d)[kN / 2], [[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b, [[maybe_unused]] bool accumulate) {
  static_assert(kWgmmaSize<kN>);
  REFINE_WGMMA_S8(8, 4, 4, 5, 6);
  REFINE_WGMMA_S8(16, 8, 8, 9, 10);
  REFINE_WGMMA_S8(32, 16, 16, 17, 18);
  REFINE_WGMMA_S8(64, 32, 32, 33, 34);
  REFINE_WGMMA_S8(80, 40, 40, 41, 42);
  REFINE_WGMMA_S8(96, 48, 48, 49, 50);
  REFINE_WGMMA_S8(128, 64, 64, 65, 66);
  REFINE_WGMMA_S8(160, 80, 80, 81, 82);
  REFINE_WGMMA_S8(192, 96, 96, 97, 98);
  REFINE_WGMMA_S8(256, 128, 128, 129, 130);
}

}  // namespace refine::cuda
