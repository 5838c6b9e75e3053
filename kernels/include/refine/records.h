// Record files: what the dedupe barriers spill, sort and merge. A record is 1..4 key words (uint64, compared in order, unsigned),
// a value of fixed size and, where the shape has one, a tail of bytes; the order is total over (key, value, tail), bytes compared
// unsigned. A file holds sorted runs cut into checksummed blocks (layout: kernels/spill/record_format.h).
// Invariants: what a merge gives depends on the set of records alone, not on their order of arrival, memory, runs or passes; no
// damaged byte reaches a caller. Memory stays under what a class is opened with (at least kLeastMemory, and a few of the largest
// records). Errors: ERR_REFINE_DISK (full, not writable, not readable), ERR_REFINE_SPILL_DAMAGED, ERR_REFINE_SPILL_FORMAT (newer).
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "refine/views.h"

namespace refine {

constexpr unsigned kMaxKeyWords = 4, kMaxValueBytes = 64;
constexpr uint32_t kMaxTailBytes = uint32_t(1) << 26;
constexpr size_t kLeastMemory = size_t(1) << 20;  // smaller ones count as this

struct RecordShape {
  unsigned key_words = 1, value_bytes = 0;
  bool tail = false;

  bool operator==(const RecordShape&) const = default;
  bool valid() const { return key_words >= 1 && key_words <= kMaxKeyWords && value_bytes <= kMaxValueBytes; }
  size_t fixed_bytes() const { return 8 * size_t(key_words) + value_bytes; }  // key words, little-endian, then the value
};

// One record, lent: good until its reader moves on.
struct RecordRef {
  const uint8_t* fixed = nullptr;  // shape.fixed_bytes() of them, at any alignment
  const uint8_t* tail = nullptr;
  uint32_t tail_bytes = 0;

  uint64_t key(size_t word) const {
    uint64_t value;
    std::memcpy(&value, fixed + 8 * word, 8);
    return value;
  }
  const uint8_t* value(const RecordShape& shape) const { return fixed + 8 * size_t(shape.key_words); }
};

// Inclusive bounds of the first key word.
struct RecordRange {
  uint64_t first = 0, last = UINT64_MAX;
};

struct RecordFileInfo {
  RecordShape shape;
  uint64_t records = 0, bytes = 0, runs = 0;
};

// Takes records in any order, sorts them in memory, spills sorted runs. The file stands under its path from `open` on; who wants
// it atomic gives a temporary name and renames. An error is final: every later call gives it again.
class RecordWriter {
 public:
  RecordWriter();
  ~RecordWriter();  // an unfinished file is removed
  // distinct: equal records (key, value and tail) become one within the file's runs; a merge with `distinct` ends the rest.
  Status open(const std::string& path, const RecordShape& shape, size_t memory_bytes, bool distinct = false);
  Status add(const uint64_t* key, const void* value, std::string_view tail = {});
  // rows records: keys (rows, key_words), values (rows, value_bytes), tails by offsets (rows + 1) or nullptr where the shape has none.
  Status add_many(size_t rows, const uint64_t* keys, const uint8_t* values, const uint8_t* tails = nullptr, const int32_t* tail_offsets = nullptr);
  // The same for a batch that certainly needs no spill, false where it might: lets a caller stay on its own thread.
  bool fits(size_t rows, uint64_t tail_bytes) const;
  Status finish(RecordFileInfo* info = nullptr);  // the file is whole then, not yet synced
  void abort();                                   // removes the file

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Takes records that ascend already; one run, no sort, a few MiB of memory at most. A record that falls is ERR_REFINE_INTERNAL.
class SortedRecordWriter {
 public:
  SortedRecordWriter();
  ~SortedRecordWriter();
  Status open(const std::string& path, const RecordShape& shape, bool distinct = false);
  Status add(const uint64_t* key, const void* value, std::string_view tail = {});
  Status add(const RecordRef& record);
  Status finish(RecordFileInfo* info = nullptr);
  void abort();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Records copied out of a merge, for a boundary that wants arrays.
struct RecordBatch {
  std::vector<uint64_t> keys;   // (rows, key_words)
  std::vector<uint8_t> values;  // (rows, value_bytes)
  std::vector<uint8_t> tails;
  std::vector<int32_t> tail_offsets;  // rows + 1 where the shape has a tail
  size_t rows = 0;
};

// All records of some files of one shape whose first key word lies in a range, in order. Files that do not intersect it are closed
// again at once; at most kMaxOpenFiles are open. Where there are more runs than memory has blocks for, whole passes go through
// files in `scratch` (a folder; empty: the folder of the first file), removed when the merge is closed.
class RecordMerge {
 public:
  static constexpr size_t kMaxOpenFiles = 192;

  RecordMerge();
  ~RecordMerge();
  Status open(const std::vector<std::string>& paths, const RecordShape& shape, const RecordRange& range, size_t memory_bytes, const std::string& scratch = {}, bool distinct = false);
  // False at the end and on an error; `status` tells which. The record is good until the next call.
  bool next(RecordRef* record);
  const Status& status() const;
  // Up to max_rows records, and no more once max_bytes are there; 0 rows at the end. Replaces what `out` held.
  Status next_batch(RecordBatch& out, size_t max_rows, size_t max_bytes);
  uint64_t expected() const;  // records in the blocks that touch the range: an upper bound, for progress and reserves
  uint64_t spilled() const;   // bytes written by passes
  uint64_t passes() const;    // merges that went through scratch files
  void close();               // gives no more records; scratch files are gone

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// All records of some files of one shape, file by file, run by run: no order over runs, no memory for them. For what asks no order.
class RecordScan {
 public:
  RecordScan();
  ~RecordScan();
  Status open(const std::vector<std::string>& paths, const RecordShape& shape);
  bool next(RecordRef* record);
  const Status& status() const;
  uint64_t expected() const;  // records in all files

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Header, index and trailer checked, no block read.
Status record_file_info(const std::string& path, RecordFileInfo* info);
// Everything checked: blocks, order within runs, index.
Status verify_record_file(const std::string& path, RecordFileInfo* info);
// As verify_record_file, on bytes in memory: for fuzzing.
Status verify_record_bytes(std::string_view bytes, RecordFileInfo* info);

// The first key word where partition p of count begins: the smallest w with w * count >= p * 2^64. p = count: 2^64, given as 0.
uint64_t partition_start(uint64_t partition, uint64_t count);
RecordRange partition_range(uint64_t partition, uint64_t count);

}  // namespace refine
