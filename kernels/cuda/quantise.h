// Rows in 8 bits for gemm_s8, symmetric: q = nearest even(x x (127 / max|x|)), scale = max|x| / 127, one block a row, two passes over it.
//   x (M,K)   T = bf16 or float
//   q (M,K)   -127..127; scale (M) 0 (and q 0) where max|x| < 1e-30, NaN (and q 0) where a value is not finite
// Traffic: M K (sizeof(T) + 1) + 4 M bytes; the second pass reads L1 or L2.
// Oracle: RowLoops::quantise of kernels/model/row_loops.inc (the CPU's int8 path), bit for bit on the same values.
#pragma once
#include "context.h"

namespace refine::cuda {

cudaError_t quantise_rows(const Context& ctx, const bf16* x, int8_t* q, float* scale, int64_t m, int64_t k);
cudaError_t quantise_rows(const Context& ctx, const float* x, int8_t* q, float* scale, int64_t m, int64_t k);

}  // namespace refine::cuda
