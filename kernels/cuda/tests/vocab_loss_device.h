// The fused vocabulary projection and loss against float64 log-sum-exp of float64 logits: vocabularies around a tile and a part, large
// logits, targets left out and out of range, and a row alone against the same row in company, bit for bit.
#pragma once
#include <cmath>
#include <string>

#include "../vocab_loss.h"
#include "suite.h"

namespace refine::cuda::testing {

struct VocabCase {
  int64_t t, c, v;
  bool bias = false;
  float spread = 1;  // of the logits
};

struct VocabReference {
  std::vector<double> losses, log_sums;
};
template <class Logit>
VocabReference vocab_reference(Suite& suite, const VocabCase& c, const std::vector<int32_t>& targets, Logit logit) {
  VocabReference out{std::vector<double>(size_t(c.t)), std::vector<double>(size_t(c.t))};
  suite.parallel(c.t, [&](int64_t row) {
    std::vector<double> logits(size_t(c.v));
    for (int64_t j = 0; j < c.v; ++j) logits[size_t(j)] = logit(row, j);
    const double top = *std::max_element(logits.begin(), logits.end());
    double total = 0;
    for (const double x : logits) total += std::exp(x - top);
    out.log_sums[size_t(row)] = top + std::log(total);
    const int32_t target = targets[size_t(row)];
    out.losses[size_t(row)] = target < 0 ? 0 : out.log_sums[size_t(row)] - logits[size_t(target)];
  });
  return out;
}
inline std::vector<int32_t> vocab_targets(Suite& suite, const VocabCase& c) {
  auto targets = suite.random.integers<int32_t>(size_t(c.t), 0, c.v - 1);
  for (int64_t i = 0; i < c.t; ++i) {
    if (i % 16 == 5) targets[size_t(i)] = -1;
    if (i % 16 == 6) targets[size_t(i)] = int32_t(c.v - 1);
    if (i % 16 == 7) targets[size_t(i)] = 0;
  }
  return targets;
}
// Losses in nats: absolute differences against the size of a logit.
inline void check_losses(Suite& suite, const std::string& label, const Buffer<float>& losses, const Buffer<float>& log_sums, const VocabReference& reference) {
  constexpr Limits kNats{1e-5, 64.0};
  suite.close(label + " losses", suite.download(losses), reference.losses, kNats);
  suite.close(label + " log sums", suite.download(log_sums), reference.log_sums, kNats);
}

template <class T>
void check_vocab_float(Suite& suite, const VocabCase& c) {
  const auto x = suite.random.normal_bf16(size_t(c.t * c.c), c.spread), head = suite.random.normal_bf16(size_t(c.v * c.c), 1.0f / std::sqrt(float(c.c))), bias = suite.random.normal(size_t(c.v));
  const auto targets = vocab_targets(suite, c);
  const auto device_x = suite.upload_as<T>(x), device_head = suite.upload_as<T>(head);
  const auto device_bias = suite.upload(bias);
  const auto device_targets = suite.upload(targets);
  const auto losses = suite.output<float>(size_t(c.t)), log_sums = suite.output<float>(size_t(c.t));
  const std::string label = (std::is_same_v<T, float> ? "fp32 " : "bf16 ") + std::to_string(c.t) + " x " + std::to_string(c.c) + " x " + std::to_string(c.v) + (c.bias ? " bias" : "");
  if (!suite.launched(label, vocab_loss(suite.context(), device_x.data(), device_head.data(), c.bias ? device_bias.data() : nullptr, device_targets, losses, log_sums, c.t, c.c, c.v))) return;
  check_losses(suite, label, losses, log_sums, vocab_reference(suite, c, targets, [&](int64_t row, int64_t j) {
                 double sum = c.bias ? double(bias[size_t(j)]) : 0;
                 for (int64_t i = 0; i < c.c; ++i) sum += double(x[size_t(row * c.c + i)]) * double(head[size_t(j * c.c + i)]);
                 return sum;
               }));
  if (c.t < 2) return;
  // The last row alone.
  const auto one = suite.output<float>(1);
  const auto last = suite.upload_as<T>(std::vector<float>(x.end() - c.c, x.end()));
  const auto last_target = suite.upload(std::vector<int32_t>(targets.end() - 1, targets.end()));
  if (!suite.launched(label, vocab_loss(suite.context(), last.data(), device_head.data(), c.bias ? device_bias.data() : nullptr, last_target, one, nullptr, 1, c.c, c.v))) return;
  suite.equal(label + ": a row alone", suite.download(one), std::vector<float>(1, suite.download(losses).back()));
}

inline void check_vocab_int8(Suite& suite, const VocabCase& c) {
  const auto x = suite.random.integers<int8_t>(size_t(c.t * c.c), -127, 127), head = suite.random.integers<int8_t>(size_t(c.v * c.c), -127, 127);
  auto x_scale = suite.random.normal(size_t(c.t)), head_scale = suite.random.normal(size_t(c.v));
  for (auto& value : x_scale) value = (1 + std::fabs(value)) / 73.0f;
  for (auto& value : head_scale) value = (1 + std::fabs(value)) / 73.0f / std::sqrt(float(c.c));
  const auto bias = suite.random.normal(size_t(c.v));
  const auto targets = vocab_targets(suite, c);
  const auto device_x = suite.upload(x), device_head = suite.upload(head);
  const auto device_x_scale = suite.upload(x_scale), device_head_scale = suite.upload(head_scale), device_bias = suite.upload(bias);
  const auto device_targets = suite.upload(targets);
  const auto losses = suite.output<float>(size_t(c.t)), log_sums = suite.output<float>(size_t(c.t));
  const std::string label = "int8 " + std::to_string(c.t) + " x " + std::to_string(c.c) + " x " + std::to_string(c.v) + (c.bias ? " bias" : "");
  if (!suite.launched(label, vocab_loss_s8(suite.context(), device_x, device_x_scale, device_head, device_head_scale, c.bias ? device_bias.data() : nullptr, device_targets, losses, log_sums, c.t, c.c, c.v)))
    return;
  check_losses(suite, label, losses, log_sums, vocab_reference(suite, c, targets, [&](int64_t row, int64_t j) {
                 int64_t sum = 0;
                 for (int64_t i = 0; i < c.c; ++i) sum += int64_t(x[size_t(row * c.c + i)]) * int64_t(head[size_t(j * c.c + i)]);
                 return double(sum) * double(x_scale[size_t(row)]) * double(head_scale[size_t(j)]) + (c.bias ? double(bias[size_t(j)]) : 0);
               }));
}

// Gradients in float64 from the oracle's own log sums; the kernel's d passes through bf16.
inline void check_vocab_backward(Suite& suite, const VocabCase& c, bool accumulate) {
  const auto x = suite.random.normal_bf16(size_t(c.t * c.c), c.spread), head = suite.random.normal_bf16(size_t(c.v * c.c), 1.0f / std::sqrt(float(c.c))), bias = suite.random.normal(size_t(c.v));
  const auto upstream = suite.random.normal(size_t(c.t)), before = suite.random.normal(size_t(c.v * c.c));
  const auto targets = vocab_targets(suite, c);
  const auto logit = [&](int64_t row, int64_t j) {
    double sum = c.bias ? double(bias[size_t(j)]) : 0;
    for (int64_t i = 0; i < c.c; ++i) sum += double(x[size_t(row * c.c + i)]) * double(head[size_t(j * c.c + i)]);
    return sum;
  };
  const auto reference = vocab_reference(suite, c, targets, logit);
  std::vector<float> log_sum(reference.log_sums.begin(), reference.log_sums.end());
  std::vector<double> d(size_t(c.t * c.v)), dx(size_t(c.t * c.c)), dhead(size_t(c.v * c.c));
  suite.parallel(c.t, [&](int64_t row) {
    const int32_t target = targets[size_t(row)];
    for (int64_t j = 0; j < c.v && target >= 0; ++j) {
      const double own = (std::exp(logit(row, j) - reference.log_sums[size_t(row)]) - (j == target ? 1 : 0)) * double(upstream[size_t(row)]);
      d[size_t(row * c.v + j)] = own;
      for (int64_t i = 0; i < c.c; ++i) dx[size_t(row * c.c + i)] += own * double(head[size_t(j * c.c + i)]);
    }
  });
  suite.parallel(c.v, [&](int64_t j) {
    for (int64_t i = 0; i < c.c; ++i) {
      double sum = accumulate ? double(before[size_t(j * c.c + i)]) : 0;
      for (int64_t row = 0; row < c.t; ++row) sum += d[size_t(row * c.v + j)] * double(x[size_t(row * c.c + i)]);
      dhead[size_t(j * c.c + i)] = sum;
    }
  });
  const auto device_x = suite.upload_as<bf16>(x), device_head = suite.upload_as<bf16>(head);
  const auto device_bias = suite.upload(bias), device_log_sum = suite.upload(log_sum), device_upstream = suite.upload(upstream);
  const auto device_targets = suite.upload(targets);
  const auto device_dx = suite.output<bf16>(size_t(c.t * c.c));
  const auto device_dhead = accumulate ? suite.upload(before) : suite.output<float>(size_t(c.v * c.c));
  const std::string label = "backward " + std::to_string(c.t) + " x " + std::to_string(c.c) + " x " + std::to_string(c.v) + (c.bias ? " bias" : "") + (accumulate ? " added" : "");
  if (!suite.launched(label, vocab_loss_backward(suite.context(), device_x.data(), device_head.data(), c.bias ? device_bias.data() : nullptr, device_targets, device_log_sum, device_upstream, device_dx.data(),
                                                 device_dhead, accumulate, c.t, c.c, c.v)))
    return;
  suite.close(label + " dx", suite.download_floats(device_dx), dx, kBf16);
  suite.close(label + " dhead", suite.download(device_dhead), dhead, kBf16);
}

inline void check_vocab_loss(Suite& suite) {
  const int processors = suite.context().multiprocessors;
  for (const int64_t size : suite.sizes()) {
    check_vocab_float<bf16>(suite, {size, 64, size + 1});
    check_vocab_float<float>(suite, {size, 33, size + 1, true});
    check_vocab_int8(suite, {size, 64, size + 1});
  }
  suite.context().multiprocessors = 2;
  for (const VocabCase& c : {VocabCase{3, 33, 40}, VocabCase{130, 24, 2049, true}, VocabCase{17, 64, 4100, false, 20}, VocabCase{66, 520, 300, true}, VocabCase{40, 584, 257, false, 8}}) {
    check_vocab_float<bf16>(suite, c);
    check_vocab_float<float>(suite, c);
    check_vocab_int8(suite, c);
  }
  suite.context().multiprocessors = processors;
  check_vocab_backward(suite, {40, 24, 72, true, 2}, false);
  check_vocab_backward(suite, {17, 33, 65, false, 3}, true);
  check_vocab_backward(suite, {9, 8, 8210, false, 2}, true);  // two slices
  // A row without a finite logit, targets past the vocabulary.
  const auto x = suite.upload_as<bf16>(std::vector<float>{NAN, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}), head = suite.upload_as<bf16>(std::vector<float>(64, 1.0f));
  const auto targets = suite.upload(std::vector<int32_t>{1, 8});
  const auto losses = suite.output<float>(2);
  if (suite.launched("no number", vocab_loss(suite.context(), x.data(), head.data(), nullptr, targets, losses, nullptr, 2, 8, 8))) {
    const auto out = suite.download(losses);
    suite.that("a row with NaN has loss NaN", std::isnan(out[0]));
    suite.that("a target past the vocabulary has loss NaN", std::isnan(out[1]));
  }
  Context small = suite.context();
  small.workspace_bytes = vocab_loss_workspace(2, 8) - 1;
  suite.refused("too small a workspace", vocab_loss(small, x.data(), head.data(), nullptr, targets, losses, nullptr, 2, 8, 8));
}

}  // namespace refine::cuda::testing
