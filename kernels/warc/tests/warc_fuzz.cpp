// Any bytes, whole and cut into small pieces, give the same records, documents and counts; records and damage of a plain
// file tile it.
#include <cstdio>
#include <algorithm>
#include <cstdlib>
#include <string>

#include "refine/warc.h"

namespace {
struct Outcome {
  std::string text, damage, error;  // apart: only within a batch is their order one
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  bool plain_tiles = true;
};

void drain(refine::WarcReader& reader, Outcome* outcome) {
  for (const refine::RecordInfo& record : reader.records()) {
    outcome->text += record.type + "|" + record.url + "|" + std::to_string(record.offset) + "+" + std::to_string(record.length) + "|" + std::to_string(record.http_status) + "|" +
                     (record.damage ? record.damage : "-") + "|" + (record.skip ? record.skip : "-") + "|" + std::to_string(unsigned(record.block_digest)) + std::to_string(unsigned(record.payload_digest)) + "|" + record.payload + "\n";
    for (const char* note : record.notes) outcome->text += note;
    outcome->ranges.push_back({record.offset, uint64_t(std::max<int64_t>(record.length, 0))});
  }
  reader.records().clear();
  for (const refine::DamageEntry& entry : reader.damage()) {
    outcome->damage += std::string(entry.code) + "@" + std::to_string(entry.offset) + "+" + std::to_string(entry.length) + "\n";
    outcome->ranges.push_back({entry.offset, entry.length});
  }
  reader.damage().clear();
  const refine::DocumentColumns& documents = reader.documents();
  const auto cell = [](const refine::BytesColumn& column, size_t row) { return column.data.substr(size_t(column.offsets[row]), size_t(column.offsets[row + 1] - column.offsets[row])); };
  for (size_t row = 0; row < documents.rows(); ++row) outcome->text += cell(documents.url, row) + cell(documents.html, row) + cell(documents.text, row) + cell(documents.id, row);
  reader.documents().clear();
}

Outcome read(const uint8_t* data, size_t size, size_t cut, bool records) {
  refine::WarcOptions options;
  options.records = records;
  options.payloads = true;
  options.max_payload_bytes = 4096;
  options.max_batch_rows = 3;
  options.base_name = "f";
  refine::WarcReader reader(options);
  Outcome outcome;
  for (size_t at = 0; at < size;) {
    const std::string piece(reinterpret_cast<const char*>(data) + at, std::min(cut, size - at));
    size_t consumed = 0;
    const refine::Status status = reader.push(reinterpret_cast<const uint8_t*>(piece.data()), piece.size(), &consumed);
    drain(reader, &outcome);
    if (!status.ok()) {
      outcome.error = status.code;
      return outcome;
    }
    at += consumed;
  }
  while (!reader.done()) {
    const refine::Status status = reader.finish();
    drain(reader, &outcome);
    if (!status.ok()) {
      outcome.error = status.code;
      if (status.code == "ERR_REFINE_INTERNAL") std::abort();
      return outcome;
    }
  }
  outcome.text += outcome.damage;
  for (const char* kind : {"skips", "damage", "notes"})
    for (const refine::NamedCount& count : reader.counts(kind)) outcome.text += count.name + "=" + std::to_string(count.count) + ";";
  return outcome;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t cut = 1 + data[size / 2] % 61;
  const Outcome whole = read(data, size, size, true), cuts = read(data, size, cut, true);
  if (whole.error != cuts.error || (whole.error.empty() && whole.text != cuts.text)) {
    std::fprintf(stderr, "cut %zu\n--- whole %s\n%s\n--- cuts %s\n%s\n", cut, whole.error.c_str(), whole.text.c_str(), cuts.error.c_str(), cuts.text.c_str());
    std::abort();
  }
  if (whole.error.empty() && data[0] != 0x1F && data[0] != 0x28 && (data[0] & 0xF0) != 0x50) {  // plain: the ranges tile the file
    auto ranges = whole.ranges;
    std::sort(ranges.begin(), ranges.end());
    uint64_t at = 0;
    for (const auto& [offset, length] : ranges) {
      if (offset != at) std::abort();
      at = offset + length;
    }
    if (at != size) std::abort();
  }
  const Outcome documents = read(data, size, size, false), documents_cut = read(data, size, cut, false);
  if (documents.error != documents_cut.error || (documents.error.empty() && documents.text != documents_cut.text)) std::abort();
  return 0;
}
