// Keys to numbers 0..n-1 in one piece of bytes, read in place: the look-up of compiled tables (host_table.h, robots.h).
// Invariant: equality is compared, never taken from a hash; the bytes depend on the set of keys alone.
// Layout: buckets, keys, salt, record bytes (u64 each); for each bucket and one more {u32 offset, u32 number of its first key};
// records: length of the key (one byte, or 255 and four), key. Buckets hold some eight keys, sorted by (hash, key).
// The salt is made from the keys, so that keys which fall into one bucket would have to know their own salt.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "refine/views.h"

namespace refine {

class KeyIndex {
 public:
  static constexpr uint32_t kNone = 0xFFFFFFFF;
  // Looks at `bytes` in place; what stands behind the index is left alone. False for what is none.
  bool open(std::string_view bytes);
  uint32_t find(std::string_view key) const;  // its number, or kNone
  uint64_t size() const { return size_; }
  size_t bytes() const { return bytes_; }

 private:
  const char* buckets_at_ = nullptr;
  std::string_view records_;
  uint64_t buckets_ = 0, size_ = 0, salt_ = 0;
  size_t bytes_ = 0;
};

// Collects keys, repetitions included.
class KeyList {
 public:
  void add(std::string_view key);
  size_t size() const { return starts_.size(); }
  std::string_view operator[](size_t entry) const;
  // Entries in the order of their hash, equal keys side by side in the order they were added.
  std::vector<uint32_t> sorted() const;
  // Appends an index of the keys at `entries`, no two of them equal, and reorders `entries`: number i is the key entries[i].
  Status build(std::vector<uint32_t>& entries, std::string& out) const;

 private:
  std::string blob_;
  std::vector<uint64_t> starts_;
};

}  // namespace refine
