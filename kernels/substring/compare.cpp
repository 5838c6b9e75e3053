// Wanted stretches: their symbols are fetched from their documents (contents), brought together by anchor and compared window by
// window (compare). A group that outgrows its memory goes through a record file of (128 bits of the window, row, start).
#include <algorithm>
#include <cstring>

#include "refine/substring_run.h"
#include "symbols.h"

namespace refine::substring {
namespace {

Status damaged(const std::string& path, uint64_t row, const char* what) {
  return Status::error("ERR_REFINE_SPILL_DAMAGED", path + "  record of row " + std::to_string(row) + " " + what + ". Delete the file and run again");
}

RecordRange rows_of(uint32_t input) { return {uint64_t(input) << 32, uint64_t(input) << 32 | UINT32_MAX}; }

// A group too large for WindowComparer.
class LargeGroup {
 public:
  LargeGroup(const Params& params, const Work& work) : params_(params), work_(work) {}
  bool open() const { return open_; }
  Status begin() {
    open_ = true;
    path_ = work_.scratch + "/windows.records";
    writer_ = std::make_unique<RecordWriter>();
    return writer_->open(path_, kShape, work_.memory_bytes / 4);
  }
  Status add(uint64_t row, uint32_t start, std::string_view content) {
    const size_t width = params_.symbol_bytes(), span = params_.span * width;
    for (size_t at = 0; at + span <= content.size(); at += width, ++start) {
      const Hash128 hash = murmur3_128(content.substr(at, span));
      const uint64_t key[4] = {hash.high, hash.low, row, start};
      if (Status status = writer_->add(key, nullptr); !status.ok()) return status;
    }
    return {};
  }
  template <class Emit>  // Status (row, Range)
  Status finish(Emit&& emit) {
    open_ = false;
    if (Status status = writer_->finish(); !status.ok()) return status;
    RecordMerge merge;
    if (Status status = merge.open({path_}, kShape, {}, work_.memory_bytes / 4, work_.scratch); !status.ok()) return status;
    uint64_t key[4] = {};
    bool first = true, first_emitted = false;
    const auto range = [&](uint64_t start) { return Range{uint32_t(start), uint32_t(start) + params_.span}; };
    for (RecordRef record; merge.next(&record); first = false) {
      if (first || record.key(0) != key[0] || record.key(1) != key[1]) {
        for (size_t word = 0; word < 4; ++word) key[word] = record.key(word);
        first_emitted = false;
        continue;
      }
      if (!params_.keep_first && !first_emitted) {
        first_emitted = true;
        if (Status status = emit(key[2], range(key[3])); !status.ok()) return status;
      }
      if (Status status = emit(record.key(2), range(record.key(3))); !status.ok()) return status;
    }
    const Status status = merge.status();
    std::remove(path_.c_str());
    return status;
  }

 private:
  static constexpr RecordShape kShape{4, 0, false};
  const Params& params_;
  const Work& work_;
  bool open_ = false;
  std::string path_;
  std::unique_ptr<RecordWriter> writer_;
};

}  // namespace

Status contents(const Params& params, uint32_t input, const std::string& symbols, const std::vector<std::string>& wanted, const std::string& out, const Work& work,
                uint64_t* written) {
  if (Status status = check_params(params); !status.ok()) return status;
  RecordMerge wishes, documents;
  if (Status status = wishes.open(wanted, kWantedShape, rows_of(input), work.memory_bytes / 4, work.scratch); !status.ok()) return status;
  if (Status status = documents.open({symbols}, kSymbolsShape, rows_of(input), work.memory_bytes / 4, work.scratch); !status.ok()) return status;
  RecordWriter writer;
  if (Status status = writer.open(out, kContentShape, work.memory_bytes / 2); !status.ok()) return status;
  std::vector<uint32_t> ids, ends;
  std::string packed;
  RecordRef wish, document;
  bool more = wishes.next(&wish);
  *written = 0;
  while (more) {
    const uint64_t row = wish.key(0);
    bool found = false;
    while (!found && documents.next(&document)) found = document.key(0) >= row;
    if (!documents.status().ok()) return documents.status();
    if (!found || document.key(0) != row) return damaged(symbols, row, "is missing, though its stretches were cut");
    const std::string_view tail(reinterpret_cast<const char*>(document.tail), document.tail_bytes);
    if (!params.bytes && !unpack_tokens(tail, ids, ends)) return damaged(symbols, row, "holds no tokens");
    const size_t count = params.bytes ? tail.size() : ids.size();
    for (; more && wish.key(0) == row; more = wishes.next(&wish)) {
      const uint32_t start = uint32_t(wish.key(1) >> 32);
      const size_t length = size_t(uint32_t(wish.key(1))) - 1 + params.span;
      if (uint32_t(wish.key(1)) == 0 || start > count || length > count - start) return damaged(symbols, row, "has fewer symbols than its stretches");
      packed.clear();
      if (!params.bytes) pack_ids(ids.data() + start, length, packed);
      uint64_t key[3] = {0, row, start};
      std::memcpy(key, wish.value(kWantedShape), 8);
      if (Status status = writer.add(key, nullptr, params.bytes ? tail.substr(start, length) : std::string_view(packed)); !status.ok()) return status;
      ++*written;
    }
  }
  if (!wishes.status().ok()) return wishes.status();
  return writer.finish();
}

Status compare(const Params& params, const std::vector<std::string>& contents, const RecordRange& anchors, const std::string& repeated, const Work& work,
               CompareCounts* counts) {
  if (Status status = check_params(params); !status.ok()) return status;
  RecordWriter writer;
  if (Status status = writer.open(repeated, kRepeatedShape, work.memory_bytes / 8); !status.ok()) return status;
  RecordMerge merge;
  if (Status status = merge.open(contents, kContentShape, anchors, work.memory_bytes / 4, work.scratch); !status.ok()) return status;
  WindowComparer comparer(params);
  LargeGroup large(params, work);
  const auto emit = [&](uint64_t row, Range range) {
    const uint64_t key[2] = {row, uint64_t(range.start) << 32 | range.end};
    return writer.add(key, nullptr);
  };
  uint64_t anchor = 0, members = 0;
  Status failed;
  const auto end_group = [&]() -> Status {
    if (members == 0) return {};
    ++counts->groups;
    counts->largest_group = std::max(counts->largest_group, members);
    members = 0;
    if (large.open()) {
      ++counts->large_groups;
      return large.finish(emit);
    }
    comparer.finish([&](uint64_t row, Range range) {
      if (Status status = emit(row, range); !status.ok() && failed.ok()) failed = status;
    });
    return failed;
  };
  std::vector<uint32_t> ids;
  *counts = {};
  for (RecordRef record; merge.next(&record); ++members) {
    if (record.key(0) != anchor)
      if (Status status = end_group(); !status.ok()) return status;
    anchor = record.key(0);
    ++counts->stretches;
    std::string_view content(reinterpret_cast<const char*>(record.tail), record.tail_bytes);
    if (!params.bytes) {
      if (!unpack_ids(content, ids)) return damaged("contents", record.key(1), "holds no tokens");
      content = {reinterpret_cast<const char*>(ids.data()), ids.size() * 4};
    }
    if (content.size() < size_t(params.span) * params.symbol_bytes()) return damaged("contents", record.key(1), "is shorter than a span");
    const uint32_t start = uint32_t(record.key(2));
    if (large.open()) {
      if (Status status = large.add(record.key(1), start, content); !status.ok()) return status;
      continue;
    }
    comparer.add(record.key(1), start, content);
    if (comparer.bytes() <= work.memory_bytes / 4) continue;
    if (Status status = large.begin(); !status.ok()) return status;
    comparer.drain([&](uint64_t row, uint32_t at, std::string_view symbols) {
      if (failed.ok()) failed = large.add(row, at, symbols);
    });
    if (!failed.ok()) return failed;
  }
  if (!merge.status().ok()) return merge.status();
  if (Status status = end_group(); !status.ok()) return status;
  return writer.finish();
}

Status edits(const Params& params, uint32_t input, const std::string& symbols, const std::vector<std::string>& repeated, const DroppedFiles& dropped, const std::string& out,
             const Work& work, EditCounts* counts) {
  if (Status status = check_params(params); !status.ok()) return status;
  DroppedRows gone;
  if (Status status = gone.open(dropped); !status.ok()) return status;
  RecordMerge ranges, documents;
  if (Status status = ranges.open(repeated, kRepeatedShape, rows_of(input), work.memory_bytes / 2, work.scratch); !status.ok()) return status;
  if (!params.bytes)
    if (Status status = documents.open({symbols}, kSymbolsShape, rows_of(input), work.memory_bytes / 4, work.scratch); !status.ok()) return status;
  SortedRecordWriter writer;
  if (Status status = writer.open(out, kEditShape); !status.ok()) return status;
  std::vector<uint32_t> ids, ends;
  RecordRef range, document;
  *counts = {};
  bool more = ranges.next(&range);
  while (more) {
    const uint64_t row = range.key(0);
    if (gone.has(row)) {
      while (more && range.key(0) == row) more = ranges.next(&range);
      continue;
    }
    if (!params.bytes) {
      bool found = false;
      while (!found && documents.next(&document)) found = document.key(0) >= row;
      if (!documents.status().ok()) return documents.status();
      if (!found || document.key(0) != row) return damaged(symbols, row, "is missing, though its stretches were cut");
      if (!unpack_tokens({reinterpret_cast<const char*>(document.tail), document.tail_bytes}, ids, ends)) return damaged(symbols, row, "holds no tokens");
    }
    const auto write = [&](const Range& span) -> Status {
      if (!params.bytes && span.end > ends.size()) return damaged(symbols, row, "has fewer symbols than its stretches");
      uint64_t key[3] = {row, span.start, span.end};
      if (!params.bytes) {
        key[1] = span.start == 0 ? 0 : ends[span.start - 1];
        key[2] = ends[span.end - 1];
      }
      if (key[1] >= key[2]) return {};  // tokens without bytes of the text
      ++counts->spans;
      counts->symbols += span.end - span.start;
      counts->bytes += key[2] - key[1];
      return writer.add(key, nullptr);
    };
    ++counts->documents;
    Range joined{};
    bool any = false;
    for (; more && range.key(0) == row; more = ranges.next(&range)) {
      const Range next{uint32_t(range.key(1) >> 32), uint32_t(range.key(1))};
      if (next.start >= next.end) return damaged("repeated", row, "is no range");
      if (any && next.start <= joined.end) {
        joined.end = std::max(joined.end, next.end);
        continue;
      }
      if (any)
        if (Status status = write(joined); !status.ok()) return status;
      joined = next;
      any = true;
    }
    if (Status status = write(joined); !status.ok()) return status;
  }
  if (!ranges.status().ok()) return ranges.status();
  return writer.finish();
}

}  // namespace refine::substring
