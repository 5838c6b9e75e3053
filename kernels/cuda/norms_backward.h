// The backward pass of LayerNorm and RMSNorm (norms.h), from what the forward kept: x as it was normed, mean and inverse of every row.
//   n = (x - mean) inverse, g = dout weight:  dx = (g - average(g) - n average(g n)) inverse + add     (RMSNorm: no average(g))
//   dweight = sum over rows of dout n, dbias = sum over rows of dout
//   x, dout, dx (rows, width) T, dense; add likewise or nullptr: the gradient that flows past the norm; dx may be dout or add
//   weight, dweight, dbias (width) fp32 or nullptr   mean (rows) fp32, nullptr for RMSNorm   inverse (rows) fp32
//   partials  scratch of norm_backward_partials(rows, width) floats, where dweight or dbias is asked for
// dweight and dbias are sums of 128 rows each, added part after part: one order whatever the card. `accumulate` adds to what they hold.
// Traffic: rows * width * sizeof(T) * (5 + add) bytes. Oracle: float64 in tests/norms_backward_device.h; norm_back, kernels/model/train_loops.inc.
#pragma once
#include <cstdint>

#include "context.h"
#include "device.h"

namespace refine::cuda {

template <class T>
struct NormBackwardRows {
  const T *x = nullptr, *dout = nullptr, *add = nullptr;
  T* dx = nullptr;
  int64_t rows = 0, width = 0;
  const float *weight = nullptr, *mean = nullptr, *inverse = nullptr;
  float *dweight = nullptr, *dbias = nullptr, *partials = nullptr;
  bool accumulate = false;
};

int64_t norm_backward_partials(int64_t rows, int64_t width);

// Instantiated for bf16 and float. width <= 16,384.
template <class T>
cudaError_t norm_backward(const Context& ctx, const NormBackwardRows<T>& call);

}  // namespace refine::cuda
