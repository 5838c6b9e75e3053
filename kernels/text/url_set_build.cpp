// Compiled lists, written; see url_set.h, and url_set_format.h for their bytes. Invariant: the bytes depend on the set of
// entries alone.
#include <algorithm>
#include <cstring>
#include <vector>

#include "refine/hash.h"
#include "refine/url_set.h"
#include "url_set_format.h"

namespace refine {

using namespace url_set;

void UrlSetBuilder::add(UrlEntry kind, std::string_view key, std::string_view glob) {
  if (key.empty()) return;
  ++counts_.entries[size_t(kind)];
  if (kind == UrlEntry::kPattern || kind == UrlEntry::kAllowPattern) {
    std::string line(1, kind == UrlEntry::kPattern ? '+' : '-');
    line.append(key).append(1, '\t').append(glob).append(1, '\n');
    patterns_.push_back(std::move(line));
  }
  starts_.push_back(keys_.size());
  append_key(kind, key, keys_);
  if (kind == UrlEntry::kUrl || kind == UrlEntry::kAllowUrl) add(UrlEntry::kUrlHost, key.substr(0, key.find_first_of("/?#\\")));
}

void UrlSetBuilder::add(const UrlSet& compiled) {
  for (size_t at = 0; at < compiled.records_.size();) {
    const auto key = next_key(compiled.records_, at);
    if (key.empty()) continue;
    const auto kind = uint8_t(key[0]) < kUrlEntryKinds ? UrlEntry(key[0]) : UrlEntry::kHost;
    if (kind != UrlEntry::kPattern && kind != UrlEntry::kAllowPattern && kind != UrlEntry::kUrlHost) add(kind, kind == UrlEntry::kHost ? key : key.substr(1));
  }
  for (const auto& pattern : compiled.patterns_) add(exception_of(UrlEntry::kPattern, pattern.allow), pattern.key, pattern.glob);
  for (size_t i = 0; i < kUrlIgnoredKinds; ++i) counts_.ignored[i] += compiled.counts_.ignored[i];
}

namespace {

struct Hashed {
  uint64_t hash, start;
};

// Orders by (hash, key): buckets are ranges of the hash. Counted into them, then sorted within: linear but for hostile lists.
template <class KeyAt>
void sort_hashed(std::vector<Hashed>& entries, uint64_t buckets, KeyAt key_at) {
  std::vector<uint32_t> ends(buckets + 1, 0);
  for (const auto& entry : entries) ++ends[bucket_of(entry.hash, buckets) + 1];
  for (uint64_t i = 0; i < buckets; ++i) ends[i + 1] += ends[i];
  std::vector<Hashed> sorted(entries.size());
  for (const auto& entry : entries) sorted[ends[bucket_of(entry.hash, buckets)]++] = entry;  // ends[b] moves from b's begin to its end
  for (uint64_t i = 0, from = 0; i < buckets; from = ends[i++])
    std::sort(sorted.begin() + int64_t(from), sorted.begin() + int64_t(ends[i]), [&](const Hashed& a, const Hashed& b) { return a.hash != b.hash ? a.hash < b.hash : a.start != b.start && key_at(a.start) < key_at(b.start); });
  entries.swap(sorted);
}

}  // namespace

Status UrlSetBuilder::build(std::string& out) {
  const auto key_at = [&](uint64_t start) {
    size_t at = start;
    return next_key(keys_, at);
  };
  // The hash is of the key without its kind.
  const auto hash_of = [](std::string_view key, uint64_t salt) { return hash_bytes(uint8_t(key[0]) < kUrlEntryKinds ? key.substr(1) : key, salt); };
  if (starts_.size() > kMostRecords) return Status::error("ERR_REFINE_ASSET", "the lists have " + std::to_string(starts_.size()) + " entries, one compiled list holds 4294967295. Compile them in parts and name each.");

  std::vector<Hashed> entries;
  entries.reserve(starts_.size());
  for (uint64_t start : starts_) entries.push_back({hash_of(key_at(start), 0), start});
  std::vector<uint64_t>().swap(starts_);
  sort_hashed(entries, std::max<uint64_t>(1, entries.size() / kKeysPerBucket), key_at);
  entries.erase(std::unique(entries.begin(), entries.end(), [&](const Hashed& a, const Hashed& b) { return a.hash == b.hash && key_at(a.start) == key_at(b.start); }), entries.end());
  std::sort(patterns_.begin(), patterns_.end());
  patterns_.erase(std::unique(patterns_.begin(), patterns_.end()), patterns_.end());

  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.counts.ignored = counts_.ignored;
  uint64_t record_bytes = 0;
  for (const auto& [hash, start] : entries) {
    header.salt = mix64(header.salt ^ hash);
    const auto key = key_at(start);
    record_bytes += key.size() + (key.size() < 255 ? 1 : 5);
    const auto kind = uint8_t(key[0]) < kUrlEntryKinds ? UrlEntry(key[0]) : UrlEntry::kHost;
    ++header.counts.entries[size_t(kind)];
    if (kind == UrlEntry::kUrl || kind == UrlEntry::kAllowUrl) header.longest_url = std::max<uint64_t>(header.longest_url, key.size() - 1);
  }
  if (record_bytes > kMostRecords) return Status::error("ERR_REFINE_ASSET", "the lists have " + std::to_string(record_bytes >> 20) + " MiB of entries, one compiled list holds 4096. Compile them in parts and name each.");
  header.buckets = std::max<uint64_t>(1, entries.size() / kKeysPerBucket);
  header.index_at = sizeof(header);
  header.records_at = header.index_at + (header.buckets + 1) * sizeof(IndexEntry);
  header.patterns_at = header.records_at + record_bytes;
  header.size = header.patterns_at;
  for (const auto& line : patterns_) header.size += line.size();

  for (auto& [hash, start] : entries) hash = hash_of(key_at(start), header.salt);
  sort_hashed(entries, header.buckets, key_at);
  std::vector<IndexEntry> index(header.buckets + 1, IndexEntry{uint32_t(record_bytes), 0});
  out.clear();
  out.reserve(header.size);
  out.assign(header.records_at, '\0');
  uint64_t filled = 0;  // buckets whose beginning is known
  for (const auto& [hash, start] : entries) {
    const uint64_t bucket = bucket_of(hash, header.buckets);
    while (filled <= bucket) index[filled++].at = uint32_t(out.size() - header.records_at);
    index[bucket].mask |= mask_of(hash);
    const auto key = key_at(start);
    out.append(keys_, start, key.size() + (key.size() < 255 ? 1 : 5));
  }
  for (const auto& line : patterns_) out += line;
  std::memcpy(out.data() + header.index_at, index.data(), index.size() * sizeof(IndexEntry));
  std::memcpy(out.data(), &header, sizeof(header));
  header.checksum = xxh64(std::string_view(out).substr(kCheckedFrom));
  std::memcpy(out.data(), &header, sizeof(header));
  keys_ = {};
  patterns_.clear();
  counts_ = {};
  return {};
}

}  // namespace refine
