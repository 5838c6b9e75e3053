// ptx.h for g++: the same wrappers over the emulator. What each does is the PTX ISA's text; what a kernel must not rely on is made worst:
// an asynchronous destination is poison until its wait, accumulators of wgmma likewise.
#pragma once
#include <cstddef>
#include <cstdint>

#include "host.h"

namespace refine::cuda::simt {
void copy_async_16(void* shared, const void* global, int valid_bytes);
void copy_async_commit();
void copy_async_wait(int pending);
void load_matrices(const char* what, uint32_t* r, const void* row, int count, bool transposed);
void multiply_bf16(float* d, const uint32_t* a, const uint32_t* b);
void multiply_s8(int32_t* d, const uint32_t* a, const uint32_t* b);
void sync_named(int id, int threads, bool wait);
uint32_t window_address(const void* shared);

void group_fence();
void group_commit();
void group_wait(int pending);
enum class ProductKind { kBf16, kBf16Registers, kInt8 };
struct ProductShape {
  ProductKind kind;
  int n;
  bool transposed_a, transposed_b;
};
// d: n / 2 registers; a: the descriptor or four registers.
void group_multiply(const ProductShape& shape, void* d, const void* a, uint64_t b, bool accumulate);
void check_registers(int registers);
}  // namespace refine::cuda::simt

namespace refine::cuda {

enum class TensorElement { kBf16, kInt8 };
struct alignas(64) TensorMap {
  const void* base;
  int64_t rows, columns, row_bytes;
  int box_rows, box_columns, element_bytes;
  uint32_t made;  // kTensorMapMade, or it never went through make_tensor_map_2d
  uint64_t unused[9];
};
static_assert(sizeof(TensorMap) == 128, "as the driver's");
constexpr uint32_t kTensorMapMade = 0x7e4502aau;
cudaError_t make_tensor_map_2d(TensorMap* map, const void* base, TensorElement element, int64_t rows, int64_t columns, int64_t row_bytes, int box_rows, int box_columns);

inline uint32_t shared_address(const void* shared) { return simt::window_address(shared); }
inline void cp_async_16(void* shared, const void* global, int valid_bytes = 16) { simt::copy_async_16(shared, global, valid_bytes); }
inline void cp_async_commit() { simt::copy_async_commit(); }
template <int kPending>
void cp_async_wait() {
  static_assert(kPending >= 0);
  simt::copy_async_wait(kPending);
}
inline void ldmatrix_x4(uint32_t (&r)[4], const void* row) { simt::load_matrices("ldmatrix.x4", r, row, 4, false); }
inline void ldmatrix_x4_trans(uint32_t (&r)[4], const void* row) { simt::load_matrices("ldmatrix.x4.trans", r, row, 4, true); }
inline void ldmatrix_x2(uint32_t (&r)[2], const void* row) { simt::load_matrices("ldmatrix.x2", r, row, 2, false); }
inline void ldmatrix_x2_trans(uint32_t (&r)[2], const void* row) { simt::load_matrices("ldmatrix.x2.trans", r, row, 2, true); }
inline void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { simt::multiply_bf16(d, a, b); }
inline void mma_s8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { simt::multiply_s8(d, a, b); }
inline void named_barrier_sync(int id, int threads) { simt::sync_named(id, threads, true); }
inline void named_barrier_arrive(int id, int threads) { simt::sync_named(id, threads, false); }

void mbarrier_init(uint64_t* bar, int arrivals);
void fence_barrier_init();
void mbarrier_expect(uint64_t* bar, uint32_t bytes);
void mbarrier_arrive(uint64_t* bar);
void mbarrier_wait(uint64_t* bar, uint32_t parity);
void fence_proxy_async();
void tma_load_2d(void* shared, const TensorMap* map, uint64_t* bar, int x, int y);
void tma_store_2d(const TensorMap* map, const void* shared, int x, int y);
void tma_store_commit();
void tma_store_wait_for(int pending);
template <int kPending>
void tma_store_wait() {
  static_assert(kPending >= 0);
  tma_store_wait_for(kPending);
}
inline void tma_prefetch(const TensorMap*) {}
template <int kRegisters>
void setmaxnreg_dec() {
  simt::check_registers(kRegisters);
}
template <int kRegisters>
void setmaxnreg_inc() {
  simt::check_registers(kRegisters);
}

enum class Swizzle : uint32_t { kNone = 0, k128 = 1, k64 = 2, k32 = 3 };
inline uint64_t wgmma_descriptor(const void* shared, uint32_t leading, uint32_t stride, Swizzle swizzle = Swizzle::k128) {
  return uint64_t((shared_address(shared) & 0x3ffff) >> 4) | uint64_t((leading & 0x3ffff) >> 4) << 16 | uint64_t((stride & 0x3ffff) >> 4) << 32 | uint64_t(swizzle) << 62;
}
template <class... Registers>
void wgmma_fence(Registers&...) {
  simt::group_fence();
}
inline void wgmma_commit() { simt::group_commit(); }
template <int kPending, class... Registers>
void wgmma_wait(Registers&...) {
  static_assert(kPending >= 0 && kPending < 8);
  simt::group_wait(kPending);
}
template <int kN>
constexpr bool kWgmmaSize = kN == 8 || kN == 16 || kN == 32 || kN == 64 || kN == 80 || kN == 96 || kN == 128 || kN == 160 || kN == 192 || kN == 256;
template <int kN, bool kTransposedB = false, bool kTransposedA = false>
void wgmma_bf16(float (&d)[kN / 2], uint64_t a, uint64_t b, bool accumulate) {
  static_assert(kWgmmaSize<kN>);
  simt::group_multiply({simt::ProductKind::kBf16, kN, kTransposedA, kTransposedB}, d, &a, b, accumulate);
}
template <int kN, bool kTransposedB = false>
void wgmma_bf16_ra(float (&d)[kN / 2], const uint32_t (&a)[4], uint64_t b, bool accumulate) {
  static_assert(kWgmmaSize<kN>);
  simt::group_multiply({simt::ProductKind::kBf16Registers, kN, false, kTransposedB}, d, a, b, accumulate);
}
template <int kN>
void wgmma_s8(int32_t (&d)[kN / 2], uint64_t a, uint64_t b, bool accumulate) {
  static_assert(kWgmmaSize<kN>);
  simt::group_multiply({simt::ProductKind::kInt8, kN, false, false}, d, &a, b, accumulate);
}

}  // namespace refine::cuda
