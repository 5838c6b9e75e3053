// Writes a record file: header, blocks of runs whose records are given in order, index, trailer.
// Invariant: a record lies in the run that was begun last; bytes on disk are those of record_format.h, whatever the pieces they came in.
#pragma once
#include <string_view>
#include <vector>

#include "record_format.h"
#include "spill_file.h"

namespace refine::spill {

class BlockWriter {
 public:
  Status open(const std::string& path, const RecordShape& shape);
  void begin_run();
  // Room for one fixed part (stride_of bytes, tail length included, which `append_tail` of the same record must match).
  uint8_t* slot() {
    if (bytes_ + tails_.size() >= target_) close_block();
    uint8_t* at = buffer_.data() + filled_ + kFrameBytes + bytes_;
    bytes_ += stride_;
    ++records_;
    return at;
  }
  void append_tail(std::string_view tail) { tails_.insert(tails_.end(), tail.begin(), tail.end()); }
  // Whole fixed parts end to end, no tails.
  void append(const uint8_t* fixed, size_t rows);
  const Status& status() const { return status_; }
  Status finish(RecordFileInfo* info);
  void discard() { file_.discard(); }
  uint64_t bytes() const { return file_.written() + filled_; }

 private:
  void close_block();
  void flush();

  RecordShape shape_;
  OutputFile file_;
  Status status_;  // the first error; what follows it is thrown away
  size_t stride_ = 0, target_ = 0;
  std::vector<uint8_t> buffer_, tails_;
  size_t filled_ = 0;  // whole blocks in buffer_
  size_t bytes_ = 0;   // of the block being filled: fixed parts only
  uint32_t records_ = 0;
  uint64_t all_records_ = 0;
  std::vector<BlockEntry> index_;
  std::vector<uint64_t> runs_;
};

}  // namespace refine::spill
