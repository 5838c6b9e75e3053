// The matrix products against float64 products of the same rounded operands: every epilogue, sizes around tiles, rows that start anywhere,
// depths that go round the stages' ring, and the promise that a row's bytes do not depend on its company.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>

#include "../gemm.h"
#include "../quantise.h"
#include "suite.h"

namespace refine::cuda::testing {

struct Linear {
  int64_t m, n, k;
  GemmActivation activation = GemmActivation::kNone;
  bool bias = false, gated = false;
  int residuals = 0;
  bool in_place = false;  // out is the last residual
  std::string label() const {
    return std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k) + " activation " + std::to_string(int(activation)) + (gated ? " gated" : "") + (bias ? " bias" : "") +
           " residuals " + std::to_string(residuals) + (in_place ? " in place" : "");
  }
};

inline double activate_exact(GemmActivation kind, double x) {
  switch (kind) {
    case GemmActivation::kGelu: return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case GemmActivation::kGeluTanh: return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case GemmActivation::kSilu: return x / (1 + std::exp(-x));
    case GemmActivation::kRelu: return std::max(x, 0.0);
    case GemmActivation::kNone: break;
  }
  return x;
}

// What the epilogue makes of `product(row, column of W)`, rows `rows` of out.
template <class Product>
std::vector<double> linear_reference(Suite& suite, const Linear& c, const std::vector<int64_t>& rows, const std::vector<float>& bias, const std::vector<float>* residuals, Product product) {
  const int64_t columns = c.gated ? c.n / 2 : c.n;
  std::vector<double> out(rows.size() * size_t(columns));
  suite.parallel(int64_t(rows.size()), [&](int64_t r) {
    for (int64_t j = 0; j < columns; ++j) {
      const auto value = [&](int64_t column) { return product(rows[size_t(r)], column) + (c.bias ? double(bias[size_t(column)]) : 0); };
      double x = activate_exact(c.activation, value(j));
      if (c.gated) x *= value(columns + j);
      for (int which = 0; which < c.residuals; ++which) x += double(residuals[which][size_t(rows[size_t(r)] * columns + j)]);
      out[size_t(r * columns + j)] = x;
    }
  });
  return out;
}

// All rows of a small product, a fixed few of a large one.
inline std::vector<int64_t> compared_rows(int64_t m, int64_t work_a_row) {
  const int64_t count = std::min(m, std::max<int64_t>(24, 400'000'000 / std::max<int64_t>(1, work_a_row)));
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back(i * (m - 1) / std::max<int64_t>(1, count - 1));
  return rows;
}

// T: what out and residuals hold. run(a, w, out, epilogue) starts the product; product(row, column) is its oracle.
template <class T, class Run, class Product>
void check_linear(Suite& suite, const std::string& name, const Linear& c, Limits limits, Run run, Product product) {
  const int64_t columns = c.gated ? c.n / 2 : c.n;
  const auto bias = suite.random.normal(size_t(c.n), 0.5f);
  const std::vector<float> residuals[2] = {suite.random.normal_bf16(size_t(c.m * columns)), suite.random.normal_bf16(size_t(c.m * columns))};
  const auto device_bias = suite.upload(bias);
  const Buffer<T> added[2] = {suite.upload_as<T>(residuals[0]), suite.upload_as<T>(residuals[1])};
  const auto fresh = suite.output<T>(size_t(c.m * columns));
  const Buffer<T>& out = c.in_place ? added[c.residuals - 1] : fresh;
  Epilogue<T> epilogue;
  epilogue.activation = c.activation, epilogue.gated = c.gated;
  if (c.bias) epilogue.bias = device_bias;
  if (c.residuals > 0) epilogue.residual = added[0];
  if (c.residuals > 1) epilogue.residual2 = added[1];
  const std::string label = name + " " + c.label();
  if (!suite.launched(label, run(out.data(), epilogue))) return;
  const auto all = suite.download_floats(out, label);
  const auto rows = compared_rows(c.m, c.n * c.k);
  std::vector<float> some;
  for (const int64_t row : rows) some.insert(some.end(), all.begin() + row * columns, all.begin() + (row + 1) * columns);
  suite.close(label, some, linear_reference(suite, c, rows, bias, residuals, product), limits);
}

// bf16 or fp32 operands; the scale keeps sums near 1, where activations bend.
template <class In, class T>
void check_float_linear(Suite& suite, const std::string& name, const Linear& c, Limits limits) {
  const auto a = suite.random.normal_bf16(size_t(c.m * c.k)), w = suite.random.normal_bf16(size_t(c.n * c.k), 1.0f / std::sqrt(float(std::max<int64_t>(1, c.k))));
  const auto device_a = suite.upload_as<In>(a), device_w = suite.upload_as<In>(w);
  check_linear<T>(
      suite, name, c, limits,
      [&](T* out, const Epilogue<T>& epilogue) {
        if constexpr (std::is_same_v<In, float>) return gemm_f32(suite.context(), device_a, device_w, out, c.m, c.n, c.k, epilogue);
        else return gemm_bf16(suite.context(), device_a.data(), device_w.data(), out, c.m, c.n, c.k, epilogue);
      },
      [&](int64_t row, int64_t column) {
        double sum = 0;
        for (int64_t k = 0; k < c.k; ++k) sum += double(a[size_t(row * c.k + k)]) * double(w[size_t(column * c.k + k)]);
        return sum;
      });
}

// A (M,K) or (K,M), B (K,N): the products of training.
template <class T>
void check_transposed(Suite& suite, bool tn, const Linear& c, Limits limits) {
  const auto a = suite.random.normal_bf16(size_t(c.m * c.k)), b = suite.random.normal_bf16(size_t(c.n * c.k), 1.0f / std::sqrt(float(std::max<int64_t>(1, c.k))));
  const auto device_a = suite.upload_as<bf16>(a), device_b = suite.upload_as<bf16>(b);
  check_linear<T>(
      suite, tn ? "tn" : "nn", c, limits,
      [&](T* out, const Epilogue<T>& epilogue) {
        return tn ? gemm_bf16_tn(suite.context(), device_a.data(), device_b.data(), out, c.m, c.n, c.k, epilogue) : gemm_bf16_nn(suite.context(), device_a.data(), device_b.data(), out, c.m, c.n, c.k, epilogue);
      },
      [&](int64_t row, int64_t column) {
        double sum = 0;
        for (int64_t k = 0; k < c.k; ++k) sum += double(a[size_t(tn ? k * c.m + row : row * c.k + k)]) * double(b[size_t(k * c.n + column)]);
        return sum;
      });
}

template <class T>
void check_int8_linear(Suite& suite, const Linear& c, Limits limits) {
  const auto a = suite.random.integers<int8_t>(size_t(c.m * c.k), -127, 127), w = suite.random.integers<int8_t>(size_t(c.n * c.k), -127, 127);
  auto a_scale = suite.random.normal(size_t(c.m), 1.0f), w_scale = suite.random.normal(size_t(c.n), 1.0f);
  for (auto& value : a_scale) value = std::fabs(value) / 73.0f / std::sqrt(float(std::max<int64_t>(1, c.k)));
  for (auto& value : w_scale) value = std::fabs(value) / 73.0f;
  const auto device_a = suite.upload(a), device_w = suite.upload(w);
  const auto device_a_scale = suite.upload(a_scale), device_w_scale = suite.upload(w_scale);
  check_linear<T>(
      suite, "int8", c, limits,
      [&](T* out, const Epilogue<T>& epilogue) { return gemm_s8(suite.context(), device_a, device_a_scale, device_w, device_w_scale, out, c.m, c.n, c.k, epilogue); },
      [&](int64_t row, int64_t column) {
        int64_t sum = 0;
        for (int64_t k = 0; k < c.k; ++k) sum += int64_t(a[size_t(row * c.k + k)]) * int64_t(w[size_t(column * c.k + k)]);
        return double(sum) * double(a_scale[size_t(row)]) * double(w_scale[size_t(column)]);
      });
}

// Row 0 of A stands again as the last of many: the same bytes, in whatever tile.
inline void check_row_alone(Suite& suite, int64_t m, int64_t n, int64_t k) {
  auto a = suite.random.normal_bf16(size_t(m * k));
  std::copy(a.begin(), a.begin() + k, a.begin() + (m - 1) * k);
  const auto device_a = suite.upload_as<bf16>(a), device_w = suite.upload_as<bf16>(suite.random.normal_bf16(size_t(n * k)));
  const auto many = suite.output<float>(size_t(m * n)), one = suite.output<float>(size_t(n));
  const auto many_narrow = suite.output<bf16>(size_t(m * n)), one_narrow = suite.output<bf16>(size_t(n));
  bool ran = suite.launched("many rows", gemm_bf16(suite.context(), device_a.data(), device_w.data(), many.data(), m, n, k));
  ran = ran && suite.launched("one row", gemm_bf16(suite.context(), device_a.data(), device_w.data(), one.data(), 1, n, k));
  ran = ran && suite.launched("many rows", gemm_bf16(suite.context(), device_a.data(), device_w.data(), many_narrow.data(), m, n, k));
  ran = ran && suite.launched("one row", gemm_bf16(suite.context(), device_a.data(), device_w.data(), one_narrow.data(), 1, n, k));
  if (!ran) return;
  const auto all = suite.download(many), first = suite.download(one);
  suite.equal("a row alone and as the last of " + std::to_string(m) + ", fp32", std::vector<float>(all.end() - n, all.end()), first);
  const auto all_narrow = suite.download(many_narrow), first_narrow = suite.download(one_narrow);
  suite.equal("a row alone and as the last of " + std::to_string(m) + ", bf16", std::vector<bf16>(all_narrow.end() - n, all_narrow.end()), first_narrow);
}

inline void check_gemm(Suite& suite) {
  using A = GemmActivation;
  constexpr Limits kSums{2e-6, 64.0}, kActivated{1e-5, 64.0};
  const int processors = suite.context().multiprocessors;
  for (const int64_t size : suite.sizes()) {
    const Linear square{size, size, size, A::kNone, true, false, 1};
    check_float_linear<bf16, bf16>(suite, "bf16", square, kBf16);
    check_float_linear<bf16, float>(suite, "bf16 to fp32", square, kSums);
    check_float_linear<float, float>(suite, "fp32", square, kSums);
    check_int8_linear<float>(suite, square, kFp32);
    check_transposed<float>(suite, false, square, kSums);
    check_transposed<float>(suite, true, square, kSums);
  }
  for (const int few : {processors, 2}) {  // a card of two multiprocessors: several tiles a block, and the large tiles
    suite.context().multiprocessors = few;
    for (const Linear& c : {Linear{0, 24, 32, A::kNone, true}, Linear{7, 24, 0, A::kNone, true, false, 1}, Linear{5, 8, 8}, Linear{129, 136, 72, A::kGelu, true},
                            Linear{65, 264, 584, A::kGeluTanh, true, false, 2}, Linear{130, 520, 592, A::kNone, false, false, 1, true}, Linear{17, 48, 64, A::kSilu, true, true, 1},
                            Linear{129, 528, 576, A::kSilu, false, true, 2, true}, Linear{33, 130, 40, A::kRelu, true, false, 2}, Linear{20, 34, 33, A::kSilu, true, true, 1}}) {
      check_float_linear<bf16, bf16>(suite, "bf16", c, kBf16);
      if (few == 2 && c.m * c.n > 2000) continue;  // the other types once
      if (!c.gated) check_float_linear<bf16, float>(suite, "bf16 to fp32", c, kActivated);
      check_float_linear<float, float>(suite, "fp32", c, kActivated);
      if (!c.gated) check_int8_linear<float>(suite, c, kActivated);
    }
    for (const Linear& c : {Linear{65, 72, 80}, Linear{129, 264, 1168, A::kGelu, true, false, 1}, Linear{17, 48, 64, A::kSilu, true, true, 1}, Linear{20, 34, 33, A::kNone, true, true}})
      check_int8_linear<bf16>(suite, c, kBf16);
    for (const Linear& c : {Linear{72, 136, 65}, Linear{136, 264, 129, A::kNone, false, false, 1, true}, Linear{30, 31, 33}}) {
      check_transposed<bf16>(suite, false, c, kBf16);
      check_transposed<float>(suite, true, c, kSums);
    }
    check_row_alone(suite, 257, 264, 584);
    check_row_alone(suite, 66, 40, 33);
  }
  suite.context().multiprocessors = processors;
  const auto a = suite.upload_as<bf16>(suite.random.normal_bf16(64)), out = suite.output<bf16>(64);
  suite.refused("a negative size", gemm_bf16(suite.context(), a.data(), a.data(), out.data(), -1, 8, 8));
  Epilogue<bf16> gated;
  gated.gated = true;
  suite.refused("an odd number of gated columns", gemm_bf16(suite.context(), a.data(), a.data(), out.data(), 8, 7, 8, gated));
}

}  // namespace refine::cuda::testing
