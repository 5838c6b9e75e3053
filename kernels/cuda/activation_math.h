// The activation functions of the MLPs for one number in fp32, shared by activation.cu and the epilogues of gemm.
// erff, tanhf and expf of the device are within 2 ulp; the oracle rounds a float64 once: they agree to 1e-6 relative, except
// in GELU's far negative tail, where 1 + erf cancels: erfc is taken instead.
// Oracle: reference::activate, kernels/model/reference_mlp.cpp.
#pragma once
#include <cmath>

#include "device.h"
#include "refine/model_config.h"

namespace refine::cuda {

enum class PointwiseKind : uint8_t { kGelu, kGeluTanh, kSilu, kRelu, kTanh, kNone };

constexpr PointwiseKind pointwise(Activation kind) {
  return kind == Activation::kGelu ? PointwiseKind::kGelu : kind == Activation::kGeluTanh ? PointwiseKind::kGeluTanh : kind == Activation::kSilu ? PointwiseKind::kSilu : PointwiseKind::kRelu;
}

// The kind is a template's constant in every kernel, so that no branch stands in a loop.
template <PointwiseKind kKind>
__device__ __forceinline__ float activate(float x) {
  if constexpr (kKind == PointwiseKind::kGelu) return 0.5f * x * erfcf(-0.70710678118654752f * x);
  if constexpr (kKind == PointwiseKind::kGeluTanh) {
    // 0.5 (1 + tanh u) = 1 / (1 + exp(-2 u)): no cancellation for negative u
    const float u = 0.79788456080286536f * (x + 0.044715f * x * x * x);
    return x / (1.0f + expf(-2.0f * u));
  }
  if constexpr (kKind == PointwiseKind::kSilu) return x / (1.0f + expf(-x));
  if constexpr (kKind == PointwiseKind::kRelu) return x > 0 ? x : (x != x ? x : 0.0f);
  if constexpr (kKind == PointwiseKind::kTanh) return tanhf(x);
  return x;
}

}  // namespace refine::cuda
