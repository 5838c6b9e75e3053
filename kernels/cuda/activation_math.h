// The activation functions of the MLPs for one number in fp32, shared by activation.cu and the epilogues of gemm.
//   activate       the device's erfcf, tanhf and expf, 2 to 4 ulp: within 1e-6 of the oracle, relative, in the tails too (erfc and the
//                  logistic form do not cancel where 1 + erf and 1 + tanh do). For float tensors.
//   activate_fast  two special-function instructions and a polynomial: within 2e-4 relative for |x| <= 4, 3e-3 beyond, where bf16
//                  itself is 4e-3 coarse. About 17 instructions, so that GELU of a bf16 tensor stays at copy bandwidth (24 are free on H200).
// Oracle: reference::activate, kernels/model/reference_mlp.cpp. erfc of activate_fast: Abramowitz & Stegun 7.1.26.
#pragma once
#include <cmath>

#include "device.h"
#include "refine/model_config.h"

namespace refine::cuda {

enum class PointwiseKind : uint8_t { kGelu, kGeluTanh, kSilu, kRelu, kTanh, kNone };

constexpr PointwiseKind pointwise(Activation kind) {
  return kind == Activation::kGelu ? PointwiseKind::kGelu : kind == Activation::kGeluTanh ? PointwiseKind::kGeluTanh : kind == Activation::kSilu ? PointwiseKind::kSilu : PointwiseKind::kRelu;
}

// Calls body with the kind as a constant.
template <class Body>
cudaError_t with_kind(PointwiseKind kind, const Body& body) {
  switch (kind) {
    case PointwiseKind::kGelu: return body(std::integral_constant<PointwiseKind, PointwiseKind::kGelu>());
    case PointwiseKind::kGeluTanh: return body(std::integral_constant<PointwiseKind, PointwiseKind::kGeluTanh>());
    case PointwiseKind::kSilu: return body(std::integral_constant<PointwiseKind, PointwiseKind::kSilu>());
    case PointwiseKind::kRelu: return body(std::integral_constant<PointwiseKind, PointwiseKind::kRelu>());
    case PointwiseKind::kTanh: return body(std::integral_constant<PointwiseKind, PointwiseKind::kTanh>());
    case PointwiseKind::kNone: return body(std::integral_constant<PointwiseKind, PointwiseKind::kNone>());
  }
  return cudaErrorInvalidValue;
}

// a / b within 2 ulp for b below 2^126, where / takes eight instructions.
REFINE_DEVICE float divide_fast(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fdividef(a, b);
#else
  return a / b;
#endif
}

// The kind is a template's constant in every kernel, so that no branch stands in a loop.
template <PointwiseKind kKind>
REFINE_DEVICE float activate(float x) {
  if constexpr (kKind == PointwiseKind::kGelu) return 0.5f * x * erfcf(-0.70710678118654752f * x);
  if constexpr (kKind == PointwiseKind::kGeluTanh) return x / (1.0f + expf(-1.59576912160573071f * (x + 0.044715f * x * x * x)));
  if constexpr (kKind == PointwiseKind::kSilu) return x / (1.0f + expf(-x));
  if constexpr (kKind == PointwiseKind::kRelu) return x > 0 ? x : (x != x ? x : 0.0f);
  if constexpr (kKind == PointwiseKind::kTanh) return tanhf(x);
  return x;
}

template <PointwiseKind kKind>
REFINE_DEVICE float activate_fast(float x) {
  constexpr float kLog2E = 1.44269504088896341f;
  if constexpr (kKind == PointwiseKind::kGelu) {
    const float z = 0.70710678118654752f * fabsf(x), t = divide_fast(1.0f, 1.0f + 0.3275911f * z);
    const float series = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    const float tail = 0.5f * series * exp2_fast(-kLog2E * z * z);  // of the normal distribution beyond |x|
    return x * (x < 0 ? tail : 1.0f - tail);
  }
  // exp2 is kept below 2^125: divide_fast(x, inf) would be NaN
  if constexpr (kKind == PointwiseKind::kGeluTanh) return divide_fast(x, 1.0f + exp2_fast(fminf(-1.59576912160573071f * kLog2E * (x + 0.044715f * x * x * x), 125.0f)));
  if constexpr (kKind == PointwiseKind::kSilu) return divide_fast(x, 1.0f + exp2_fast(fminf(-kLog2E * x, 125.0f)));
  return activate<kKind>(x);
}

// What a tensor of T takes.
template <class T, PointwiseKind kKind>
REFINE_DEVICE float activate_as(float x) {
  if constexpr (sizeof(T) == 4) return activate<kKind>(x);
  return activate_fast<kKind>(x);
}

}  // namespace refine::cuda
