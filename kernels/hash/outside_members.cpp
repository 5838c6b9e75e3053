#include "refine/outside_members.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "refine/record_picker.h"
#include "refine/xxh3.h"

namespace refine {
namespace {

constexpr RecordShape kComponent{1, 8, false};

uint64_t word_of(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, 8);
  return value;
}

}  // namespace

Status outside_members(const std::vector<OutsideFile>& files, const std::vector<std::string>& components, bool with_shingles, const std::string& out, size_t memory_bytes, MemberCounts* counts) {
  RecordMerge clusters;
  if (auto status = clusters.open(components, kComponent, {kOutsideRow, UINT64_MAX}, memory_bytes / 4); !status.ok()) return status;
  RecordWriter writer;
  if (auto status = writer.open(out, kMemberShape, memory_bytes / 2); !status.ok()) return status;
  auto file = files.begin();
  std::unique_ptr<RecordPicker> picker;
  RecordRef cluster, document;
  while (clusters.next(&cluster)) {
    const uint64_t row = cluster.key(0), component = word_of(cluster.value(kComponent));
    const auto holder = std::upper_bound(file, files.end(), row, [](uint64_t value, const OutsideFile& one) { return value < one.first_row; });
    if (holder == files.begin() || (row ^ (holder - 1)->first_row) >> 32) return Status::error("ERR_REFINE_INDEX", "the index has no run with a document that a band named: it was changed while the run read it. Run the same command again");
    if (file != holder - 1 || !picker) {
      file = holder - 1;
      picker.reset();
      if (!file->shingles.empty()) {
        picker = std::make_unique<RecordPicker>();
        if (auto status = picker->open(file->shingles, kShingleShape); !status.ok()) return status;
      }
    }
    const uint64_t key[4] = {mix_component(component), component, 0, row};
    uint64_t about[2] = {0, mix_component(row)};
    std::string_view tail;
    if (picker) {
      if (!picker->find(row, &document))
        return picker->status().ok() ? Status::error("ERR_REFINE_INDEX", file->shingles + ": it has no shingles of a document that has band keys. Restore it from a copy, or build the index anew from its runs") : picker->status();
      tail = {reinterpret_cast<const char*>(document.tail), document.tail_bytes};
      about[0] = word_of(document.value(kShingleShape) + 16);
      about[1] = xxh3_64(tail);
    }
    if (auto status = writer.add(key, about, with_shingles ? tail : std::string_view{}); !status.ok()) return status;
    ++counts->documents;
    ++counts->members;
  }
  if (!clusters.status().ok()) return clusters.status();
  RecordFileInfo info;
  auto status = writer.finish(&info);
  counts->bytes = info.bytes;
  return status;
}

}  // namespace refine
