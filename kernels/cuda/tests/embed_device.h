// Embedding sums, bit for bit against the same fp32 sums: every table on and off, channels that are no pack, ids and positions at the ends of
// their tables; ids outside give NaN rows.
#pragma once
#include "../embed.h"
#include "reference_rows.h"
#include "suite.h"

namespace refine::cuda::testing {

template <class T>
void check_embed_case(Suite& suite, int64_t rows, int64_t channels, bool places, bool sides, bool segments) {
  const int64_t vocab = 50, position_rows = 40, segment_rows = 2, offset = 2;
  const std::string label = std::string(type_name<T>()) + " " + std::to_string(rows) + " x " + std::to_string(channels) + (places ? " positions" : "") + (sides ? " segments" : "");
  const auto table = draw<T>(suite.random, size_t(vocab * channels)), position_table = draw<T>(suite.random, size_t(position_rows * channels)),
             segment_table = draw<T>(suite.random, size_t(segment_rows * channels));
  auto ids = suite.random.template integers<uint32_t>(size_t(rows), 0, uint32_t(vocab - 1));
  std::vector<int32_t> positions(static_cast<size_t>(rows));
  std::vector<uint32_t> sides_of(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) {
    positions[size_t(row)] = int32_t(row % (position_rows - offset));
    sides_of[size_t(row)] = uint32_t(row % 2);
  }
  ids[0] = uint32_t(vocab - 1);
  std::vector<float> reference(size_t(rows * channels));
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t c = 0; c < channels; ++c) {
      float sum = table[size_t(int64_t(ids[size_t(row)]) * channels + c)];
      if (sides) sum += segment_table[size_t((segments ? row % 2 : 0) * channels + c)];
      if (places) sum += position_table[size_t((positions[size_t(row)] + offset) * channels + c)];
      reference[size_t(row * channels + c)] = stored<T>(sum);
    }
  auto device_table = suite.upload_as<T>(table), device_positions = suite.upload_as<T>(position_table), device_segments = suite.upload_as<T>(segment_table), out = suite.output<T>(reference.size());
  auto device_ids = suite.upload(ids), device_sides = suite.upload(sides_of);
  auto device_places = suite.upload(positions);
  EmbedRows<T> call;
  call.ids = device_ids;
  call.table = device_table;
  call.out = out;
  call.rows = rows;
  call.channels = channels;
  call.vocab = vocab;
  if (places) call.position_table = device_positions, call.positions = device_places, call.position_rows = position_rows, call.position_offset = offset;
  if (sides) call.segment_table = device_segments, call.segment_rows = segment_rows, call.segments = segments ? device_sides.data() : nullptr;
  if (!suite.launched(label, embed(suite.context(), call))) return;
  suite.equal(label, suite.download_floats(out), reference);
  // One id and one position outside: their rows are NaN, the others as before.
  if (rows < 3 || !places) return;
  ids[1] = uint32_t(vocab);
  positions[2] = int32_t(position_rows - offset);
  device_ids = suite.upload(ids);
  device_places = suite.upload(positions);
  call.ids = device_ids;
  call.positions = device_places;
  if (!suite.launched(label, embed(suite.context(), call))) return;
  const auto outside = suite.download_floats(out);
  bool right = true;
  for (size_t i = 0; i < outside.size(); ++i) right = right && (i / size_t(channels) == 1 || i / size_t(channels) == 2 ? std::isnan(outside[i]) : outside[i] == reference[i]);
  suite.that(label + ": an id outside gives a NaN row", right);
}

inline void check_embed(Suite& suite) {
  for (const int64_t rows : suite.sizes()) {
    check_embed_case<bf16>(suite, rows, 64, false, false, false);
    check_embed_case<float>(suite, rows, 64, true, true, true);
  }
  for (const int64_t channels : {int64_t(1), int64_t(17), int64_t(384), int64_t(4544)}) {
    check_embed_case<bf16>(suite, 7, channels, true, true, false);
    check_embed_case<float>(suite, 7, channels, true, false, false);
  }
  EmbedRows<float> nothing;
  nothing.channels = 8;
  suite.that("no rows", embed(suite.context(), nothing) == cudaSuccess);
  nothing.rows = 1;
  suite.refused("no pointers", embed(suite.context(), nothing));
}

}  // namespace refine::cuda::testing
