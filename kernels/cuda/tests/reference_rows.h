// The float64 oracles of the operators that are no matrix product, written from kernels/model/reference_*.cpp over plain vectors so that the same
// header serves the emulated tests and the programs on a card, which link no refine core.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../activation_math.h"

namespace refine::cuda::testing {

inline double reference_activate(PointwiseKind kind, double x) {
  switch (kind) {
    case PointwiseKind::kGelu: return 0.5 * x * std::erfc(-x * 0.70710678118654752440);
    case PointwiseKind::kGeluTanh: return x / (1.0 + std::exp(-2.0 * 0.79788456080286535588 * (x + 0.044715 * x * x * x)));
    case PointwiseKind::kSilu: return x / (1.0 + std::exp(-x));
    case PointwiseKind::kRelu: return x > 0 ? x : 0.0;
    case PointwiseKind::kTanh: return std::tanh(x);
    case PointwiseKind::kNone: return x;
  }
  return x;
}

// bf16 rounding where T is bf16, for what a kernel stores and reads again.
template <class T>
float stored(float value) {
  return to_float(from_float<T>(value));
}
template <class T>
const char* type_name() {
  return sizeof(T) == 4 ? "float" : "bf16";
}
template <class T>
std::vector<float> draw(auto& random, size_t count, float scale = 1.0f) {
  return sizeof(T) == 4 ? random.normal(count, scale) : random.normal_bf16(count, scale);
}

}  // namespace refine::cuda::testing
