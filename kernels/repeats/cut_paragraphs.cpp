// Paragraphs and documents that are mostly copies; see paragraph_copies.h. Two sorted streams, joined row by row; what is held is
// one document's paragraphs.
#include "refine/line_copies.h"
#include "refine/paragraph_copies.h"

namespace refine {

Status cut_paragraphs(const std::vector<std::string>& paragraphs, const std::vector<std::string>& held, const RecordRange& rows, const ParagraphThresholds& thresholds,
                      const std::string& edits, const std::string& verdicts, const std::string& scratch, size_t memory_bytes, ParagraphCounts* counts) {
  RecordMerge all, seen;
  if (auto status = all.open(paragraphs, kParagraphShape, rows, memory_bytes / 2, scratch); !status.ok()) return status;
  if (auto status = seen.open(held, kHeldShape, rows, memory_bytes / 2, scratch); !status.ok()) return status;
  SortedRecordWriter cuts, drops;
  if (auto status = cuts.open(edits, kEditShape); !status.ok()) return status;
  if (auto status = drops.open(verdicts, kVerdictShape); !status.ok()) return status;

  struct Span {
    uint32_t start, end;
  };
  std::vector<Span> document;  // paragraphs to cut
  uint64_t row = 0, grams = 0, held_grams = 0;
  const auto end_document = [&]() -> Status {
    ++counts->documents;
    if (grams > 0 && double(held_grams) / double(grams) > thresholds.document) {
      ++counts->dropped;
      uint8_t value[24] = {};
      const uint32_t one = 1;
      std::memcpy(value, &row, 8);
      std::memcpy(value + 8, &row, 8);
      std::memcpy(value + 16, &one, 4);  // cluster size
      value[20] = 1;                     // the first reason
      return drops.add(&row, value);
    }
    for (const auto& span : document) {
      const uint64_t key[3] = {row, span.start, span.end};
      ++counts->cut;
      if (auto status = cuts.add(key, nullptr); !status.ok()) return status;
    }
    return {};
  };

  RecordRef one, other;
  bool more = seen.next(&other);
  while (all.next(&one)) {
    const uint64_t number = one.key(1);
    if (counts->paragraphs == 0 || one.key(0) != row) {
      if (counts->paragraphs > 0)
        if (auto status = end_document(); !status.ok()) return status;
      row = one.key(0);
      grams = held_grams = 0;
      document.clear();
    }
    ++counts->paragraphs;
    uint32_t fields[3];  // start, end, n-grams
    std::memcpy(fields, one.value(kParagraphShape), 12);
    uint64_t count = 0;
    while (more && other.key(0) == row && other.key(1) == number) {
      ++count;
      more = seen.next(&other);
    }
    if (count > fields[2]) return Status::error("ERR_REFINE_INTERNAL", "paragraph " + std::to_string(number) + " of row " + std::to_string(row) + " holds more copied n-grams than n-grams");
    grams += fields[2];
    held_grams += count;
    if (double(count) / double(fields[2]) > thresholds.paragraph) document.push_back({fields[0], fields[1]});
  }
  if (!all.status().ok()) return all.status();
  if (!seen.status().ok()) return seen.status();
  if (more) return Status::error("ERR_REFINE_INTERNAL", "n-grams of paragraph " + std::to_string(other.key(1)) + " of row " + std::to_string(other.key(0)) + " belong to no paragraph");
  if (counts->paragraphs > 0)
    if (auto status = end_document(); !status.ok()) return status;
  if (auto status = cuts.finish(); !status.ok()) return status;
  return drops.finish();
}

}  // namespace refine
