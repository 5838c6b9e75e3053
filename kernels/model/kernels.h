// The loops of a model's forward pass, one set for each instruction set (isa_*.cpp include simd_*.h and the loops in *.inc).
// Tiles multiply packed operands; the row loops are the elementwise parts. A set is chosen once, when weights are packed.
#pragma once
#include <cstdint>

#include "refine/gemm.h"

namespace refine::model {

inline constexpr int kMaxTileRows = 16;

// Packed operands of one tile: A as k steps of `rows` values (whatever rows are in use), B as k steps of `columns` values.
struct F32Tiles {
  int rows, columns;
  // tile[r - 1] does r rows: C (r, cols) = [C +] A B, products added in ascending k. `first`: begin at zero instead of at C.
  void (*const* tile)(int64_t k, const float* a, const float* b, float* c, int64_t ldc, int cols, bool first);
};

struct KernelSet {
  GemmIsa isa;
  F32Tiles f32;
  // out[i * stride + r] = a[r * lda + i] for r < count <= 16, i < k. May write the rest of 16 values after each step's `count`, steps in
  // ascending order, so `stride` may be less than 16 and the output needs 16 values of room past its end.
  void (*transpose)(const float* a, int64_t lda, int count, int64_t k, float* out, int64_t stride);
  // C (rows, cols), in place.
  void (*epilogue)(float* c, int64_t ldc, int rows, int cols, const float* bias, GemmActivation activation, const float* multiply, const float* residual);
  double (*fma_loop)(int64_t steps, int64_t* operations);  // peak of fp32
};

const KernelSet& kernel_set(GemmIsa isa);  // one the machine has

// Each null where the compiler's target has no such set.
const KernelSet* scalar_kernels();
const KernelSet* neon_kernels();
const KernelSet* avx2_kernels();
const KernelSet* avx512_kernels();
const KernelSet* avx512_bf16_kernels();
const KernelSet* amx_kernels();

}  // namespace refine::model
