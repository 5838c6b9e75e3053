// The backward of norms against float64 derivatives: rows around a part of 128, widths around packs, with and without weights, a gradient that flows past,
// in place; sums that add to what is there.
#pragma once
#include "../norms_backward.h"
#include "reference_rows.h"
#include "suite.h"

namespace refine::cuda::testing {

template <class T>
void check_norm_backward_case(Suite& suite, int64_t rows, int64_t width, bool layer, bool affine, bool add, bool accumulate) {
  const std::string label = std::string(layer ? "layer " : "rms ") + type_name<T>() + " " + std::to_string(rows) + " x " + std::to_string(width) + (affine ? " weight" : "") + (add ? " add" : "") +
                            (accumulate ? " accumulate" : "");
  const size_t count = size_t(rows * width), columns = size_t(width);
  const auto x = draw<T>(suite.random, count, 2.0f), dout = draw<T>(suite.random, count), past = draw<T>(suite.random, count), weight = suite.random.normal(columns);
  const auto before = suite.random.normal(columns);
  std::vector<float> means(static_cast<size_t>(rows)), inverses(static_cast<size_t>(rows));
  std::vector<double> dx(count), dweight(columns), dbias(columns);
  for (size_t c = 0; c < columns; ++c) dweight[c] = dbias[c] = accumulate ? double(before[c]) : 0;
  for (size_t row = 0; row < size_t(rows); ++row) {
    double mean = 0, variance = 0, sum = 0, along = 0;
    for (size_t c = 0; c < columns; ++c) mean += double(x[row * columns + c]);
    mean = layer ? mean / double(width) : 0;
    for (size_t c = 0; c < columns; ++c) variance += (double(x[row * columns + c]) - mean) * (double(x[row * columns + c]) - mean);
    const double inverse = 1 / std::sqrt(variance / double(width) + 1e-5);
    means[row] = float(mean);
    inverses[row] = float(inverse);
    for (size_t c = 0; c < columns; ++c) {
      const double n = (double(x[row * columns + c]) - mean) * inverse, d = double(dout[row * columns + c]), g = d * (affine ? double(weight[c]) : 1);
      sum += g;
      along += g * n;
      dweight[c] += d * n;
      dbias[c] += d;
    }
    for (size_t c = 0; c < columns; ++c) {
      const double n = (double(x[row * columns + c]) - mean) * inverse, g = double(dout[row * columns + c]) * (affine ? double(weight[c]) : 1);
      dx[row * columns + c] = (g - (layer ? sum / double(width) : 0) - n * along / double(width)) * inverse + (add ? double(past[row * columns + c]) : 0);
    }
  }
  auto device_x = suite.upload_as<T>(x), device_dout = suite.upload_as<T>(dout), device_past = suite.upload_as<T>(past);
  auto device_weight = suite.upload(weight), mean = suite.upload(means), inverse = suite.upload(inverses), partials = suite.output<float>(size_t(norm_backward_partials(rows, width)));
  auto got_weight = accumulate ? suite.upload(before) : suite.output<float>(columns), got_bias = accumulate ? suite.upload(before) : suite.output<float>(columns);
  NormBackwardRows<T> call;
  call.x = device_x;
  call.dout = device_dout;
  call.add = add ? device_past.data() : nullptr;
  call.dx = add ? device_past.data() : device_dout.data();  // in place, either way
  call.rows = rows;
  call.width = width;
  call.weight = affine ? device_weight.data() : nullptr;
  call.mean = layer ? mean.data() : nullptr;
  call.inverse = inverse;
  call.dweight = got_weight;
  call.dbias = got_bias;
  call.partials = partials;
  call.accumulate = accumulate;
  if (!suite.launched(label, norm_backward<T>(suite.context(), call))) return;
  const Limits limits = sizeof(T) == 4 ? kFp32 : kBf16;
  suite.close(label + ": dx", suite.download_floats(add ? device_past : device_dout), dx, limits);
  suite.close(label + ": dweight", suite.download_floats(got_weight), dweight, kFp32);
  suite.close(label + ": dbias", suite.download_floats(got_bias), dbias, kFp32);
}

inline void check_norms_backward(Suite& suite) {
  for (const bool layer : {true, false}) {
    for (const int64_t size : suite.sizes()) {
      check_norm_backward_case<bf16>(suite, size, 384, layer, true, true, false);
      check_norm_backward_case<float>(suite, 9, std::max<int64_t>(size, 4), layer, true, false, true);
    }
    check_norm_backward_case<bf16>(suite, 129, 264, layer, true, true, true);
    check_norm_backward_case<float>(suite, 257, 36, layer, false, true, false);
    check_norm_backward_case<bf16>(suite, 2, 16384, layer, true, false, false);
    check_norm_backward_case<float>(suite, 2, 5000, layer, true, false, false);
    check_norm_backward_case<bf16>(suite, 3, 4099, layer, true, true, false);
  }
  // No rows: the sums are 0.
  auto sums = suite.output<float>(8), partials = suite.output<float>(0);
  NormBackwardRows<float> nothing;
  nothing.width = 8;
  nothing.dweight = sums;
  nothing.partials = partials;
  suite.launched("no rows", norm_backward<float>(suite.context(), nothing));
  suite.equal("no rows: sums are 0", suite.download(sums), std::vector<float>(8, 0.0f));
  nothing.rows = 1;
  suite.refused("no pointers", norm_backward<float>(suite.context(), nothing));
}

}  // namespace refine::cuda::testing
