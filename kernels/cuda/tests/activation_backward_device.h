// The backward of activations against central differences of the float64 functions.
#pragma once
#include "../activation_backward.h"
#include "activation_device.h"

namespace refine::cuda::testing {

inline double reference_slope(PointwiseKind kind, double x) {
  if (kind == PointwiseKind::kRelu) return x > 0 ? 1 : 0;
  const double step = 1e-5;
  return (reference_activate(kind, x + step) - reference_activate(kind, x - step)) / (2 * step);
}

template <class T>
void check_activation_backward_case(Suite& suite, PointwiseKind kind, int64_t rows, int64_t width) {
  const std::string label = std::string(type_name<T>()) + " kind " + std::to_string(int(kind)) + ", " + std::to_string(rows) + " x " + std::to_string(width);
  const Limits limits = sizeof(T) == 4 ? kFp32 : kBf16;
  const size_t count = size_t(rows * width);
  const auto x = draw<T>(suite.random, count, 2.0f), dout = draw<T>(suite.random, count);
  std::vector<double> reference;
  for (size_t i = 0; i < count; ++i) reference.push_back(double(dout[i]) * reference_slope(kind, double(x[i])));
  auto device_x = suite.upload_as<T>(x), device_dout = suite.upload_as<T>(dout), dx = suite.output<T>(count);
  if (!suite.launched(label, activate_backward<T>(suite.context(), kind, device_x, device_dout, dx, int64_t(count)))) return;
  suite.close(label, suite.download_floats(dx), reference, limits);
  const auto both = draw<T>(suite.random, 2 * count, 2.0f);
  std::vector<double> gates(2 * count);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t c = 0; c < width; ++c) {
      const size_t place = size_t(row * 2 * width + c);
      const double g = double(dout[size_t(row * width + c)]);
      gates[place] = g * double(both[place + size_t(width)]) * reference_slope(kind, double(both[place]));
      gates[place + size_t(width)] = g * reference_activate(kind, double(both[place]));
    }
  auto device = suite.upload_as<T>(both);
  if (!suite.launched(label + " gated", gate_backward<T>(suite.context(), kind, device, device.data() + width, 2 * width, device_dout, device, device.data() + width, rows, width))) return;
  suite.close(label + " gated, in place", suite.download_floats(device), gates, limits);
}

inline void check_activation_backward(Suite& suite) {
  for (const PointwiseKind kind : kEveryKind) {
    for (const int64_t size : suite.sizes()) check_activation_backward_case<bf16>(suite, kind, size, 24);
    check_activation_backward_case<float>(suite, kind, 3, 17);
    check_activation_backward_case<float>(suite, kind, 2, 1028);
  }
  suite.that("nothing", activate_backward<bf16>(suite.context(), PointwiseKind::kGelu, nullptr, nullptr, nullptr, 0) == cudaSuccess);
  suite.refused("no pointers", gate_backward<float>(suite.context(), PointwiseKind::kGelu, nullptr, nullptr, 8, nullptr, nullptr, nullptr, 1, 8));
}

}  // namespace refine::cuda::testing
