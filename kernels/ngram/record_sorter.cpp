#include "record_sorter.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace refine::ngram {
namespace {

constexpr int kMaxWidth = 12;
constexpr size_t kRunBufferWords = 1 << 16;
constexpr size_t kMaxRuns = 128;  // open at once; when there are as many, they become one

template <int Width>
struct Record {
  uint32_t words[Width];
};

template <int Width>
void sort_records(uint32_t* data, size_t count, int keys) {
  auto* records = reinterpret_cast<Record<Width>*>(data);
  std::sort(records, records + count, [keys](const Record<Width>& a, const Record<Width>& b) {
    for (int i = 0; i < keys; ++i)
      if (a.words[i] != b.words[i]) return a.words[i] < b.words[i];
    return false;
  });
}

void sort_width(uint32_t* data, size_t count, int width, int keys) {
  switch (width) {
    case 3: return sort_records<3>(data, count, keys);
    case 4: return sort_records<4>(data, count, keys);
    case 5: return sort_records<5>(data, count, keys);
    case 6: return sort_records<6>(data, count, keys);
    case 7: return sort_records<7>(data, count, keys);
    case 8: return sort_records<8>(data, count, keys);
    case 9: return sort_records<9>(data, count, keys);
    case 10: return sort_records<10>(data, count, keys);
    case 11: return sort_records<11>(data, count, keys);
    default: return sort_records<kMaxWidth>(data, count, keys);
  }
}

Status interrupted() { return Status::error("ERR_REFINE_INTERRUPTED", "training was interrupted; nothing was written. Run the same command again to begin anew"); }

Status disk_error(const std::string& path, const char* what) {
  return Status::error("ERR_REFINE_DISK", std::string("cannot ") + what + " " + path + ": " + std::strerror(errno) + ". Free space, or name another folder with --scratch");
}

void add_count(uint32_t* into, const uint32_t* from) {
  uint64_t a, b;
  std::memcpy(&a, into, 8);
  std::memcpy(&b, from, 8);
  a += b;
  std::memcpy(into, &a, 8);
}

}  // namespace

struct RecordSorter::Run {
  std::string path;
  std::FILE* file = nullptr;
  uint64_t left = 0;  // words in the file not read yet
  std::vector<uint32_t> buffer;
  size_t at = 0, buffer_words = kRunBufferWords;

  ~Run() {
    if (file) std::fclose(file);
    std::remove(path.c_str());
  }
  // The words at `at`, filled anew where they ran out; false at the end.
  Status refill(int width, bool* more) {
    *more = true;
    if (at + size_t(width) <= buffer.size()) return {};
    if (!left) {
      *more = false;
      return {};
    }
    const size_t take = size_t(std::min<uint64_t>(left, buffer_words / size_t(width) * size_t(width)));
    buffer.resize(take);
    if (std::fread(buffer.data(), 4, take, file) != take) return disk_error(path, "read");
    left -= take;
    at = 0;
    return {};
  }
};

RecordSorter::RecordSorter(RecordShape shape, size_t max_bytes, std::string path, const std::atomic<bool>* cancelled)
    : shape_(shape), max_records_(std::max<size_t>(64, max_bytes / (size_t(shape.width) * 4))), path_(std::move(path)), cancelled_(cancelled) {}
RecordSorter::~RecordSorter() = default;

Status RecordSorter::add(const uint32_t* record) {
  if (stopped()) return interrupted();
  if (records_ == max_records_)
    if (Status status = make_room(); !status.ok()) return status;
  if ((records_ + 1) * size_t(shape_.width) > held_.size()) held_.resize(std::min(max_records_, std::max<size_t>(1024, 2 * records_)) * size_t(shape_.width));
  std::memcpy(held_.data() + records_ * size_t(shape_.width), record, size_t(shape_.width) * 4);
  ++records_;
  return {};
}

// Adding up equal records may free enough to go on without the disk.
Status RecordSorter::make_room() {
  if (shape_.sum && sort_held() <= max_records_ / 2) return {};
  return spill();
}

size_t RecordSorter::sort_held() {
  const auto width = size_t(shape_.width);
  sort_width(held_.data(), records_, shape_.width, shape_.keys);
  if (!shape_.sum || records_ == 0) return records_;
  size_t last = 0;
  for (size_t i = 1; i < records_; ++i) {
    uint32_t* into = held_.data() + last * width;
    const uint32_t* from = held_.data() + i * width;
    if (std::memcmp(into, from, size_t(shape_.keys) * 4) == 0) add_count(into + shape_.keys, from + shape_.keys);
    else if (++last != i) std::memcpy(into + width, from, width * 4);
  }
  return records_ = last + 1;
}

Status RecordSorter::spill() {
  if (runs_.size() == kMaxRuns)
    if (Status status = collapse(); !status.ok()) return status;
  sort_held();
  Run* run;
  if (Status status = new_run(&run); !status.ok()) return status;
  const size_t words = records_ * size_t(shape_.width);
  if (std::fwrite(held_.data(), 4, words, run->file) != words || std::fflush(run->file) != 0) return disk_error(run->path, "write");
  std::rewind(run->file);
  run->left = words;
  spilled_ += uint64_t(words) * 4;
  records_ = 0;
  return {};
}

Status RecordSorter::new_run(Run** out) {
  auto run = std::make_unique<Run>();
  run->path = path_ + "." + std::to_string(named_++);
  run->file = std::fopen(run->path.c_str(), "w+b");
  if (!run->file) return disk_error(run->path, "write");
  *out = run.get();
  runs_.push_back(std::move(run));
  return {};
}

// All runs as one.
Status RecordSorter::collapse() {
  if (Status status = start_merge(); !status.ok()) return status;
  Run* into;
  if (Status status = new_run(&into); !status.ok()) return status;  // the last of runs_, and not in the heap
  for (;;) {
    const uint32_t* record;
    if (Status status = merged(&record); !status.ok()) return status;
    if (!record) break;
    if (std::fwrite(record, 4, size_t(shape_.width), into->file) != size_t(shape_.width)) return disk_error(into->path, "write");
    into->left += uint64_t(shape_.width);
  }
  if (std::fflush(into->file) != 0) return disk_error(into->path, "write");
  std::rewind(into->file);
  spilled_ += into->left * 4;
  runs_.erase(runs_.begin(), runs_.end() - 1);
  return {};
}

Status RecordSorter::finish() {
  if (runs_.empty()) {
    sort_held();
    return {};
  }
  if (records_ > 0)
    if (Status status = spill(); !status.ok()) return status;
  held_ = {};
  return start_merge();
}

Status RecordSorter::start_merge() {
  heap_.clear();
  const size_t share = max_records_ * size_t(shape_.width) / runs_.size();
  for (size_t i = 0; i < runs_.size(); ++i) {
    bool more;
    runs_[i]->buffer_words = std::clamp(share, size_t(kMaxWidth) * 64, kRunBufferWords);
    if (Status status = runs_[i]->refill(shape_.width, &more); !status.ok()) return status;
    if (more) heap_.push_back(i);
  }
  for (size_t i = heap_.size() / 2; i-- > 0;) sift(i);
  out_.resize(size_t(shape_.width));
  return {};
}

bool RecordSorter::before(size_t a, size_t b) const {
  const uint32_t* x = runs_[a]->buffer.data() + runs_[a]->at;
  const uint32_t* y = runs_[b]->buffer.data() + runs_[b]->at;
  for (int i = 0; i < shape_.keys; ++i)
    if (x[i] != y[i]) return x[i] < y[i];
  return a < b;
}

void RecordSorter::sift(size_t at) {
  const size_t item = heap_[at];
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], item)) break;
    heap_[at] = heap_[child];
    at = child;
  }
  heap_[at] = item;
}

Status RecordSorter::merged(const uint32_t** record) {
  *record = nullptr;
  if (heap_.empty()) return {};
  if (stopped()) return interrupted();
  bool first = true;
  while (!heap_.empty()) {
    Run& run = *runs_[heap_[0]];
    const uint32_t* top = run.buffer.data() + run.at;
    if (first) std::memcpy(out_.data(), top, size_t(shape_.width) * 4);
    else if (std::memcmp(out_.data(), top, size_t(shape_.keys) * 4) == 0) add_count(out_.data() + shape_.keys, top + shape_.keys);
    else break;
    first = false;
    run.at += size_t(shape_.width);
    bool more;
    if (Status status = run.refill(shape_.width, &more); !status.ok()) return status;
    if (!more) {
      heap_[0] = heap_.back();
      heap_.pop_back();
    }
    if (!heap_.empty()) sift(0);
    if (!shape_.sum) break;
  }
  *record = out_.data();
  return {};
}

Status RecordSorter::next(const uint32_t** record) {
  if (!runs_.empty()) return merged(record);
  if (stopped()) return interrupted();
  *record = at_ < records_ ? held_.data() + at_++ * size_t(shape_.width) : nullptr;
  return {};
}

RecordFile::~RecordFile() {
  if (!file_) return;
  std::fclose(file_);
  std::remove(path_.c_str());
}

Status RecordFile::add(const uint32_t* record) {
  if (held_.size() + size_t(width_) > max_words_)
    if (Status status = flush(); !status.ok()) return status;
  held_.insert(held_.end(), record, record + width_);
  return {};
}

Status RecordFile::flush() {
  if (!file_ && !(file_ = std::fopen(path_.c_str(), "w+b"))) return disk_error(path_, "write");
  if (std::fwrite(held_.data(), 4, held_.size(), file_) != held_.size()) return disk_error(path_, "write");
  spilled_ += uint64_t(held_.size()) * 4;
  held_.clear();
  return {};
}

Status RecordFile::rewind() {
  if (!file_) return {};
  if (Status status = flush(); !status.ok()) return status;
  if (std::fflush(file_) != 0) return disk_error(path_, "write");
  std::rewind(file_);
  left_ = spilled_ / 4;
  return {};
}

Status RecordFile::next(const uint32_t** record) {
  *record = nullptr;
  if (at_ + size_t(width_) > held_.size()) {
    if (!left_) return {};
    const size_t take = size_t(std::min<uint64_t>(left_, kRunBufferWords / size_t(width_) * size_t(width_)));
    held_.resize(take);
    if (std::fread(held_.data(), 4, take, file_) != take) return disk_error(path_, "read");
    left_ -= take;
    at_ = 0;
  }
  *record = held_.data() + at_;
  at_ += size_t(width_);
  return {};
}

}  // namespace refine::ngram
