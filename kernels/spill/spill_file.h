// Files and buffers of the spill: system calls with their errors as words, a writer that hands the system large pieces, a cache of open files.
#pragma once
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "refine/views.h"

namespace refine::spill {

Status disk_error(const std::string& path, const char* what, int error);          // ERR_REFINE_DISK
Status damaged(const std::string& path, const std::string& found_and_expected);  // ERR_REFINE_SPILL_DAMAGED with the next move

// Anonymous memory that takes room only where it was touched, on huge pages where the system has them.
class SpillMemory {
 public:
  SpillMemory() = default;
  SpillMemory(const SpillMemory&) = delete;
  SpillMemory& operator=(const SpillMemory&) = delete;
  ~SpillMemory() { release(); }
  bool allocate(size_t bytes);  // contents zero
  void release();
  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// A new file, written front to back.
class OutputFile {
 public:
  OutputFile() = default;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() { discard(); }
  Status open(const std::string& path);  // replaces what stands there
  Status write(const void* bytes, size_t size);
  Status close();
  void discard();  // closes and removes an unclosed file
  uint64_t written() const { return written_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int file_ = -1;
  uint64_t written_ = 0;
};

// Many files to read from, few of them open: the least recently used is closed. Knows each file by its number.
class InputFiles {
 public:
  explicit InputFiles(size_t max_open) : max_open_(max_open) {}
  InputFiles(const InputFiles&) = delete;
  InputFiles& operator=(const InputFiles&) = delete;
  ~InputFiles();
  size_t add(std::string path);
  const std::string& path(size_t file) const { return slots_[file].path; }
  size_t count() const { return slots_.size(); }
  Status size(size_t file, uint64_t* bytes);
  // All `size` bytes at `offset`; a file that ends before is damaged.
  Status read(size_t file, uint64_t offset, void* bytes, size_t size);
  void will_need(size_t file, uint64_t offset, uint64_t size);  // advice to the system; none where it takes none
  void close(size_t file);
  void remove(size_t file);  // closes and deletes it

 private:
  struct Slot {
    std::string path;
    int file = -1;
    std::list<size_t>::iterator used;
  };
  Status descriptor(size_t file, int* out);

  size_t max_open_;
  std::vector<Slot> slots_;
  std::list<size_t> used_;  // open ones, most recently used first
};

}  // namespace refine::spill
