#include "block_writer.h"

#include <algorithm>

namespace refine::spill {
namespace {
constexpr size_t kWriteBytes = size_t(1) << 20;
}

Status BlockWriter::open(const std::string& path, const RecordShape& shape) {
  shape_ = shape;
  stride_ = stride_of(shape);
  target_ = kLeastBlock;
  status_ = file_.open(path);
  buffer_.resize(kWriteBytes + kFrameBytes + kLargestBlock + stride_);
  uint8_t* header = buffer_.data();
  std::memset(header, 0, kHeaderBytes);
  std::memcpy(header, kHeaderMagic, 7);
  header[7] = kFormat;
  header[8] = uint8_t(shape.key_words);
  header[9] = uint8_t(shape.value_bytes);
  header[10] = shape.tail;
  store(header + 24, check_of(header, 24));
  filled_ = kHeaderBytes;
  return status_;
}

void BlockWriter::begin_run() {
  close_block();
  if (!runs_.empty() && runs_.back() == index_.size()) return;  // the last one stayed empty
  runs_.push_back(index_.size());
}

void BlockWriter::append(const uint8_t* fixed, size_t rows) {
  while (rows > 0) {
    if (bytes_ >= target_) close_block();
    const size_t take = std::min(rows, (target_ - bytes_ + stride_ - 1) / stride_);
    std::memcpy(buffer_.data() + filled_ + kFrameBytes + bytes_, fixed, take * stride_);
    bytes_ += take * stride_;
    records_ += uint32_t(take);
    fixed += take * stride_;
    rows -= take;
  }
}

void BlockWriter::close_block() {
  if (records_ == 0) return;
  uint8_t* frame = buffer_.data() + filled_;
  const size_t payload = bytes_ + tails_.size();
  const uint8_t* first = frame + kFrameBytes;
  const BlockEntry entry{file_.written() + filled_, load<uint64_t>(first), load<uint64_t>(first + (records_ - 1) * stride_), records_, uint32_t(payload)};
  if (!tails_.empty()) {
    const size_t needed = filled_ + kFrameBytes + payload + kFrameBytes + kLargestBlock + stride_;
    if (buffer_.size() < needed) buffer_.resize(needed);
    frame = buffer_.data() + filled_;
    std::memcpy(frame + kFrameBytes + bytes_, tails_.data(), tails_.size());
    tails_.clear();
  }
  store(frame, records_);
  store(frame + 4, uint32_t(payload));
  store(frame + 8, block_check(frame + kFrameBytes, records_, uint32_t(payload), entry.offset));
  index_.push_back(entry);
  all_records_ += records_;
  filled_ += kFrameBytes + payload;
  bytes_ = 0;
  records_ = 0;
  if (filled_ >= kWriteBytes) flush();
  target_ = std::clamp((file_.written() + filled_) / kBlocksBeforeGrowth, uint64_t(kLeastBlock), uint64_t(kLargestBlock));
}

void BlockWriter::flush() {
  if (status_.ok()) status_ = file_.write(buffer_.data(), filled_);
  filled_ = 0;
  if (buffer_.size() > 4 * kWriteBytes) {  // a giant tail came by: do not keep its room
    buffer_.resize(kWriteBytes + kFrameBytes + kLargestBlock + stride_);
    buffer_.shrink_to_fit();
    tails_.shrink_to_fit();
  }
}

Status BlockWriter::finish(RecordFileInfo* info) {
  close_block();
  flush();
  if (!runs_.empty() && runs_.back() == index_.size()) runs_.pop_back();
  if (!status_.ok()) {
    file_.discard();
    return status_;
  }
  const uint64_t index_offset = file_.written();
  std::vector<uint8_t> end(index_.size() * kIndexBytes + runs_.size() * 8 + kTrailerBytes);
  if (!index_.empty()) {
    std::memcpy(end.data(), index_.data(), index_.size() * kIndexBytes);
    std::memcpy(end.data() + index_.size() * kIndexBytes, runs_.data(), runs_.size() * 8);
  }
  const size_t index_bytes = end.size() - kTrailerBytes;
  uint8_t* trailer = end.data() + index_bytes;
  const uint64_t words[6] = {index_offset, index_.size(), runs_.size(), all_records_, check_of(end.data(), index_bytes), 0};
  std::memcpy(trailer, words, sizeof words);
  store(trailer + 48, check_of(trailer, 48));
  std::memcpy(trailer + 56, kTrailerMagic, 7);
  trailer[63] = kFormat;
  status_ = file_.write(end.data(), end.size());
  if (status_.ok()) status_ = file_.close();
  if (!status_.ok()) {
    file_.discard();
    return status_;
  }
  if (info) *info = {shape_, all_records_, file_.written(), runs_.size()};
  index_ = {};
  runs_ = {};
  buffer_ = {};
  return {};
}

}  // namespace refine::spill
