// The backward pass of activations and gated products (activation.h).
//   activate_backward  dx = dout act'(x)                                                            all (count) T, dense; dx may be x or dout
//   gate_backward      dgate = dout up act'(gate), dup = dout act(gate)    gate, up, dgate, dup rows `stride` apart, dout (rows, width) dense;
//                      dgate and dup may be gate and up
// T is bf16 or float, arithmetic fp32. Traffic: 3 and 5 numbers an element. Oracle: float64 differences in tests/activation_backward_device.h;
// act_back, kernels/model/train_loops.inc.
#pragma once
#include <cstdint>

#include "activation_math.h"
#include "context.h"
#include "device.h"

namespace refine::cuda {

template <class T>
cudaError_t activate_backward(const Context& ctx, PointwiseKind kind, const T* x, const T* dout, T* dx, int64_t count);
template <class T>
cudaError_t gate_backward(const Context& ctx, PointwiseKind kind, const T* gate, const T* up, int64_t stride, const T* dout, T* dgate, T* dup, int64_t rows, int64_t width);

}  // namespace refine::cuda
