// The shingle sets of a shingles file, one document after another (band_keys.h says what such a file is): those with at least one
// shingle whose row is not dropped, in the order of the file. Memory: one document's set.
#pragma once
#include <cstring>
#include <string>
#include <vector>

#include "refine/band_keys.h"
#include "refine/dropped_rows.h"

namespace refine {

class ShingleScan {
 public:
  Status open(const std::string& path, const DroppedFiles& dropped) {
    RecordFileInfo info;
    if (auto status = shingles_file_info(path, &info); !status.ok()) return status;
    if (auto status = gone_.open(dropped); !status.ok()) return status;
    shape_ = info.shape;
    return scan_.open({path}, shape_);
  }

  // False at the end, or where status() says why.
  bool next() {
    while (scan_.next(&record_)) {
      if (gone_.has(record_.key(0)) || record_.tail_bytes < 8) continue;
      set_.resize(record_.tail_bytes / 8);
      std::memcpy(set_.data(), record_.tail, set_.size() * 8);
      return true;
    }
    return false;
  }
  uint64_t row() const { return record_.key(0); }
  const std::vector<uint64_t>& shingles() const { return set_; }
  uint64_t scope() const {
    uint64_t scope;
    std::memcpy(&scope, record_.value(shape_) + kShingleScopeAt, 8);
    return scope;
  }
  const Status& status() const { return scan_.status(); }

 private:
  RecordScan scan_;
  DroppedRows gone_;
  RecordShape shape_{};
  RecordRef record_;
  std::vector<uint64_t> set_;
};

}  // namespace refine
