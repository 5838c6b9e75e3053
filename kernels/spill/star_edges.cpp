// Two merges walk side by side: the run's own keys and those of `outside`; equal keys meet, a group streams by, so a group of any size
// costs no memory. Edges go through a sorter that keeps each once.
#include <algorithm>
#include <utility>

#include "refine/components.h"
#include "refine/dropped_rows.h"
#include "spill_file.h"

namespace refine {
Status star_edges(const std::vector<std::string>& files, const RecordRange& range, const DroppedFiles& dropped, const std::vector<std::string>& outside, const std::string& out, size_t memory_bytes,
                  StarCounts* counts) {
  *counts = {};
  const size_t slash = out.rfind('/');
  const std::string scratch = slash == std::string::npos ? "." : slash == 0 ? "/" : out.substr(0, slash);
  const size_t memory = std::max(memory_bytes, 4 * kLeastMemory);
  DroppedRows gone;
  if (auto status = gone.open(dropped); !status.ok()) return status;
  RecordWriter edges;
  if (auto status = edges.open(out, kEdgeShape, memory / 2, true); !status.ok()) return status;
  RecordMerge own, others;
  if (auto status = own.open(files, kKeyShape, range, outside.empty() ? memory / 2 : memory / 4, scratch); !status.ok()) return status;
  if (auto status = others.open(outside, kKeyShape, range, outside.empty() ? kLeastMemory : memory / 4, scratch); !status.ok()) return status;

  RecordRef foreign;
  bool more_foreign = others.next(&foreign);
  uint64_t high = 0, low = 0, centre = 0, last = 0, size = 0;  // of the group at hand
  bool any = false, edge_given = false;
  auto close_group = [&] {
    if (!edge_given) return;
    ++counts->groups;
    counts->largest_group = std::max(counts->largest_group, size);
  };
  Status status;
  auto give = [&](uint64_t other) {
    const uint64_t edge[2] = {centre, other};
    status = edges.add(edge, nullptr);
    edge_given = true;
  };
  RecordRef record;
  while (status.ok() && own.next(&record)) {
    const uint64_t row = record.key(2);
    if (gone.has(row)) continue;
    const uint64_t record_high = record.key(0), record_low = record.key(1);
    if (any && record_high == high && record_low == low) {
      if (row == last) continue;
      ++counts->entries;
      ++size;
      last = row;
      give(row);
      continue;
    }
    close_group();
    any = true;
    edge_given = false;
    high = record_high;
    low = record_low;
    centre = last = row;
    size = 1;
    ++counts->entries;
    auto behind = [&] { return foreign.key(0) != high ? foreign.key(0) < high : foreign.key(1) < low; };
    while (more_foreign && behind()) more_foreign = others.next(&foreign);
    auto meets = [&] { return more_foreign && foreign.key(0) == high && foreign.key(1) == low; };
    if (!meets()) continue;
    centre = foreign.key(2);
    give(row);
    for (uint64_t before = centre; status.ok() && (more_foreign = others.next(&foreign)) && meets(); before = foreign.key(2))
      if (foreign.key(2) != before) give(foreign.key(2));
  }
  close_group();
  for (const Status* part : {&std::as_const(status), &own.status(), &others.status()})
    if (!part->ok()) return *part;
  RecordFileInfo info;
  status = edges.finish(&info);
  counts->edges = info.records;
  return status;
}

}  // namespace refine
