// Pointwise functions over rows, for where no GEMM's epilogue takes them: activations, gated products, clipping.
//   activate_rows  out[i] = act(x[i])                                     x, out (count)
//   gate_rows      out[r][c] = act(gate[r][c]) * up[r][c]                  gate, up rows `stride` apart, out (rows, width) dense
//   clip_rows      x[r][c] = min(max(x[r][c], -bound), bound), in place   rows `stride` apart: OLMo-1's clip_qkv
// T is bf16 or float, arithmetic fp32, 16-byte accesses where pointers and widths allow. Traffic: 2, 3 and 2 numbers an element.
// Oracle: kernels/model/reference_mlp.cpp, reference_forward.cpp. Functions: activation_math.h.
#pragma once
#include <cstdint>

#include "activation_math.h"
#include "context.h"
#include "device.h"

namespace refine::cuda {

template <class T>
cudaError_t activate_rows(const Context& ctx, PointwiseKind kind, const T* x, T* out, int64_t count);  // out may be x
template <class T>
cudaError_t gate_rows(const Context& ctx, PointwiseKind kind, const T* gate, const T* up, int64_t stride, T* out, int64_t rows, int64_t width);
template <class T>
cudaError_t clip_rows(const Context& ctx, T* x, int64_t rows, int64_t width, int64_t stride, float bound);

}  // namespace refine::cuda
