// The instructions that CUDA C++ has no words for, one wrapper each: asynchronous copies, matrix fragments, and Hopper's barriers, tensor
// copies (TMA) and warpgroup products (wgmma). The only file with inline assembler; under REFINE_SIMT every wrapper has a twin in
// simt/ that does what the PTX ISA's text (9.0, sections 9.7.9, 9.7.13 to 9.7.15) promises and nothing more.
// Fragments, lane l of a warp with g = l / 4, t = l % 4 (two bf16 or four int8 a register, the lower index in the lower bits):
//   m16n8k16 bf16: a[0] row g, columns 2t, 2t+1; a[1] row g+8; a[2] and a[3] the same rows, columns + 8; b[0] k = 2t, 2t+1, column g;
//                  b[1] k + 8; d[0], d[1] row g, columns 2t, 2t+1; d[2], d[3] row g+8.
//   m16n8k32 s8:   the same with four neighbours 4t..4t+3 in place of two, a[2], a[3], b[1] + 16; d as above.
//   wgmma m64nN:   warp w of the warpgroup holds rows 16w..16w+15: d[4j + i] is d[i] of m16n8 above at columns 8j..8j+7; an A from
//                  registers is the A of m16n8k16.
#pragma once
#include "device.h"

#if defined(REFINE_SIMT)
#include "simt/instructions.h"
#else
#include <cuda.h>

namespace refine::cuda {

enum class TensorElement { kBf16, kInt8 };
using TensorMap = CUtensorMap;  // kernels take it as `const __grid_constant__ TensorMap map`

// ---- both paths ----

REFINE_DEVICE uint32_t shared_address(const void* shared) { return uint32_t(__cvta_generic_to_shared(shared)); }

// 16 bytes from global to shared memory, both aligned to 16, behind the threads' backs: valid_bytes (0 to 16) are read, the rest become 0.
REFINE_DEVICE void cp_async_16(void* shared, const void* global, int valid_bytes = 16) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global), "r"(valid_bytes) : "memory");
}
REFINE_DEVICE void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most kPending of this thread's latest groups are still under way; other threads see the data after a barrier.
template <int kPending>
REFINE_DEVICE void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

// Four 8 x 8 matrices of 16-bit elements: lane l names row l % 8 of matrix l / 8 (16 bytes, aligned); r[i] gets matrix i, row l / 4,
// elements 2(l % 4) and the next. _trans gives the transposed matrices. x2 reads the addresses of lanes 0 to 15.
REFINE_DEVICE void ldmatrix_x4(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
REFINE_DEVICE void ldmatrix_x4_trans(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
REFINE_DEVICE void ldmatrix_x2(uint32_t (&r)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];" : "=r"(r[0]), "=r"(r[1]) : "r"(shared_address(row)) : "memory");
}
REFINE_DEVICE void ldmatrix_x2_trans(uint32_t (&r)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];" : "=r"(r[0]), "=r"(r[1]) : "r"(shared_address(row)) : "memory");
}

// d += a b; every lane of the warp takes part. The sum's order and rounding are the hardware's.
REFINE_DEVICE void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
REFINE_DEVICE void mma_s8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// A barrier of `threads` (a multiple of 32) threads of the block; ids 1 to 15, 0 is __syncthreads(). _arrive counts without waiting.
REFINE_DEVICE void named_barrier_sync(int id, int threads) { asm volatile("barrier.sync %0, %1;" ::"r"(id), "r"(threads) : "memory"); }
REFINE_DEVICE void named_barrier_arrive(int id, int threads) { asm volatile("barrier.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory"); }

// ---- Hopper ---- (elsewhere these trap: a kernel's body is under #if REFINE_HOPPER)

#if REFINE_HOPPER
#define REFINE_HOPPER_ASM(...) asm volatile(__VA_ARGS__)
#else
#define REFINE_HOPPER_ASM(...) __trap()
#endif

// A barrier in shared memory: a phase completes when `arrivals` have arrived and every expected byte has.
REFINE_DEVICE void mbarrier_init([[maybe_unused]] uint64_t* bar, [[maybe_unused]] int arrivals) {
  REFINE_HOPPER_ASM("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(bar)), "r"(arrivals) : "memory");
}
// After mbarrier_init and before the barrier of the block that publishes it: the copy engine sees the initialised barriers.
REFINE_DEVICE void fence_barrier_init() { REFINE_HOPPER_ASM("fence.mbarrier_init.release.cluster;" ::: "memory"); }
// One arrival that also expects `bytes` from the copy engine in this phase.
REFINE_DEVICE void mbarrier_expect([[maybe_unused]] uint64_t* bar, [[maybe_unused]] uint32_t bytes) {
  REFINE_HOPPER_ASM("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(bar)), "r"(bytes) : "memory");
}
REFINE_DEVICE void mbarrier_arrive([[maybe_unused]] uint64_t* bar) {
  REFINE_HOPPER_ASM("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(bar)) : "memory");
}
// Waits until the phase of this parity has completed: 0 for the first phase, 1 for the second, ...; 1 on a fresh barrier passes at once.
REFINE_DEVICE void mbarrier_wait([[maybe_unused]] uint64_t* bar, [[maybe_unused]] uint32_t parity) {
  uint32_t done = 0;
  while (!done) {
    REFINE_HOPPER_ASM("{\n.reg .pred p;\nmbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}"
                      : "=r"(done)
                      : "r"(shared_address(bar)), "r"(parity)
                      : "memory");
  }
}
// Ordinary writes of this thread to shared memory, before a barrier: from here on wgmma and the copy engine see them.
REFINE_DEVICE void fence_proxy_async() { REFINE_HOPPER_ASM("fence.proxy.async.shared::cta;" ::: "memory"); }

// The box of `map` whose first element is (column x, row y), to 1,024-byte aligned shared memory, rows of 128 bytes, 16-byte chunk c of
// row r at chunk c ^ (r % 8); elements outside the tensor are 0 and count among the expected bytes. One thread calls it.
REFINE_DEVICE void tma_load_2d([[maybe_unused]] void* shared, [[maybe_unused]] const TensorMap* map, [[maybe_unused]] uint64_t* bar, [[maybe_unused]] int x, [[maybe_unused]] int y) {
  REFINE_HOPPER_ASM("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(shared_address(shared)),
                    "l"(reinterpret_cast<uint64_t>(map)), "r"(shared_address(bar)), "r"(x), "r"(y)
                    : "memory");
}
// The other way, elements outside the tensor left out: ordinary writes, fence_proxy_async, a barrier, then one thread's store, commit, and
// wait before the shared memory is written again or the block ends.
REFINE_DEVICE void tma_store_2d([[maybe_unused]] const TensorMap* map, [[maybe_unused]] const void* shared, [[maybe_unused]] int x, [[maybe_unused]] int y) {
  REFINE_HOPPER_ASM("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%2, %3}], [%1];" ::"l"(reinterpret_cast<uint64_t>(map)), "r"(shared_address(shared)), "r"(x), "r"(y)
                    : "memory");
}
REFINE_DEVICE void tma_store_commit() { REFINE_HOPPER_ASM("cp.async.bulk.commit_group;" ::: "memory"); }
template <int kPending>
REFINE_DEVICE void tma_store_wait() {
  REFINE_HOPPER_ASM("cp.async.bulk.wait_group %0;" ::"n"(kPending) : "memory");
}
REFINE_DEVICE void tma_prefetch([[maybe_unused]] const TensorMap* map) { REFINE_HOPPER_ASM("prefetch.tensormap [%0];" ::"l"(reinterpret_cast<uint64_t>(map)) : "memory"); }

// Row-major (rows, columns) at `base` (16-byte aligned, row_bytes a multiple of 16): boxes of box_rows (at most 256) x box_columns
// elements, 128 bytes wide at most. cudaErrorInvalidValue where the driver refuses.
inline cudaError_t make_tensor_map_2d(TensorMap* map, const void* base, TensorElement element, int64_t rows, int64_t columns, int64_t row_bytes, int box_rows, int box_columns) {
  using Encode = CUresult (*)(CUtensorMap*, CUtensorMapDataType, cuuint32_t, void*, const cuuint64_t*, const cuuint64_t*, const cuuint32_t*, const cuuint32_t*, CUtensorMapInterleave,
                              CUtensorMapSwizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill);
  void* entry = nullptr;  // asked of the runtime: the library links no libcuda
  cudaDriverEntryPointQueryResult found{};
  if (const cudaError_t error = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry, 12000, cudaEnableDefault, &found); error != cudaSuccess) return error;
  if (found != cudaDriverEntryPointSuccess || entry == nullptr) return cudaErrorNotSupported;
  const cuuint64_t sizes[2] = {cuuint64_t(columns), cuuint64_t(rows)};
  const cuuint64_t strides[1] = {cuuint64_t(row_bytes)};
  const cuuint32_t box[2] = {cuuint32_t(box_columns), cuuint32_t(box_rows)};
  const cuuint32_t steps[2] = {1, 1};
  const auto type = element == TensorElement::kBf16 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_UINT8;
  const CUresult result = reinterpret_cast<Encode>(entry)(map, type, 2, const_cast<void*>(base), sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                                          CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  return result == CUDA_SUCCESS ? cudaSuccess : cudaErrorInvalidValue;
}

// Registers of this warpgroup, a multiple of 8 from 24 to 240; the kernel needs __launch_bounds__(threads, 1).
template <int kRegisters>
REFINE_DEVICE void setmaxnreg_dec() {
  REFINE_HOPPER_ASM("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
REFINE_DEVICE void setmaxnreg_inc() {
  REFINE_HOPPER_ASM("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

}  // namespace refine::cuda
#include "ptx_wgmma.h"
#endif
