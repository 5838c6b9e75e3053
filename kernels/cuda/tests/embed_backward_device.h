// The gradient of an embedding table against float64: ids that repeat, one id in every row, the table's ends; rows without an id keep what they held.
#pragma once
#include "../embed_backward.h"
#include "reference_rows.h"
#include "suite.h"

namespace refine::cuda::testing {

template <class T>
void check_embed_backward_case(Suite& suite, int64_t rows, int64_t channels, int64_t kinds) {
  const int64_t vocab = 40;
  const std::string label = std::string(type_name<T>()) + " " + std::to_string(rows) + " x " + std::to_string(channels) + ", " + std::to_string(kinds) + " ids";
  auto ids = suite.random.integers<uint32_t>(size_t(rows), vocab - kinds, vocab - 1);
  if (kinds == vocab && rows > 0) ids[0] = 0;
  const auto dout = draw<T>(suite.random, size_t(rows * channels)), held = suite.random.normal(size_t(vocab * channels));
  std::vector<double> reference(held.begin(), held.end());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t c = 0; c < channels; ++c) reference[size_t(int64_t(ids[size_t(row)]) * channels + c)] += double(dout[size_t(row * channels + c)]);
  const EmbedOrder plan = embed_order(ids.data(), rows);
  auto device_dout = suite.upload_as<T>(dout);
  auto order = suite.upload(plan.order), starts = suite.upload(plan.starts);
  auto device_ids = suite.upload(plan.ids);
  auto table = suite.upload(held);
  if (!suite.launched(label, embed_backward<T>(suite.context(), device_dout, order, starts, device_ids, int64_t(plan.ids.size()), table, vocab, channels))) return;
  const auto got = suite.download(table);
  suite.close(label, got, reference, kFp32);
  bool kept = true;
  for (size_t i = 0; i < got.size(); ++i)
    if (std::find(ids.begin(), ids.end(), uint32_t(i / size_t(channels))) == ids.end()) kept = kept && got[i] == held[i];
  suite.that(label + ": other rows stay", kept);
}

inline void check_embed_backward(Suite& suite) {
  for (const int64_t rows : suite.sizes()) {
    check_embed_backward_case<bf16>(suite, rows, 64, 40);
    check_embed_backward_case<float>(suite, rows, 17, 3);
  }
  check_embed_backward_case<bf16>(suite, 200, 1032, 1);
  check_embed_backward_case<float>(suite, 0, 8, 40);
  suite.refused("no pointers", embed_backward<float>(suite.context(), nullptr, nullptr, nullptr, nullptr, 1, nullptr, 8, 8));
}

}  // namespace refine::cuda::testing
