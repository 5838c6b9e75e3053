// Reads a record file: its index, checked as a whole, and the records of one run's part, block by block.
// Invariant: a record that a cursor gives came from a block whose check held, in a place where the index said a block is.
#pragma once
#include <vector>

#include "record_format.h"
#include "spill_file.h"

namespace refine::spill {

// Bytes to read: a file of the cache, or memory (fuzzing).
class Source {
 public:
  Source(InputFiles* files, size_t file) : files_(files), file_(file) {}
  explicit Source(std::string_view bytes) : bytes_(bytes) {}
  const std::string& path() const;
  Status size(uint64_t* bytes) const;
  Status read(uint64_t offset, void* bytes, size_t size) const;
  void will_need(uint64_t offset, uint64_t size) const;

 private:
  InputFiles* files_ = nullptr;
  size_t file_ = 0;
  std::string_view bytes_;
};

// The blocks of one run that may hold records of a range: they lie end to end in [begin, end).
struct RunSpan {
  size_t file = 0;
  uint64_t begin = 0, end = 0, records = 0;
  uint32_t largest = 0;  // payload bytes of the largest block
};

// Header, trailer and index. `shape`: what the file must have, or nullptr. Spans of `range` are appended, each with this file number.
Status read_layout(const Source& source, const RecordShape* shape, const RecordRange& range, size_t file, std::vector<RunSpan>* spans, RecordFileInfo* info, std::vector<BlockEntry>* index = nullptr);

class RunCursor {
 public:
  RunCursor(Source source, const RunSpan& span, const RecordShape& shape, const RecordRange& range, size_t window);
  // To the first, then to the next record; false at the end and on an error. Never called again after false.
  bool next() {
    if (at_ != end_) {
      if (tail_shape_) tail_ += load<uint32_t>(at_ + fixed_);
      at_ += stride_;
      __builtin_prefetch(at_ + 128);  // with many runs a run's next line left the cache since it was here
    }
    return at_ != end_ || next_block();
  }
  RecordRef record() const { return {at_, tail_, tail_shape_ ? load<uint32_t>(at_ + fixed_) : 0}; }
  const uint8_t* fixed() const { return at_; }
  uint64_t key() const { return load<uint64_t>(at_); }
  const Status& status() const { return status_; }

 private:
  bool next_block();
  Status fill(size_t wanted);
  Status check_block(const uint8_t* payload, uint32_t records, uint32_t bytes);

  const uint8_t *at_ = nullptr, *end_ = nullptr, *tail_ = nullptr;
  size_t stride_, fixed_;
  bool tail_shape_;
  Source source_;
  RunSpan span_;
  RecordRange range_;
  size_t window_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t room_ = 0, read_ = 0, filled_ = 0;  // of buffer_: where the next block begins, how much is there
  uint64_t offset_;               // in the file, of the next block
  uint64_t advised_;              // up to where the system was asked to read ahead
  uint64_t last_ = 0;             // first key word of the last record seen
  uint64_t left_;                 // records of the span not yet seen
  Status status_;
};

}  // namespace refine::spill
