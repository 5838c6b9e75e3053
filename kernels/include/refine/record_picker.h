// For record files that are kept and read again and again (an index of earlier runs): one run of one file, and records by their key.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "refine/records.h"

namespace refine {

// All records of the files, of one shape, as one sorted run: bytes that depend on the records alone, and a merge later opens one run a
// file. Spills beside `out`.
Status merge_to_one_run(const std::vector<std::string>& paths, const std::string& out, size_t memory_bytes, RecordFileInfo* info = nullptr);

// Records of a file of one run by their first key word, asked for in ascending order. Reads the blocks that may hold one and no
// others, so few records of a large file cost little.
class RecordPicker {
 public:
  RecordPicker();
  ~RecordPicker();
  Status open(const std::string& path, const RecordShape& shape);
  // The first record with this key; false where there is none and on an error: `status` tells which. Good until the next call.
  bool find(uint64_t key, RecordRef* record);
  const Status& status() const;
  uint64_t blocks_read() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace refine
