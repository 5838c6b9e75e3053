// Activation functions; see reference.h. GELU: Hendrycks & Gimpel 2016, its tanh form as GPT-2 has it; SiLU: Elfwing et al. 2017.
#include "reference.h"
#include "refine/fixed_math.h"

namespace refine::reference {

double activate(Activation kind, double x) {
  constexpr double kHalfRoot = 0.70710678118654752440, kRootTwoOverPi = 0.79788456080286535588;
  switch (kind) {
    case Activation::kGelu: return 0.5 * x * (1.0 + fixed_erf(x * kHalfRoot));
    case Activation::kGeluTanh: return 0.5 * x * (1.0 + fixed_tanh(kRootTwoOverPi * (x + 0.044715 * x * x * x)));
    case Activation::kSilu: return x < -700.0 ? 0.0 : x / (1.0 + fixed_exp(-x));
    case Activation::kRelu: return x > 0 ? x : (x != x ? x : 0.0);
  }
  return x;
}

}  // namespace refine::reference
