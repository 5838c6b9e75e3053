#include "refine/record_picker.h"

#include <algorithm>

#include "record_file.h"

namespace refine {

using namespace spill;

Status merge_to_one_run(const std::vector<std::string>& paths, const std::string& out, size_t memory_bytes, RecordFileInfo* info) {
  if (paths.empty()) return Status::error("ERR_REFINE_INTERNAL", "there is no record file to merge");
  RecordFileInfo first;
  if (auto status = record_file_info(paths[0], &first); !status.ok()) return status;
  const auto slash = out.rfind('/');
  RecordMerge merge;
  if (auto status = merge.open(paths, first.shape, {}, memory_bytes, slash == std::string::npos ? "." : out.substr(0, slash)); !status.ok()) return status;
  SortedRecordWriter writer;
  if (auto status = writer.open(out, first.shape); !status.ok()) return status;
  RecordRef record;
  while (merge.next(&record))
    if (auto status = writer.add(record); !status.ok()) return status;
  if (!merge.status().ok()) return merge.status();
  return writer.finish(info);
}

struct RecordPicker::State {
  InputFiles files{1};
  RecordShape shape;
  std::vector<BlockEntry> index;
  size_t block = 0;                   // the first that may hold the next key
  std::unique_ptr<RunCursor> cursor;  // in block `opened`
  size_t opened = 0;
  bool held = false;                  // the cursor stands on a record
  uint64_t asked = 0, blocks_read = 0;
  Status status;
};

RecordPicker::RecordPicker() : state_(std::make_unique<State>()) {}
RecordPicker::~RecordPicker() = default;
const Status& RecordPicker::status() const { return state_->status; }
uint64_t RecordPicker::blocks_read() const { return state_->blocks_read; }

Status RecordPicker::open(const std::string& path, const RecordShape& shape) {
  state_ = std::make_unique<State>();
  auto& s = *state_;
  s.shape = shape;
  RecordFileInfo info;
  s.status = read_layout(Source(&s.files, s.files.add(path)), &shape, {}, 0, nullptr, &info, &s.index);
  if (s.status.ok() && info.runs > 1) s.status = Status::error("ERR_REFINE_INTERNAL", path + ": it has " + std::to_string(info.runs) + " runs, records are picked from files of one");
  return s.status;
}

bool RecordPicker::find(uint64_t key, RecordRef* record) {
  auto& s = *state_;
  if (!s.status.ok()) return false;
  if (key < s.asked) {
    s.status = Status::error("ERR_REFINE_INTERNAL", "records are picked in ascending order");
    return false;
  }
  s.asked = key;
  s.block = size_t(std::partition_point(s.index.begin() + ptrdiff_t(s.block), s.index.end(), [&](const BlockEntry& entry) { return entry.last < key; }) - s.index.begin());
  if (s.block == s.index.size() || s.index[s.block].first > key) return false;
  if (!s.cursor || s.opened != s.block) {
    const auto& entry = s.index[s.block];
    const RunSpan span{0, entry.offset, entry.offset + kFrameBytes + entry.bytes, entry.records, entry.bytes};
    s.cursor = std::make_unique<RunCursor>(Source(&s.files, 0), span, s.shape, RecordRange{}, kFrameBytes + size_t(entry.bytes));
    s.opened = s.block;
    s.held = s.cursor->next();
    ++s.blocks_read;
  }
  while (s.held && s.cursor->key() < key) s.held = s.cursor->next();
  if (!s.held) {
    s.status = s.cursor->status();
    return false;
  }
  if (s.cursor->key() != key) return false;
  *record = s.cursor->record();
  return true;
}

}  // namespace refine
