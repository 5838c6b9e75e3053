// AdamW over one flat array of parameters, and the norm of gradients that clips it.
//   weight, first, second (count) fp32: masters and moments   gradient (count) G, bf16 or fp32   copy (count) bf16 or nullptr: the weights
//   that the next forward reads
//   first  = beta1 first + (1 - beta1) g;  second = beta2 second + (1 - beta2) g^2, g = gradient * *gradient_scale
//   weight = weight (1 - rate decay) - rate (first correction1) / (sqrt(second correction2) + epsilon)
// Where *gradient_scale is not finite nothing is written: the step is skipped, as Trainer::step skips it.
// Traffic: count * (6 * 4 + sizeof(G) + 2) bytes, at copy bandwidth.
// squared_sum adds the squares of an array in a fixed order whatever the card: blocks of 8,192 numbers give fp32 partial sums, one block adds them
// in float64. clip_scale turns such sums into the scale that makes the whole gradient's norm at most `limit`: no round trip to the host.
// Each launcher takes any count, 0 too.
// Oracle: kernels/model/train.cpp. Source: Loshchilov & Hutter 2019.
#pragma once
#include <cstdint>

#include "context.h"
#include "device.h"

namespace refine::cuda {

struct AdamwStep {
  float rate = 0, beta1 = 0.9f, beta2 = 0.95f, epsilon = 1e-8f, decay = 0;
  float correction1 = 1, correction2 = 1;  // 1 / (1 - beta^step), from float64 on the host
};

// gradient_scale: one float on the device, or nullptr for 1.
template <class G>
cudaError_t adamw(const Context& ctx, const AdamwStep& step, float* weight, float* first, float* second, const G* gradient, const float* gradient_scale, bf16* copy, int64_t count);

// partials: squared_sum_partials(count) floats of scratch. sum (one float64): written, or added to where `add`.
int64_t squared_sum_partials(int64_t count);
template <class G>
cudaError_t squared_sum(const Context& ctx, const G* x, int64_t count, float* partials, double* sum, bool add);
// *norm = sqrt(*sum) (norm may be nullptr); *scale = limit / norm where limit > 0 and norm > limit, else 1; NaN where norm is not finite.
cudaError_t clip_scale(const Context& ctx, const double* sum, float limit, float* scale, float* norm);

}  // namespace refine::cuda
