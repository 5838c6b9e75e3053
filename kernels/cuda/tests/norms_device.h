// LayerNorm and RMSNorm against float64: widths around a pack, a warp's row and a block's; every optional part on and off; strided rows in
// place; rows that do not divide a block.
#pragma once
#include "../norms.h"
#include "reference_rows.h"
#include "suite.h"

namespace refine::cuda::testing {

struct NormCase {
  int64_t rows, width;
  bool mean, before, sum, after, affine, bias;
  int64_t gap = 0;  // between a row's end and the next: rows in place inside wider ones
};

template <class T>
void check_norm_case(Suite& suite, const NormCase& c) {
  const std::string label = std::string(c.mean ? "layer " : "rms ") + type_name<T>() + " " + std::to_string(c.rows) + " x " + std::to_string(c.width) + (c.gap ? " strided, in place" : "") +
                            (c.before ? " before" : "") + (c.sum ? " sum" : "") + (c.after ? " after" : "") + (c.affine ? " weight" : "") + (c.bias ? " bias" : "");
  const int64_t stride = c.width + c.gap;
  const size_t count = size_t(c.rows * c.width), wide = size_t(c.rows * stride);
  auto x = draw<T>(suite.random, wide, 2.0f);
  for (auto& value : x) value = stored<T>(value + 3.0f);  // a mean that a sum of squares would lose digits on
  const auto before = draw<T>(suite.random, count), after = draw<T>(suite.random, count), weight = suite.random.normal(size_t(c.width)), bias = suite.random.normal(size_t(c.width));
  const float epsilon = 1e-5f;
  std::vector<double> reference(wide), sums(count);
  std::vector<float> means(static_cast<size_t>(c.rows)), inverses(static_cast<size_t>(c.rows));
  for (size_t i = 0; i < wide; ++i) reference[i] = double(x[i]);
  for (int64_t row = 0; row < c.rows; ++row) {
    std::vector<double> values(static_cast<size_t>(c.width));
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < c.width; ++i) {
      const size_t dense = size_t(row * c.width + i);
      float value = x[size_t(row * stride + i)];
      if (c.before) value += before[dense];
      if (c.sum) value = stored<T>(value);
      values[size_t(i)] = value;
      sums[dense] = value;
      mean += value;
    }
    mean = c.mean ? mean / double(c.width) : 0;
    for (const double value : values) variance += (value - mean) * (value - mean);
    const double inverse = 1 / std::sqrt(variance / double(c.width) + double(epsilon));
    means[size_t(row)] = float(mean);
    inverses[size_t(row)] = float(inverse);
    for (int64_t i = 0; i < c.width; ++i)
      reference[size_t(row * stride + i)] = (values[size_t(i)] - mean) * inverse * (c.affine ? double(weight[size_t(i)]) : 1) + (c.affine && c.bias ? double(bias[size_t(i)]) : 0) +
                                            (c.after ? double(after[size_t(row * c.width + i)]) : 0);
  }
  auto device_x = suite.upload_as<T>(x), device_before = suite.upload_as<T>(before), device_after = suite.upload_as<T>(after), out = suite.output<T>(count), sum = suite.output<T>(count);
  auto device_weight = suite.upload(weight), device_bias = suite.upload(bias), mean = suite.output<float>(size_t(c.rows)), inverse = suite.output<float>(size_t(c.rows));
  NormRows<T> call;
  call.x = device_x;
  call.out = c.gap ? device_x.data() : out.data();
  call.rows = c.rows;
  call.width = c.width;
  call.x_stride = c.gap ? stride : 0;
  call.out_stride = c.gap ? stride : 0;
  call.before = c.before ? device_before.data() : nullptr;
  call.sum = c.sum ? sum.data() : nullptr;
  call.after = c.after ? device_after.data() : nullptr;
  call.weight = c.affine ? device_weight.data() : nullptr;
  call.bias = c.affine && c.bias ? device_bias.data() : nullptr;
  call.epsilon = epsilon;
  call.mean = mean;
  call.inverse = inverse;
  if (!suite.launched(label, c.mean ? layer_norm(suite.context(), call) : rms_norm(suite.context(), call))) return;
  const Limits limits = sizeof(T) == 4 ? kFp32 : kBf16;
  suite.close(label, suite.download_floats(c.gap ? device_x : out), reference, limits);
  if (c.sum) suite.close(label + ": sum", suite.download_floats(sum), sums, Limits{1e-7, 64});
  if (c.mean) suite.close(label + ": mean", suite.download_floats(mean), means, kFp32);
  suite.close(label + ": inverse", suite.download_floats(inverse), inverses, kFp32);
}

inline void check_norms(Suite& suite) {
  for (const bool mean : {true, false}) {
    for (const int64_t size : suite.sizes()) {
      check_norm_case<bf16>(suite, {5, size, mean, false, false, false, true, true});
      check_norm_case<float>(suite, {5, size, mean, false, false, false, true, true});
      check_norm_case<bf16>(suite, {size, 384, mean, true, true, false, true, false});
      check_norm_case<float>(suite, {size, 64, mean, true, true, false, true, false});
    }
    for (const int64_t width : {int64_t(8), int64_t(256), int64_t(264), int64_t(1024), int64_t(1032), int64_t(4544)}) check_norm_case<bf16>(suite, {3, width, mean, true, true, true, true, true});
    for (const int64_t width : {int64_t(4), int64_t(128), int64_t(132), int64_t(516), int64_t(4544)}) check_norm_case<float>(suite, {3, width, mean, true, false, true, true, true});
    for (const int64_t width : {int64_t(4097), int64_t(16383), int64_t(16384)}) {
      check_norm_case<bf16>(suite, {2, width, mean, false, false, false, false, false});
      check_norm_case<float>(suite, {2, width, mean, false, false, true, false, false});
    }
    check_norm_case<bf16>(suite, {17, 128, mean, false, false, false, true, false, 64});  // q inside (H + 2 G) D
    check_norm_case<float>(suite, {17, 128, mean, false, false, false, true, false, 64});
    check_norm_case<bf16>(suite, {17, 100, mean, true, true, true, true, true, 7});
  }
  NormRows<float> nothing;
  nothing.width = 64;
  suite.that("no rows", layer_norm(suite.context(), nothing) == cudaSuccess && rms_norm(suite.context(), nothing) == cudaSuccess);
  nothing.rows = 1;
  suite.refused("no pointers", layer_norm(suite.context(), nothing));
  nothing.width = 16385;
  suite.refused("a row too wide", layer_norm(suite.context(), nothing));
}

}  // namespace refine::cuda::testing
