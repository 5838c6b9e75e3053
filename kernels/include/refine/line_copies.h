// Which lines of a run are copies of an earlier one: a merge of sorted line keys, group by group, in constant memory.
// Invariant: what comes out depends on the set of records alone. A line stays where it is the first of its key in its document and
// fewer than `max_documents` documents before it, by (path, offset), hold the key; with max_documents 0 (CCNet's own rule: "even
// removing the first occurrence") it stays only where no other document holds it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "refine/components.h"
#include "refine/records.h"

namespace refine {

// A line record: key words [hash high, hash low, row, start << 32 | end], the low half left out where `wide` is false.
constexpr RecordShape line_shape(bool wide) { return {wide ? 4u : 3u, 0, false}; }
constexpr RecordShape kEditShape{3, 0, false};  // row, start, end

struct LineCopyCounts {
  uint64_t lines = 0, copies = 0, repeated = 0;  // read; cut; keys of which at least one line is cut
  uint64_t largest = 0;                          // lines of the most frequent key
};

// `out`: kEditShape. Rows in `dropped` count as absent.
Status line_copies(const std::vector<std::string>& files, bool wide, const RecordRange& range, const DroppedFiles& dropped, uint64_t max_documents, const std::string& out,
                   const std::string& scratch, size_t memory_bytes, LineCopyCounts* counts);

}  // namespace refine
