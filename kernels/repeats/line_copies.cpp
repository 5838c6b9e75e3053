// Copies among sorted line keys; see line_copies.h.
#include "refine/line_copies.h"

#include <algorithm>

#include "refine/dropped_rows.h"

namespace refine {

Status line_copies(const std::vector<std::string>& files, bool wide, const RecordRange& range, const DroppedFiles& dropped, uint64_t max_documents, const std::string& out,
                   const std::string& scratch, size_t memory_bytes, LineCopyCounts* counts) {
  const RecordShape shape = line_shape(wide);
  const unsigned row_at = shape.key_words - 2;
  DroppedRows gone;
  if (auto status = gone.open(dropped); !status.ok()) return status;
  RecordMerge merge;
  if (auto status = merge.open(files, shape, range, memory_bytes / 2, scratch); !status.ok()) return status;
  RecordWriter edits;
  if (auto status = edits.open(out, kEditShape, memory_bytes / 2); !status.ok()) return status;
  const auto cut = [&](uint64_t row, uint64_t span) {
    const uint64_t key[3] = {row, span >> 32, span & UINT32_MAX};
    ++counts->copies;
    return edits.add(key, nullptr);
  };

  uint64_t high = 0, low = 0, documents = 0, lines = 0, cut_before = 0;  // of the group at hand; documents 0: none yet
  uint64_t row = 0, waiting = 0;                                         // the last row; with max_documents 0 the first line's span
  const auto end_group = [&] {
    counts->largest = std::max(counts->largest, lines);
    counts->repeated += counts->copies > cut_before;
  };
  RecordRef record;
  while (merge.next(&record)) {
    const uint64_t record_row = record.key(row_at), span = record.key(row_at + 1);
    if (gone.has(record_row)) continue;
    ++counts->lines;
    const uint64_t record_low = wide ? record.key(1) : 0;
    Status status;
    if (documents == 0 || record.key(0) != high || record_low != low) {
      if (documents > 0) end_group();
      high = record.key(0);
      low = record_low;
      row = record_row;
      documents = lines = 1;
      waiting = span;
      cut_before = counts->copies;
      continue;
    }
    ++lines;
    if (record_row == row) {
      status = cut(record_row, span);  // the document has the line already
    } else {
      if (++documents == 2 && max_documents == 0) status = cut(row, waiting);
      if (status.ok() && documents > max_documents) status = cut(record_row, span);
      row = record_row;
    }
    if (!status.ok()) return status;
  }
  if (!merge.status().ok()) return merge.status();
  if (documents > 0) end_group();
  return edits.finish();
}

}  // namespace refine
