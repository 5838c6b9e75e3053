// Numbers equal things equally: strings by their bytes, pairs of numbers by value. Ids count up from 0 in order of first
// sight, so nothing depends on the hash; equality is always compared, never taken from a hash.
// The hash is salted by the document's own bytes (salted_hash.h): text written to collide would have to know its own hash.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "refine/salted_hash.h"

namespace refine {

class StringIds {
 public:
  void reset(uint64_t salt, size_t expected) {
    salt_ = salt;
    entries_.clear();
    resize(expected);
  }
  uint32_t id_of(std::string_view bytes) {
    if ((entries_.size() + 1) * 2 > slots_.size()) resize(entries_.size() * 2);
    const uint64_t hash = hash_bytes(bytes, salt_);
    for (size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
      const uint32_t found = slots_[slot];
      if (found == 0) {
        entries_.push_back({bytes, hash});
        slots_[slot] = uint32_t(entries_.size());
        return uint32_t(entries_.size() - 1);
      }
      const Entry& entry = entries_[found - 1];
      if (entry.hash == hash && entry.bytes == bytes) return found - 1;
    }
  }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string_view bytes;
    uint64_t hash;
  };
  void resize(size_t expected) {
    size_t size = 64;
    while (size < expected * 2 + 2) size *= 2;
    mask_ = size - 1;
    slots_.assign(size, 0);
    for (size_t i = 0; i < entries_.size(); ++i) {
      size_t slot = entries_[i].hash & mask_;
      while (slots_[slot] != 0) slot = (slot + 1) & mask_;
      slots_[slot] = uint32_t(i + 1);
    }
  }
  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;
  size_t mask_ = 0;
  uint64_t salt_ = 0;
};

class PairIds {  // a fixed number of insertions at most, given to reset
 public:
  void reset(uint64_t salt, size_t most) {
    salt_ = salt;
    size_t size = 64;
    while (size < most * 2 + 2) size *= 2;
    mask_ = size - 1;
    slots_.assign(size, 0);
    keys_.clear();
  }
  uint32_t id_of(uint32_t first, uint32_t second) {
    const uint64_t key = uint64_t(first) << 32 | second;
    for (size_t slot = mix64(key ^ salt_) & mask_;; slot = (slot + 1) & mask_) {
      const uint32_t found = slots_[slot];
      if (found == 0) {
        keys_.push_back(key);
        slots_[slot] = uint32_t(keys_.size());
        return uint32_t(keys_.size() - 1);
      }
      if (keys_[found - 1] == key) return found - 1;
    }
  }
  size_t size() const { return keys_.size(); }

 private:
  std::vector<uint64_t> keys_;
  std::vector<uint32_t> slots_;
  size_t mask_ = 0;
  uint64_t salt_ = 0;
};

}  // namespace refine
