// Pooling against float64: documents of no, one, few and many tokens, channels around a pack and a block's, all kinds; L2 norms, a zero row too.
#pragma once
#include "../pool.h"
#include "reference_rows.h"
#include "suite.h"

namespace refine::cuda::testing {

template <class T, class Out>
void check_pool_case(Suite& suite, PoolKind kind, int64_t channels, const std::vector<int64_t>& lengths) {
  const std::string label = std::string(type_name<T>()) + " to " + type_name<Out>() + " kind " + std::to_string(int(kind)) + ", " + std::to_string(lengths.size()) + " documents of " + std::to_string(channels);
  std::vector<int32_t> offsets{0};
  for (const int64_t length : lengths) offsets.push_back(offsets.back() + int32_t(length));
  const auto hidden = draw<T>(suite.random, size_t(offsets.back() * channels));
  std::vector<double> reference(lengths.size() * size_t(channels));
  for (size_t b = 0; b < lengths.size(); ++b)
    for (int64_t c = 0; c < channels; ++c) {
      double value = 0;
      for (int32_t row = offsets[b]; row < offsets[b + 1]; ++row) {
        const double x = double(hidden[size_t(row * channels + c)]);
        value = row == offsets[b] ? x : kind == PoolKind::kCls ? value : kind == PoolKind::kMax ? std::max(value, x) : value + x;
      }
      reference[b * size_t(channels) + size_t(c)] = kind == PoolKind::kMean && lengths[b] > 0 ? value / double(lengths[b]) : value;
    }
  auto device = suite.upload_as<T>(hidden);
  auto device_offsets = suite.upload(offsets);
  auto out = suite.output<Out>(reference.size());
  if (!suite.launched(label, pool<T, Out>(suite.context(), device, device_offsets, kind, out, int64_t(lengths.size()), channels))) return;
  suite.close(label, suite.download_floats(out), reference, sizeof(Out) == 4 ? kFp32 : kBf16);
  if (!suite.launched(label + " l2", l2_rows<Out>(suite.context(), out, int64_t(lengths.size()), channels))) return;
  for (size_t b = 0; b < lengths.size(); ++b) {
    double squares = 0;
    for (int64_t c = 0; c < channels; ++c) squares += reference[b * size_t(channels) + size_t(c)] * reference[b * size_t(channels) + size_t(c)];
    for (int64_t c = 0; c < channels; ++c) reference[b * size_t(channels) + size_t(c)] /= std::max(std::sqrt(squares), 1e-12);
  }
  suite.close(label + " l2", suite.download_floats(out), reference, sizeof(Out) == 4 ? kFp32 : kBf16);
}

inline void check_pool(Suite& suite) {
  std::vector<int64_t> lengths{0, 1, 3, 7, 8, 9, 0};
  lengths.insert(lengths.end(), suite.sizes().begin(), suite.sizes().end());
  for (const PoolKind kind : {PoolKind::kCls, PoolKind::kMean, PoolKind::kMax}) {
    check_pool_case<bf16, bf16>(suite, kind, 384, lengths);
    check_pool_case<bf16, float>(suite, kind, 264, lengths);
    check_pool_case<float, float>(suite, kind, 17, lengths);
    check_pool_case<float, float>(suite, kind, 132, {2, 0});
  }
  suite.that("no documents", pool<float, float>(suite.context(), nullptr, nullptr, PoolKind::kMean, nullptr, 0, 8) == cudaSuccess && l2_rows<float>(suite.context(), nullptr, 0, 8) == cudaSuccess);
  suite.refused("no channels", pool<float, float>(suite.context(), nullptr, nullptr, PoolKind::kMean, nullptr, 1, 0));
}

}  // namespace refine::cuda::testing
