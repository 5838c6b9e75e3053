// LayerNorm (Ba et al. 2016) and RMSNorm (Zhang & Sennrich 2019); see reference.h.
#include <cmath>

#include "reference.h"

namespace refine::reference {

void norm(Norm kind, float epsilon, const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float* y) {
  for (int64_t t = 0; t < rows; ++t, x += width, y += width) {
    double mean = 0;  // RMSNorm measures from 0
    if (kind == Norm::kLayer) {
      for (int64_t c = 0; c < width; ++c) mean += double(x[c]);
      mean /= double(width);
    }
    double variance = 0;
    for (int64_t c = 0; c < width; ++c) variance += (double(x[c]) - mean) * (double(x[c]) - mean);
    const double scale = 1.0 / std::sqrt(variance / double(width) + double(epsilon));
    for (int64_t c = 0; c < width; ++c) {
      const double unit = (double(x[c]) - mean) * scale;
      y[c] = float(unit * (weight ? double(weight[c]) : 1.0) + (bias ? double(bias[c]) : 0.0));
    }
  }
}

}  // namespace refine::reference
