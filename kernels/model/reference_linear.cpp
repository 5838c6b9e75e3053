// Dot products and linear layers of the reference; see reference.h.
#include "reference.h"

namespace refine::reference {

double dot(const float* a, const float* b, int64_t length) {
  double sums[8] = {};
  int64_t i = 0;
  for (; i + 8 <= length; i += 8)
    for (int64_t lane = 0; lane < 8; ++lane) sums[lane] += double(a[i + lane]) * double(b[i + lane]);
  for (int64_t lane = 0; i < length; ++i, ++lane) sums[lane] += double(a[i]) * double(b[i]);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

void linear(const float* x, int64_t rows, const float* weight, const float* bias, int64_t out, int64_t in, float* y) {
  for (int64_t t = 0; t < rows; ++t)
    for (int64_t o = 0; o < out; ++o) y[t * out + o] = float(dot(x + t * in, weight + o * in, in) + (bias ? double(bias[o]) : 0.0));
}

}  // namespace refine::reference
