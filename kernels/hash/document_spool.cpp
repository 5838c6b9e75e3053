#include "document_spool.h"

#include <cerrno>
#include <cstring>

#include "refine/xxh3.h"

namespace refine {
namespace {
constexpr size_t kBlockWords = size_t(1) << 15;  // a block ends with the document that passes this
constexpr size_t kHeadWords = 4;                 // row, host, cluster, ordinal << 32 | size

std::string_view bytes_of(const std::vector<uint64_t>& words) { return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uint64_t)}; }
}  // namespace

Status DocumentSpool::disk(const char* what) const {
  return Status::error("ERR_REFINE_DISK", path_ + ": cannot " + what + ": " + std::strerror(errno) + ". Free disk space, then run the same command again");
}

Status DocumentSpool::damaged(const std::string& found) const {
  return Status::error("ERR_REFINE_SPILL_DAMAGED", path_ + ": block " + std::to_string(blocks_) + " " + found + ". The file changed after it was written: check the disk, then run the same command again");
}

void DocumentSpool::close() {
  if (!file_) return;
  std::fclose(file_);
  std::remove(path_.c_str());
  file_ = nullptr;
}

Status DocumentSpool::add(const ClusterDocument& document) {
  held_.push_back(document.row);
  held_.push_back(document.host);
  held_.push_back(document.cluster);
  held_.push_back(uint64_t(document.ordinal) << 32 | document.size);
  held_.insert(held_.end(), document.shingles, document.shingles + document.size);
  ++documents_;
  return held_.size() >= kBlockWords ? flush() : Status{};
}

Status DocumentSpool::flush() {
  if (held_.empty()) return {};
  if (!file_ && !(file_ = std::fopen(path_.c_str(), "w+b"))) return disk("create the file");
  const uint64_t head[2] = {held_.size(), xxh3_64(bytes_of(held_))};
  if (std::fwrite(head, sizeof head, 1, file_) != 1 || std::fwrite(held_.data(), sizeof(uint64_t), held_.size(), file_) != held_.size()) return disk("write the file");
  bytes_ += sizeof head + held_.size() * sizeof(uint64_t);
  held_.clear();
  return {};
}

Status DocumentSpool::rewind() {
  if (auto status = flush(); !status.ok()) return status;
  if (file_ && (std::fflush(file_) != 0 || std::fseek(file_, 0, SEEK_SET) != 0)) return disk("write the file");
  left_ = documents_;
  at_ = 0;
  blocks_ = 0;
  return {};
}

Status DocumentSpool::next(ClusterDocument* document, bool* more) {
  *more = left_ > 0;
  if (!*more) return {};
  --left_;
  if (at_ == held_.size()) {
    uint64_t head[2];
    if (std::fread(head, sizeof head, 1, file_) != 1) return damaged("is missing, expected " + std::to_string(left_ + 1) + " documents more");
    if (head[0] < kHeadWords || head[0] > bytes_ / sizeof(uint64_t)) return damaged("says a length of " + std::to_string(head[0]) + " words");
    held_.resize(size_t(head[0]));
    if (std::fread(held_.data(), sizeof(uint64_t), held_.size(), file_) != held_.size()) return damaged("is cut short");
    if (xxh3_64(bytes_of(held_)) != head[1]) return damaged("has another checksum than was written");
    at_ = 0;
    ++blocks_;
  }
  document->row = held_[at_];
  document->host = held_[at_ + 1];
  document->cluster = held_[at_ + 2];
  document->ordinal = uint32_t(held_[at_ + 3] >> 32);
  document->size = uint32_t(held_[at_ + 3]);
  if (document->size > held_.size() - at_ - kHeadWords) return damaged("holds a document longer than itself");
  document->shingles = held_.data() + at_ + kHeadWords;
  at_ += kHeadWords + document->size;
  return {};
}

}  // namespace refine
