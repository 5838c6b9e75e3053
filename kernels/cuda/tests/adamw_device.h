// AdamW against float64 over several steps, with a bf16 gradient and without, a scale from the device and none; a step whose norm is not finite is
// skipped; squared sums around a part's size, added in parts, twice the same bits.
#pragma once
#include "../adamw.h"
#include "reference_rows.h"
#include "suite.h"

namespace refine::cuda::testing {

template <class G>
void check_adamw_case(Suite& suite, int64_t count, bool clipped) {
  const std::string label = std::string(type_name<G>()) + " " + std::to_string(count) + (clipped ? " clipped" : "");
  const auto start = suite.random.normal(size_t(count));
  std::vector<double> w(start.begin(), start.end()), m(w.size()), v(w.size());
  auto weight = suite.upload(start), first = suite.upload(std::vector<float>(w.size())), second = suite.upload(std::vector<float>(w.size()));
  auto copy = suite.output<bf16>(w.size());
  auto sum = suite.output<double>(1);
  auto partials = suite.output<float>(size_t(squared_sum_partials(count)));
  auto scale = suite.output<float>(1), norm = suite.output<float>(1);
  for (int step = 1; step <= 3; ++step) {
    const auto gradient = draw<G>(suite.random, w.size());
    auto device_gradient = suite.upload_as<G>(gradient);
    double squares = 0;
    for (const float value : gradient) squares += double(value) * double(value);
    const double length = std::sqrt(squares), limit = clipped ? length / 2 : length * 2;
    suite.launched(label, squared_sum<G>(suite.context(), device_gradient, count, partials, sum, false));
    suite.launched(label, clip_scale(suite.context(), sum, float(limit), scale, norm));
    suite.close(label + ": norm", suite.download_floats(norm), std::vector<double>{length}, kFp32);
    const double share = float(limit) < length ? double(float(limit)) / length : 1.0;
    suite.close(label + ": scale", suite.download_floats(scale), std::vector<double>{share}, kFp32);
    AdamwStep options;
    options.rate = 1e-2f;
    options.decay = 0.1f;
    options.correction1 = float(1 / (1 - std::pow(double(options.beta1), step)));
    options.correction2 = float(1 / (1 - std::pow(double(options.beta2), step)));
    suite.launched(label, adamw<G>(suite.context(), options, weight, first, second, device_gradient, scale, copy, count));
    for (size_t i = 0; i < w.size(); ++i) {
      const double g = double(gradient[i]) * share;
      m[i] = double(options.beta1) * m[i] + (1 - double(options.beta1)) * g;
      v[i] = double(options.beta2) * v[i] + (1 - double(options.beta2)) * g * g;
      w[i] = w[i] * (1 - double(options.rate) * double(options.decay)) - double(options.rate) * m[i] * double(options.correction1) / (std::sqrt(v[i] * double(options.correction2)) + double(options.epsilon));
    }
  }
  const auto got = suite.download(weight);
  suite.close(label + ": weights", got, w, kFp32);
  suite.close(label + ": first moments", suite.download(first), m, kFp32);
  suite.close(label + ": second moments", suite.download(second), v, kFp32);
  std::vector<float> rounded;
  for (const float value : got) rounded.push_back(stored<bf16>(value));
  suite.equal(label + ": bf16 copy", suite.download_floats(copy), rounded);
  // A gradient that is not finite changes nothing.
  auto bad = suite.upload_as<G>(std::vector<float>(w.size(), std::numeric_limits<float>::infinity()));
  suite.launched(label, squared_sum<G>(suite.context(), bad, count, partials, sum, false));
  suite.launched(label, clip_scale(suite.context(), sum, 1.0f, scale, nullptr));
  suite.launched(label, adamw<G>(suite.context(), {}, weight, first, second, bad, scale, copy, count));
  suite.equal(label + ": a step that is not finite is skipped", suite.download(weight), got);
}

inline void check_adamw(Suite& suite) {
  for (const int64_t size : suite.sizes()) {
    check_adamw_case<float>(suite, size, true);
    check_adamw_case<bf16>(suite, size, false);
  }
  check_adamw_case<bf16>(suite, 1028, true);
  for (const int64_t count : {int64_t(0), int64_t(8191), int64_t(8192), int64_t(8193), int64_t(20003)}) {
    const auto x = suite.random.normal(size_t(count));
    double reference = 0;
    for (const float value : x) reference += double(value) * double(value);
    auto device = suite.upload(x), partials = suite.output<float>(size_t(squared_sum_partials(count)));
    auto sum = suite.output<double>(1);
    suite.launched("squares", squared_sum<float>(suite.context(), device, count, partials, sum, false));
    const auto once = suite.download(sum);
    suite.close("squares of " + std::to_string(count), std::vector<float>{float(once[0])}, std::vector<double>{reference}, kFp32);
    suite.launched("squares", squared_sum<float>(suite.context(), device, count, partials, sum, true));
    suite.that("squares add up", suite.download(sum)[0] == once[0] + once[0]);
  }
  suite.that("nothing to update", adamw<float>(suite.context(), {}, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0) == cudaSuccess);
  suite.refused("no pointers", adamw<float>(suite.context(), {}, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 8));
}

}  // namespace refine::cuda::testing
