// Activations against float64, over their whole range: the fp32 twins within 1e-5, tails included; bf16 within its own coarseness, element by element.
#pragma once
#include "../activation.h"
#include "reference_rows.h"
#include "suite.h"

namespace refine::cuda::testing {

constexpr PointwiseKind kEveryKind[] = {PointwiseKind::kGelu, PointwiseKind::kGeluTanh, PointwiseKind::kSilu, PointwiseKind::kRelu, PointwiseKind::kTanh, PointwiseKind::kNone};

template <class T>
void check_activation_case(Suite& suite, PointwiseKind kind, int64_t count) {
  const std::string label = std::string(type_name<T>()) + " kind " + std::to_string(int(kind)) + ", " + std::to_string(count);
  auto x = draw<T>(suite.random, size_t(count), 3.0f);
  for (size_t i = 7; i < x.size(); i += 7) x[i] = stored<T>(x[i] * 4);  // the tails
  if (count > 16) x[11] = 0, x[12] = stored<T>(-300.0f), x[13] = stored<T>(300.0f), x[14] = stored<T>(-100.0f);
  std::vector<double> reference;
  for (const float value : x) reference.push_back(reference_activate(kind, double(value)));
  auto device_x = suite.upload_as<T>(x), out = suite.output<T>(size_t(count));
  if (!suite.launched(label, activate_rows<T>(suite.context(), kind, device_x, out, count))) return;
  const auto got = suite.download_floats(out);
  suite.close(label, got, reference, sizeof(T) == 4 ? kFp32 : kBf16);
  bool near = true;  // every element by its own size
  for (size_t i = 0; i < got.size(); ++i) near = near && std::fabs(double(got[i]) - reference[i]) <= (sizeof(T) == 4 ? 1e-5 : 1e-2) * std::fabs(reference[i]) + (sizeof(T) == 4 ? 1e-30 : 1e-7);
  suite.that(label + ": every element", near);
  if (!suite.launched(label + " in place", activate_rows<T>(suite.context(), kind, device_x, device_x, count))) return;
  suite.equal(label + " in place", suite.download_floats(device_x), got);
}

template <class T>
void check_gate_case(Suite& suite, PointwiseKind kind, int64_t rows, int64_t width) {
  const std::string label = std::string(type_name<T>()) + " gate " + std::to_string(int(kind)) + ", " + std::to_string(rows) + " x " + std::to_string(width);
  const auto both = draw<T>(suite.random, size_t(rows * 2 * width), 2.0f);
  std::vector<double> reference;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t c = 0; c < width; ++c) reference.push_back(reference_activate(kind, double(both[size_t(row * 2 * width + c)])) * double(both[size_t((row * 2 + 1) * width + c)]));
  auto device = suite.upload_as<T>(both), out = suite.output<T>(reference.size());
  if (!suite.launched(label, gate_rows<T>(suite.context(), kind, device, device.data() + width, 2 * width, out, rows, width))) return;
  suite.close(label, suite.download_floats(out), reference, sizeof(T) == 4 ? kFp32 : kBf16);
}

template <class T>
void check_clip_case(Suite& suite, int64_t rows, int64_t width, int64_t stride) {
  const std::string label = std::string(type_name<T>()) + " clip " + std::to_string(rows) + " x " + std::to_string(width);
  const auto x = draw<T>(suite.random, size_t(rows * stride), 8.0f);
  auto reference = x;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t c = 0; c < width; ++c) {
      float& value = reference[size_t(row * stride + c)];
      value = std::min(std::max(value, -6.0f), 6.0f);
    }
  auto device = suite.upload_as<T>(x);
  if (!suite.launched(label, clip_rows<T>(suite.context(), device, rows, width, stride, 6.0f))) return;
  suite.equal(label, suite.download_floats(device), reference);
}

inline void check_activation(Suite& suite) {
  for (const PointwiseKind kind : kEveryKind) {
    for (const int64_t size : suite.sizes()) {
      check_activation_case<bf16>(suite, kind, size);
      check_activation_case<float>(suite, kind, size);
    }
    check_activation_case<bf16>(suite, kind, 4096 + 8);  // one past a block
    check_activation_case<float>(suite, kind, 2048 + 4);
    check_gate_case<bf16>(suite, kind, 3, 48);
    check_gate_case<float>(suite, kind, 3, 17);
  }
  check_gate_case<bf16>(suite, PointwiseKind::kSilu, 2, 4104);
  check_gate_case<float>(suite, PointwiseKind::kSilu, 2, 2052);
  for (const int64_t size : suite.sizes()) {
    check_clip_case<bf16>(suite, size, 24, 40);
    check_clip_case<float>(suite, 3, size, size + 3);
  }
  suite.that("nothing", activate_rows<bf16>(suite.context(), PointwiseKind::kGelu, nullptr, nullptr, 0) == cudaSuccess && gate_rows<float>(suite.context(), PointwiseKind::kGelu, nullptr, nullptr, 8, nullptr, 0, 8) == cudaSuccess &&
                            clip_rows<float>(suite.context(), nullptr, 0, 8, 8, 1.0f) == cudaSuccess);
  suite.refused("no pointer", activate_rows<bf16>(suite.context(), PointwiseKind::kGelu, nullptr, nullptr, 8));
  suite.refused("a stride below the width", gate_rows<float>(suite.context(), PointwiseKind::kGelu, nullptr, nullptr, 7, nullptr, 1, 8));
}

}  // namespace refine::cuda::testing
