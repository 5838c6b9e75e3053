// Sorts more fixed-width records than memory holds: a record is `width` 32-bit words, ordered by the first `keys` of them.
// Invariant: what comes out is the sorted multiset of what went in, whatever the memory; with `sum`, records of equal keys are
// one, their 64-bit counts (words `keys` and `keys` + 1, low first) added. Spilled runs are files in `folder`, gone with it.
#pragma once
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "refine/views.h"

namespace refine::ngram {

struct RecordShape {
  int width = 0, keys = 0;
  bool sum = false;
};

class RecordSorter {
 public:
  // Where `cancelled` becomes true, the next call ends with ERR_REFINE_INTERRUPTED.
  RecordSorter(RecordShape shape, size_t max_bytes, std::string path, const std::atomic<bool>* cancelled = nullptr);
  ~RecordSorter();
  RecordSorter(const RecordSorter&) = delete;
  RecordSorter& operator=(const RecordSorter&) = delete;

  Status add(const uint32_t* record);
  // No more is added; `next` then gives the records in order.
  Status finish();
  // The next record, good until the call after; nullptr at the end.
  Status next(const uint32_t** record);
  uint64_t spilled_bytes() const { return spilled_; }

 private:
  struct Run;
  Status make_room();
  size_t sort_held();  // records left
  Status spill();
  Status collapse();
  Status start_merge();
  void sift(size_t at);
  Status new_run(Run** out);
  bool before(size_t a, size_t b) const;
  bool stopped() const { return cancelled_ && cancelled_->load(std::memory_order_relaxed); }
  Status merged(const uint32_t** record);

  RecordShape shape_;
  size_t max_records_;
  std::string path_;
  const std::atomic<bool>* cancelled_;
  std::vector<uint32_t> held_;
  size_t records_ = 0, at_ = 0;
  uint64_t spilled_ = 0, named_ = 0;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<size_t> heap_;
  std::vector<uint32_t> out_;
};

// Records written once and read once in the same order, on disk beyond `max_bytes`.
class RecordFile {
 public:
  RecordFile(int width, size_t max_bytes, std::string path) : width_(width), max_words_(max_bytes / 4), path_(std::move(path)) {}
  ~RecordFile();
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;
  Status add(const uint32_t* record);
  Status rewind();
  Status next(const uint32_t** record);  // nullptr at the end
  uint64_t spilled_bytes() const { return spilled_; }

 private:
  Status flush();
  int width_;
  size_t max_words_;
  std::string path_;
  std::vector<uint32_t> held_;
  size_t at_ = 0;
  uint64_t spilled_ = 0, left_ = 0;
  std::FILE* file_ = nullptr;
};

}  // namespace refine::ngram
