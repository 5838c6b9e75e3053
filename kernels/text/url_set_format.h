// The bytes of a compiled list, shared by what writes and what reads them. A record is the length of its key (one byte, or
// 255 and four), then the key; every key but a host's begins with a byte that says its kind. A key's bucket holds about four
// records one after another, sorted by bytes; its entry in the index is where they begin, and a mask with two bits for each,
// which answers most questions about absent keys: one miss of the cache for those, two for what is there. The salt is made
// from the entries, so that a list whose entries fall into one bucket would have to know its own salt.
#pragma once
#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>

#include "refine/salted_hash.h"
#include "refine/url_set.h"

namespace refine::url_set {

static_assert(std::endian::native == std::endian::little, "compiled lists are read in place");

constexpr char kMagic[8] = {'r', 'e', 'f', 'u', 'r', 'l', 's', '\n'};
constexpr uint64_t kVersion = 1;
constexpr uint64_t kKeysPerBucket = 4;
constexpr uint64_t kMostRecords = 0xFFFFFFFF;  // offsets in the index are 32 bits

struct Header {
  char magic[8];
  uint64_t version, checksum;  // XXH64 of everything behind it
  uint64_t salt, buckets, longest_url;
  uint64_t index_at, records_at, patterns_at, size;
  UrlSetCounts counts;
};
constexpr size_t kCheckedFrom = 24;  // behind the checksum
static_assert(sizeof(Header) == 80 + 8 * (kUrlEntryKinds + kUrlIgnoredKinds));

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

// The high bits of the hash name the bucket, the low ones two bits of its mask.
inline uint64_t bucket_of(uint64_t hash, uint64_t buckets) { return uint64_t((static_cast<unsigned __int128>(hash) * buckets) >> 64); }
inline uint32_t mask_of(uint64_t hash) { return uint32_t(1) << (hash & 31) | uint32_t(1) << ((hash >> 5) & 31); }

struct IndexEntry {
  uint32_t at, mask;
};

inline void append_key(UrlEntry kind, std::string_view key, std::string& out) {
  const size_t size = key.size() + (kind == UrlEntry::kHost ? 0 : 1);
  if (size < 255) {
    out.push_back(char(size));
  } else {
    out.push_back(char(255));
    const uint32_t wide = uint32_t(size);
    out.append(reinterpret_cast<const char*>(&wide), 4);
  }
  if (kind != UrlEntry::kHost) out.push_back(char(kind));  // a host begins with no control character
  out.append(key);
}

// The key of the record at `at`, which moves behind it; a record that ends outside gives an empty key and the end.
inline std::string_view next_key(std::string_view records, size_t& at) {
  size_t size = uint8_t(records[at++]);
  if (size == 255) {
    if (records.size() - at < 4) return at = records.size(), std::string_view();
    size = load<uint32_t>(records.data() + at);
    at += 4;
  }
  if (size > records.size() - at) return at = records.size(), std::string_view();
  const auto key = records.substr(at, size);
  at += size;
  return key;
}

inline UrlEntry exception_of(UrlEntry kind, bool allow) { return allow ? UrlEntry(uint8_t(kind) + 4) : kind; }

}  // namespace refine::url_set
