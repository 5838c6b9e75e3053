#include "record_file.h"

#include <algorithm>

namespace refine::spill {
namespace {

constexpr uint64_t kReadAhead = uint64_t(1) << 20;
const std::string kMemory = "(bytes in memory)";

std::string block_words(uint64_t offset) { return "the block at byte " + std::to_string(offset); }

std::string shape_words(const RecordShape& shape) {
  return std::to_string(shape.key_words) + " key words, " + std::to_string(shape.value_bytes) + " bytes of value, " + (shape.tail ? "a tail" : "no tail");
}

}  // namespace

const std::string& Source::path() const { return files_ ? files_->path(file_) : kMemory; }

Status Source::size(uint64_t* bytes) const {
  if (files_) return files_->size(file_, bytes);
  *bytes = bytes_.size();
  return {};
}

Status Source::read(uint64_t offset, void* bytes, size_t size) const {
  if (files_) return files_->read(file_, offset, bytes, size);
  if (offset > bytes_.size() || size > bytes_.size() - offset) return damaged(path(), "it ends before byte " + std::to_string(offset + size));
  std::memcpy(bytes, bytes_.data() + offset, size);
  return {};
}

void Source::will_need(uint64_t offset, uint64_t size) const {
  if (files_) files_->will_need(file_, offset, size);
}

Status read_layout(const Source& source, const RecordShape* shape, const RecordRange& range, size_t file, std::vector<RunSpan>* spans, RecordFileInfo* info, std::vector<BlockEntry>* index_out) {
  uint64_t size;
  if (auto status = source.size(&size); !status.ok()) return status;
  if (size < kHeaderBytes + kTrailerBytes) return damaged(source.path(), "it has " + std::to_string(size) + " bytes, a record file has at least " + std::to_string(kHeaderBytes + kTrailerBytes));
  uint8_t header[kHeaderBytes], trailer[kTrailerBytes];
  if (auto status = source.read(0, header, sizeof header); !status.ok()) return status;
  if (std::memcmp(header, kHeaderMagic, 7) != 0) return damaged(source.path(), "it does not begin as a record file does");
  if (header[7] > kFormat)
    return Status::error("ERR_REFINE_SPILL_FORMAT", source.path() + ": its format is " + std::to_string(header[7]) + ", this refine reads up to " + std::to_string(kFormat) +
                                                        ". A newer refine wrote it: go on with that one, or delete the file and run the same command again, which makes it anew.");
  if (load<uint64_t>(header + 24) != check_of(header, 24)) return damaged(source.path(), "its header's check does not hold");
  const RecordShape own{header[8], header[9], header[10] != 0};
  if (header[7] == 0 || !own.valid() || header[10] > 1) return damaged(source.path(), "its header says format " + std::to_string(header[7]) + " and " + shape_words(own));
  if (shape && !(own == *shape)) return damaged(source.path(), "its records have " + shape_words(own) + "; expected " + shape_words(*shape));

  if (auto status = source.read(size - kTrailerBytes, trailer, sizeof trailer); !status.ok()) return status;
  if (std::memcmp(trailer + 56, kTrailerMagic, 7) != 0 || trailer[63] != header[7]) return damaged(source.path(), "it does not end as a record file does (" + std::to_string(size) + " bytes): it was cut short");
  if (load<uint64_t>(trailer + 48) != check_of(trailer, 48)) return damaged(source.path(), "its trailer's check does not hold");
  const uint64_t index_offset = load<uint64_t>(trailer), blocks = load<uint64_t>(trailer + 8), runs = load<uint64_t>(trailer + 16), records = load<uint64_t>(trailer + 24);
  const uint64_t room = size - kHeaderBytes - kTrailerBytes;
  if (blocks > room / (kIndexBytes + kFrameBytes) || runs > blocks || index_offset < kHeaderBytes || index_offset > size || size - index_offset != blocks * kIndexBytes + runs * 8 + kTrailerBytes)
    return damaged(source.path(), "its trailer says " + std::to_string(blocks) + " blocks, " + std::to_string(runs) + " runs and an index at byte " + std::to_string(index_offset) + ", which " + std::to_string(size) + " bytes do not hold");
  std::vector<BlockEntry> index(blocks);
  std::vector<uint64_t> starts(runs);
  std::vector<uint8_t> bytes(blocks * kIndexBytes + runs * 8);
  if (!bytes.empty()) {
    if (auto status = source.read(index_offset, bytes.data(), bytes.size()); !status.ok()) return status;
    std::memcpy(index.data(), bytes.data(), blocks * kIndexBytes);
    std::memcpy(starts.data(), bytes.data() + blocks * kIndexBytes, runs * 8);
  }
  if (check_of(bytes.data(), bytes.size()) != load<uint64_t>(trailer + 32)) return damaged(source.path(), "its index's check does not hold");

  // The checks above find accidents; what follows keeps a file that was made to lie from leading past its own bytes.
  const size_t stride = stride_of(own);
  uint64_t expected = kHeaderBytes, sum = 0;
  if (blocks > 0 && (runs == 0 || starts[0] != 0)) return damaged(source.path(), "its first run does not begin with its first block");
  for (uint64_t run = 0, block = 0; run < runs; ++run) {
    const uint64_t stop = run + 1 < runs ? starts[run + 1] : blocks;
    if (stop <= block || stop > blocks) return damaged(source.path(), "its run " + std::to_string(run) + " ends at block " + std::to_string(stop));
    RunSpan span{file, 0, 0, 0, 0};
    for (const uint64_t start = block; block < stop; ++block) {
      const auto& entry = index[block];
      const uint64_t least = uint64_t(entry.records) * stride;
      const bool fits = entry.offset == expected && entry.records > 0 && entry.bytes <= index_offset - expected - std::min<uint64_t>(kFrameBytes, index_offset - expected) && (own.tail ? entry.bytes >= least : entry.bytes == least);
      if (!fits || entry.first > entry.last || (block > start && entry.first < index[block - 1].last))
        return damaged(source.path(), "its index says of block " + std::to_string(block) + ": byte " + std::to_string(entry.offset) + ", " + std::to_string(entry.records) + " records, " + std::to_string(entry.bytes) + " bytes, which cannot be");
      expected += kFrameBytes + entry.bytes;
      sum += entry.records;
      if (entry.last < range.first || entry.first > range.last) continue;
      if (span.records == 0) span.begin = entry.offset;
      span.end = expected;
      span.records += entry.records;
      span.largest = std::max(span.largest, entry.bytes);
    }
    if (spans && span.records > 0) spans->push_back(span);
  }
  if (expected != index_offset || sum != records) return damaged(source.path(), "its index ends at byte " + std::to_string(expected) + " with " + std::to_string(sum) + " records; expected " + std::to_string(index_offset) + " and " + std::to_string(records));
  if (info) *info = {own, records, size, runs};
  if (index_out) *index_out = std::move(index);
  return {};
}

RunCursor::RunCursor(Source source, const RunSpan& span, const RecordShape& shape, const RecordRange& range, size_t window)
    : stride_(stride_of(shape)), fixed_(shape.fixed_bytes()), tail_shape_(shape.tail), source_(source), span_(span), range_(range), window_(std::max<size_t>(window, span.largest + kFrameBytes)), offset_(span.begin), advised_(span.begin), left_(span.records) {}

// At least `wanted` bytes from read_ on.
Status RunCursor::fill(size_t wanted) {
  if (filled_ - read_ >= wanted) return {};
  if (filled_ > read_ && read_ > 0) std::memmove(buffer_.get(), buffer_.get() + read_, filled_ - read_);
  filled_ -= read_;
  read_ = 0;
  const uint64_t from = offset_ + filled_;
  const size_t take = size_t(std::min<uint64_t>(window_ - filled_, span_.end - from));
  if (room_ < filled_ + take) {
    auto larger = std::make_unique_for_overwrite<uint8_t[]>(filled_ + take);
    if (filled_ > 0) std::memcpy(larger.get(), buffer_.get(), filled_);
    buffer_ = std::move(larger);
    room_ = filled_ + take;
  }
  if (auto status = source_.read(from, buffer_.get() + filled_, take); !status.ok()) return status;
  filled_ += take;
  // What comes next is asked for in large pieces, while what was read is worked on.
  if (const uint64_t end = from + take; end < span_.end && end + window_ > advised_) {
    const uint64_t start = std::max(end, advised_), size = std::min<uint64_t>(kReadAhead, span_.end - start);
    source_.will_need(start, size);
    advised_ = start + size;
  }
  return filled_ >= wanted ? Status{} : damaged(source_.path(), block_words(offset_) + " passes the end of its run");
}

Status RunCursor::check_block(const uint8_t* payload, uint32_t records, uint32_t bytes) {
  const uint64_t least = uint64_t(records) * stride_;
  if (tail_shape_) {
    uint64_t tails = 0;
    for (uint32_t i = 0; i < records; ++i) tails += load<uint32_t>(payload + i * stride_ + fixed_);
    if (tails != bytes - least) return damaged(source_.path(), block_words(offset_) + " has tails of " + std::to_string(tails) + " bytes in room for " + std::to_string(bytes - least));
  }
  uint64_t before = last_;
  bool falls = false;
  for (uint32_t i = 0; i < records; ++i) {
    const uint64_t key = load<uint64_t>(payload + i * stride_);
    falls |= key < before;
    before = key;
  }
  last_ = before;
  return falls ? damaged(source_.path(), block_words(offset_) + " is not in order") : Status{};
}

bool RunCursor::next_block() {
  for (;;) {
    at_ = end_ = nullptr;
    if (offset_ == span_.end) {
      if (left_ != 0) status_ = damaged(source_.path(), "a run lacks " + std::to_string(left_) + " records that its index counts");
      return false;
    }
    if (status_ = fill(kFrameBytes); !status_.ok()) return false;
    const uint8_t* frame = buffer_.get() + read_;
    const uint32_t records = load<uint32_t>(frame), bytes = load<uint32_t>(frame + 4);
    const uint64_t check = load<uint64_t>(frame + 8), least = uint64_t(records) * stride_;
    if (records == 0 || records > left_ || bytes > span_.largest || (tail_shape_ ? bytes < least : bytes != least) || kFrameBytes + uint64_t(bytes) > span_.end - offset_) {
      status_ = damaged(source_.path(), block_words(offset_) + " says " + std::to_string(records) + " records in " + std::to_string(bytes) + " bytes, which its index does not");
      return false;
    }
    if (status_ = fill(kFrameBytes + bytes); !status_.ok()) return false;
    const uint8_t* payload = buffer_.get() + read_ + kFrameBytes;
    const uint64_t found = block_check(payload, records, bytes, offset_);
    if (found != check) {
      status_ = damaged(source_.path(), block_words(offset_) + " has the check " + std::to_string(found) + ", written was " + std::to_string(check));
      return false;
    }
    if (status_ = check_block(payload, records, bytes); !status_.ok()) return false;
    read_ += kFrameBytes + bytes;
    offset_ += kFrameBytes + bytes;
    left_ -= records;

    const uint8_t *from = payload, *to = payload + least;
    tail_ = to;
    // Only a span's outer blocks hold records out of the range.
    if (load<uint64_t>(from) < range_.first) {
      size_t low = 0, high = records;
      while (low < high) {
        const size_t middle = (low + high) / 2;
        if (load<uint64_t>(payload + middle * stride_) < range_.first) low = middle + 1;
        else high = middle;
      }
      if (tail_shape_)
        for (size_t i = 0; i < low; ++i) tail_ += load<uint32_t>(payload + i * stride_ + fixed_);
      from += low * stride_;
    }
    if (load<uint64_t>(to - stride_) > range_.last) {
      size_t low = 0, high = records;
      while (low < high) {
        const size_t middle = (low + high) / 2;
        if (load<uint64_t>(payload + middle * stride_) <= range_.last) low = middle + 1;
        else high = middle;
      }
      to = payload + low * stride_;
    }
    if (from >= to) continue;
    at_ = from;
    end_ = to;
    return true;
  }
}

}  // namespace refine::spill
