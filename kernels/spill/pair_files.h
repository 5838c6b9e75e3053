// Pairs of numbers thrown into many temporary files, each read back once in no order that matters. No file stays open: a full buffer
// is appended as one checked piece. Memory: the buffers, shared out among the files.
#pragma once
#include <string>
#include <vector>

#include "spill_file.h"

namespace refine::spill {

struct Pair {
  uint64_t first, second;
};

class PairFiles {
 public:
  // Files `prefix`0.part and so on.
  PairFiles(std::string prefix, size_t files, size_t memory);
  PairFiles(const PairFiles&) = delete;
  PairFiles& operator=(const PairFiles&) = delete;
  ~PairFiles();  // removes what is left
  void add(size_t file, Pair pair) {
    auto& buffer = buffers_[file];
    buffer.push_back(pair);
    if (buffer.size() == pairs_) flush(file);
  }
  const Status& status() const { return status_; }
  // visit(const Pair*, size_t) for everything added to the file, which is gone then. `visit` may add to other files.
  template <class Visit>
  Status drain(size_t file, Visit visit) {
    if (!status_.ok()) return status_;
    std::vector<Pair> piece;
    InputFiles files(1);
    files.add(path(file));
    for (uint64_t offset = 0; offset < bytes_[file];) {
      if (auto status = read(files, bytes_[file], &offset, &piece); !status.ok()) return status;
      visit(piece.data(), piece.size());
    }
    const auto rest = std::move(buffers_[file]);
    buffers_[file] = {};
    visit(rest.data(), rest.size());
    remove(file);
    return status_;
  }
  uint64_t pairs() const { return added_; }    // that went to disk
  uint64_t written() const { return written_; }

 private:
  void flush(size_t file);
  Status read(InputFiles& files, uint64_t bytes, uint64_t* offset, std::vector<Pair>* piece) const;
  void remove(size_t file);
  std::string path(size_t file) const { return prefix_ + std::to_string(file) + ".part"; }

  std::string prefix_;
  size_t pairs_;  // a buffer
  std::vector<std::vector<Pair>> buffers_;
  std::vector<uint64_t> bytes_;  // of each file
  uint64_t added_ = 0, written_ = 0;
  Status status_;
};

}  // namespace refine::spill
