// Documents of one cluster that memory does not hold: a record file, written in order, read in order, gone with the object.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "refine/records.h"

namespace refine {

struct ClusterDocument {
  uint64_t row = 0, host = 0, name = 0;  // name: the hash of its shingles
  uint32_t ordinal = 0;                  // within the cluster, in keep order
  uint32_t size = 0;
  const uint64_t* shingles = nullptr;
};

class DocumentSpool {
 public:
  explicit DocumentSpool(std::string path) : path_(std::move(path)) {}
  ~DocumentSpool() {
    writer_.abort();
    if (written_) std::remove(path_.c_str());
  }
  DocumentSpool(const DocumentSpool&) = delete;
  DocumentSpool& operator=(const DocumentSpool&) = delete;

  Status add(const ClusterDocument& document) {
    if (!open_)
      if (auto status = writer_.open(path_, kShape); !status.ok()) return status;
    open_ = true;
    const uint64_t key = document.ordinal, about[3] = {document.row, document.host, document.name};
    return writer_.add(&key, about, {reinterpret_cast<const char*>(document.shingles), document.size * sizeof(uint64_t)});
  }
  Status finish() {
    written_ = true;
    return writer_.finish(&info_);
  }
  // Calls visit(document) for each in order, any number of times once it is finished.
  template <class Visit>
  Status each(Visit&& visit) {
    RecordScan scan;
    if (auto status = scan.open({path_}, kShape); !status.ok()) return status;
    RecordRef record;
    ClusterDocument document;
    while (scan.next(&record)) {
      uint64_t about[3];
      std::memcpy(about, record.value(kShape), sizeof about);
      shingles_.resize(record.tail_bytes / sizeof(uint64_t));  // tails lie at any alignment
      if (!shingles_.empty()) std::memcpy(shingles_.data(), record.tail, shingles_.size() * sizeof(uint64_t));
      document.row = about[0];
      document.host = about[1];
      document.name = about[2];
      document.ordinal = uint32_t(record.key(0));
      document.size = uint32_t(shingles_.size());
      document.shingles = shingles_.data();
      if (auto status = visit(document); !status.ok()) return status;
    }
    return scan.status();
  }
  uint64_t bytes() const { return info_.bytes; }

 private:
  static constexpr RecordShape kShape{1, 24, true};
  std::string path_;
  SortedRecordWriter writer_;
  RecordFileInfo info_;
  bool open_ = false, written_ = false;
  std::vector<uint64_t> shingles_;
};

}  // namespace refine
