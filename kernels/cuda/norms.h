// LayerNorm and RMSNorm of rows, with the additions that stand before and after a norm in the four block layouts:
//   sum = x + before          (kPostNorm's x + attn x; kSequential's running stream)
//   out = normed(sum) * weight + bias + after      (kNormAfter's x + norm(attn x))
//   x (rows, width) T, rows x_stride apart      before, after, sum (rows, width) T or nullptr      weight, bias (width) fp32 or nullptr
//   out (rows, width) T, rows out_stride apart; out may be x (qk-norm in the packed q, k, v) or after, sum may be x or before
// T is bf16 or float; sums are fp32, mean first and then squared deviations from it (two passes over registers, one over
// memory). A block of warps takes a row as wide as it needs; a row's bits depend on its own numbers alone.
// Traffic: rows * width * sizeof(T) * (2 + before + sum + after) bytes, at copy bandwidth. With sum given the normed numbers are those of
// sum as rounded to T, so that a layer's norm is of what the next reads.
// Oracle: kernels/model/reference_norm.cpp. Source: Ba et al. 2016; Zhang & Sennrich 2019.
#pragma once
#include <cstdint>

#include "context.h"
#include "device.h"

namespace refine::cuda {

template <class T>
struct NormRows {
  const T* x = nullptr;
  T* out = nullptr;
  int64_t rows = 0, width = 0;
  int64_t x_stride = 0, out_stride = 0;  // in elements; 0: width
  const T* before = nullptr;             // (rows, width), dense
  T* sum = nullptr;                      // (rows, width), dense
  const T* after = nullptr;              // (rows, width), dense
  const float* weight = nullptr;         // nullptr: 1
  const float* bias = nullptr;           // nullptr: 0
  float epsilon = 1e-5f;
  float* mean = nullptr;                 // (rows) kept for the backward, or nullptr
  float* inverse = nullptr;              // (rows) 1 / sqrt(variance + epsilon), likewise
};

// Instantiated for bf16 and float. width <= 16,384.
template <class T>
cudaError_t layer_norm(const Context& ctx, const NormRows<T>& call);
template <class T>
cudaError_t rms_norm(const Context& ctx, const NormRows<T>& call);

}  // namespace refine::cuda
