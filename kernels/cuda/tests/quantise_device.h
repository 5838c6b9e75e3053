// 8-bit rows against the CPU's rule, bit for bit: nearest even of x times 127 / max|x|; rows of zeros, of the smallest numbers, and with
// values that are no numbers.
#pragma once
#include <cmath>
#include <limits>

#include "../quantise.h"
#include "suite.h"

namespace refine::cuda::testing {

template <class T>
void check_rows(Suite& suite, int64_t m, int64_t k) {
  auto x = suite.random.normal_bf16(size_t(m * k), 3.0f);
  for (int64_t row = 0; row < m; ++row)
    for (int64_t i = 0; i < k; ++i) {
      auto& value = x[size_t(row * k + i)];
      if (row % 7 == 3) value = 0;
      if (row % 7 == 4) value *= std::ldexp(1.0f, -126);
      if (row % 7 == 5 && i == k - 1) value = std::numeric_limits<float>::infinity();
      if (row % 7 == 6 && i == k / 2) value = std::numeric_limits<float>::quiet_NaN();
      if (row % 7 == 2) value = float(i % 256) - 128;  // halves after scaling by 127 / 128
    }
  std::vector<int8_t> q(size_t(m * k));
  std::vector<float> scales(size_t(m), 0.0f);
  for (int64_t row = 0; row < m; ++row) {
    float top = 0;
    bool broken = false;
    for (int64_t i = 0; i < k; ++i) top = std::max(top, std::fabs(x[size_t(row * k + i)])), broken |= !std::isfinite(x[size_t(row * k + i)]);
    const float by = broken || top < 1e-30f ? 0.0f : 127.0f / top;
    for (int64_t i = 0; i < k; ++i) q[size_t(row * k + i)] = by == 0 ? int8_t(0) : int8_t(std::nearbyint(x[size_t(row * k + i)] * by));
    const uint32_t nan_bits = 0x7fc00000u;
    if (broken) std::memcpy(&scales[size_t(row)], &nan_bits, 4);
    else scales[size_t(row)] = by == 0 ? 0.0f : top / 127.0f;
  }
  const auto device_x = suite.upload_as<T>(x);
  const auto device_q = suite.output<int8_t>(size_t(m * k));
  const auto device_scales = suite.output<float>(size_t(m));
  const std::string label = std::to_string(m) + " x " + std::to_string(k) + (std::is_same_v<T, float> ? " fp32" : " bf16");
  if (!suite.launched(label, quantise_rows(suite.context(), device_x.data(), device_q, device_scales, m, k))) return;
  suite.equal(label, suite.download(device_q), q);
  suite.equal(label + " scales", suite.download(device_scales), scales);
}

inline void check_quantise(Suite& suite) {
  for (const int64_t size : suite.sizes()) {
    check_rows<bf16>(suite, size, size);
    check_rows<float>(suite, size, size);
  }
  for (const int64_t k : {0, 8, 256, 264, 300}) {
    check_rows<bf16>(suite, 15, k);
    check_rows<float>(suite, 15, k);
  }
  check_rows<bf16>(suite, 0, 8);
}

}  // namespace refine::cuda::testing
