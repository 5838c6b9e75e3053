// Rotary positions against float64 from the same fp32 angles: q and k of the packed layout, rotary_dim below D, positions of several documents, turned
// back again; what does not turn (v, the rest of D) keeps its bits.
#pragma once
#include "../rotary.h"
#include "reference_rows.h"
#include "suite.h"

namespace refine::cuda::testing {

template <class T>
void check_rotary_case(Suite& suite, int64_t rows, int32_t heads, int32_t kv_heads, int32_t dim, int32_t rotary_dim) {
  const std::string label =
      std::string(type_name<T>()) + " " + std::to_string(rows) + " rows, " + std::to_string(heads) + "+" + std::to_string(kv_heads) + " heads of " + std::to_string(rotary_dim) + "/" + std::to_string(dim);
  const int64_t stride = int64_t(heads + 2 * kv_heads) * dim, table_rows = 9000;
  const int32_t half = rotary_dim / 2, turning = heads + kv_heads;
  std::vector<float> frequency;
  for (int32_t i = 0; i < half; ++i) frequency.push_back(float(std::pow(10000.0, -2.0 * i / rotary_dim)));
  const float factor = 1.25f;
  const auto table = rotary_table(frequency, factor, table_rows);
  const auto x = draw<T>(suite.random, size_t(rows * stride));
  std::vector<int32_t> positions(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) positions[size_t(row)] = row < rows / 2 ? int32_t(row) : int32_t(table_rows - 1 - (row - rows / 2));
  std::vector<double> reference(x.begin(), x.end());
  for (int64_t row = 0; row < rows; ++row)
    for (int32_t head = 0; head < turning; ++head)
      for (int32_t i = 0; i < half; ++i) {
        const double angle = double(float(positions[size_t(row)]) * frequency[size_t(i)]), cosine = std::cos(angle) * double(factor), sine = std::sin(angle) * double(factor);
        const size_t left = size_t(row * stride + head * dim + i), right = left + size_t(half);
        reference[left] = double(x[left]) * cosine - double(x[right]) * sine;
        reference[right] = double(x[right]) * cosine + double(x[left]) * sine;
      }
  auto qkv = suite.upload_as<T>(x);
  auto device_positions = suite.upload(positions);
  auto device_table = suite.upload(table);
  RotaryShape shape{rows, stride, turning, dim, rotary_dim, table_rows, false};
  if (!suite.launched(label, rotary<T>(suite.context(), qkv, device_positions, device_table, shape))) return;
  const auto out = suite.download_floats(qkv);
  suite.close(label, out, reference, sizeof(T) == 4 ? kFp32 : kBf16);
  bool kept = true;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < stride; ++i)
      if (i >= int64_t(turning) * dim || i % dim >= rotary_dim) kept = kept && out[size_t(row * stride + i)] == x[size_t(row * stride + i)];
  suite.that(label + ": what does not turn stays", kept);
  shape.inverse = true;
  if (!suite.launched(label + " back", rotary<T>(suite.context(), qkv, device_positions, device_table, shape))) return;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < stride; ++i)
      reference[size_t(row * stride + i)] = double(x[size_t(row * stride + i)]) * (i < int64_t(turning) * dim && i % dim < rotary_dim ? double(factor) * double(factor) : 1.0);
  suite.close(label + " and back", suite.download_floats(qkv), reference, sizeof(T) == 4 ? kFp32 : kBf16);
}

inline void check_rotary(Suite& suite) {
  for (const int64_t rows : suite.sizes()) {
    check_rotary_case<bf16>(suite, rows, 3, 1, 64, 64);
    check_rotary_case<float>(suite, rows, 3, 1, 64, 64);
  }
  check_rotary_case<bf16>(suite, 5, 71, 1, 64, 64);
  check_rotary_case<bf16>(suite, 19, 2, 2, 96, 24);  // halves of 12: no pack
  check_rotary_case<float>(suite, 19, 2, 2, 80, 32);
  check_rotary_case<float>(suite, 3, 1, 1, 6, 2);
  check_rotary_case<bf16>(suite, 300, 1, 1, 32, 16);  // many rows a block
  // A position outside the table is NaN, its neighbours are not.
  auto qkv = suite.upload_as<float>(std::vector<float>(3 * 24, 1.0f));
  auto positions = suite.upload(std::vector<int32_t>{0, 7, -1});
  auto table = suite.upload(rotary_table({1.0f, 0.5f, 0.25f, 0.125f}, 1.0f, 4));
  suite.launched("outside", rotary<float>(suite.context(), qkv, positions, table, {3, 24, 2, 8, 8, 4, false}));
  const auto out = suite.download_floats(qkv);
  suite.that("a position outside the table gives NaN there alone", out[0] == 1.0f && std::isnan(out[24]) && std::isnan(out[48]) && out[24 + 16] == 1.0f);
  suite.that("no rows", rotary<float>(suite.context(), nullptr, nullptr, nullptr, {0, 24, 2, 8, 8, 4, false}) == cudaSuccess);
  suite.refused("an odd rotary dimension", rotary<float>(suite.context(), qkv, positions, table, {3, 24, 2, 8, 7, 4, false}));
  suite.refused("a stride below the heads", rotary<float>(suite.context(), qkv, positions, table, {3, 15, 2, 8, 8, 4, false}));
}

}  // namespace refine::cuda::testing
