// Compiled lists; see url_set.h. A record is the length of its key (one byte, or 255 and four), then the key; every key but a
// host's begins with a byte that says its kind. A key's bucket holds about four records one after another, sorted by bytes; its
// entry in the index is where they begin, and a mask with two bits for each, which answers most questions about absent keys:
// one miss of the cache for those, two for what is there. The salt is made from the entries, so that a list whose entries
// fall into one bucket would have to know its own salt.
#include "refine/url_set.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "refine/hash.h"
#include "refine/salted_hash.h"

namespace refine {

static_assert(std::endian::native == std::endian::little, "compiled lists are read in place");

namespace {

constexpr char kMagic[8] = {'r', 'e', 'f', 'u', 'r', 'l', 's', '\n'};
constexpr uint64_t kVersion = 1;
constexpr uint64_t kKeysPerBucket = 4;
constexpr size_t kMaxHostBytes = 253;  // of a name that DNS can hold: 127 labels at most
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
uint64_t bucket_of(uint64_t hash, uint64_t buckets) { return uint64_t((static_cast<unsigned __int128>(hash) * buckets) >> 64); }
uint32_t mask_of(uint64_t hash) { return uint32_t(1) << (hash & 31) | uint32_t(1) << ((hash >> 5) & 31); }

struct IndexEntry {
  uint32_t at, mask;
};

void append_key(UrlEntry kind, std::string_view key, std::string& out) {
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
std::string_view next_key(std::string_view records, size_t& at) {
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

// Does `glob` (with `*` for any characters) cover the whole of `text`? Only the last star is retried: at most 253 x 253 steps.
bool glob_covers(std::string_view glob, std::string_view text) {
  size_t g = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') star = g++, mark = t;
    else if (g < glob.size() && glob[g] == text[t]) ++g, ++t;
    else if (star != std::string_view::npos) g = star + 1, t = ++mark;
    else return false;
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

// The longest part that a list can hold: at most 253 bytes, from the beginning of a label.
std::string_view listable(std::string_view host) {
  if (host.size() <= kMaxHostBytes) return host;
  const auto last = host.substr(host.size() - kMaxHostBytes - 1);  // one more, for the dot before
  const size_t dot = last.find('.');
  return dot == std::string_view::npos ? std::string_view() : last.substr(dot + 1);
}

UrlEntry exception_of(UrlEntry kind, bool allow) { return allow ? UrlEntry(uint8_t(kind) + 4) : kind; }

}  // namespace

Status UrlSet::open(std::string_view bytes) {
  Header header;
  const auto refuse = [](const char* why) { return Status::error("ERR_REFINE_ASSET", std::string("is no compiled list: ") + why + ". Compile it again with `refine url compile`."); };
  if (bytes.size() < sizeof(header) || std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) != 0) return refuse("it does not begin as one");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.version != kVersion) return refuse("it is of another version");
  if (header.size != bytes.size()) return refuse("it is cut short or has bytes behind its end");
  if (xxh64(bytes.substr(kCheckedFrom)) != header.checksum) return refuse("its checksum differs");
  const auto holds = [&](uint64_t from, uint64_t to, uint64_t least) { return from <= to && to <= bytes.size() && to - from >= least; };
  if (header.buckets == 0 || header.buckets > kMostRecords || header.index_at < sizeof(header) || !holds(header.index_at, header.records_at, (header.buckets + 1) * sizeof(IndexEntry)) ||
      !holds(header.records_at, header.patterns_at, 0) || !holds(header.patterns_at, bytes.size(), 0))
    return refuse("its parts do not fit");
  counts_ = header.counts;
  salt_ = header.salt;
  buckets_ = header.buckets;
  longest_url_ = header.longest_url;
  index_ = bytes.data() + header.index_at;
  records_ = bytes.substr(header.records_at, header.patterns_at - header.records_at);
  patterns_.clear();
  const auto patterns = bytes.substr(header.patterns_at);
  for (size_t at = 0; at < patterns.size();) {  // `+key\tglob\n`, `-` for exceptions; sorted
    const size_t end = std::min(patterns.find('\n', at), patterns.size());
    const auto line = patterns.substr(at, end - at);
    const size_t tab = line.find('\t');
    if (tab != std::string_view::npos && tab > 0) patterns_.push_back({line.substr(1, tab - 1), line.substr(tab + 1), line[0] == '-'});
    at = end + 1;
  }
  std::stable_sort(patterns_.begin(), patterns_.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return {};
}

// Kinds share the hash of their key: a host's exact form and its exception fall into one bucket and differ there.
bool UrlSet::contains_hashed(UrlEntry kind, std::string_view key, uint64_t hash) const {
  const char* entry = index_ + sizeof(IndexEntry) * bucket_of(hash, buckets_);
  const auto here = load<IndexEntry>(entry);
  const uint32_t mask = mask_of(hash);
  if ((here.mask & mask) != mask) return false;
  const size_t to = load<IndexEntry>(entry + sizeof(IndexEntry)).at;
  if (here.at > to || to > records_.size()) return false;
  const auto records = records_.substr(here.at, to - here.at);
  const size_t prefix = kind == UrlEntry::kHost ? 0 : 1;
  for (size_t at = 0; at < records.size();) {
    const auto found = next_key(records, at);
    if (found.size() == key.size() + prefix && (prefix == 0 || found[0] == char(kind)) && std::memcmp(found.data() + prefix, key.data(), key.size()) == 0) return true;
  }
  return false;
}

bool UrlSet::contains(UrlEntry kind, std::string_view key) const { return any(kind) && !key.empty() && contains_hashed(kind, key, hash_bytes(key, salt_)); }

// The host and each parent of two labels at least: single labels are public suffixes and never entries.
void UrlSet::begin(std::string_view host, Probe& probe) const {
  probe.host = host;
  probe.rest = listable(host);
  probe.count = 0;
  probe.address = is_ip_address(host);
  next(probe);
}

void UrlSet::next(Probe& probe) const {
  probe.count = 0;
  while (probe.count < Probe::kAtOnce && !probe.rest.empty()) {
    const size_t dot = probe.rest.find('.');
    if (dot == std::string_view::npos && !probe.address) {
      probe.rest = {};
      break;
    }
    probe.keys[probe.count] = probe.rest;
    probe.hashes[probe.count] = hash_bytes(probe.rest, salt_);
    __builtin_prefetch(index_ + sizeof(IndexEntry) * bucket_of(probe.hashes[probe.count++], buckets_));
    probe.rest = probe.address ? std::string_view() : probe.rest.substr(dot + 1);
  }
}

void UrlSet::fetch(const Probe& probe) const {
  for (int i = 0; i < probe.count; ++i) {
    const auto entry = load<IndexEntry>(index_ + sizeof(IndexEntry) * bucket_of(probe.hashes[i], buckets_));
    const uint32_t mask = mask_of(probe.hashes[i]);
    if ((entry.mask & mask) == mask && entry.at < records_.size()) {
      __builtin_prefetch(records_.data() + entry.at);
      __builtin_prefetch(records_.data() + std::min<size_t>(entry.at + 64, records_.size() - 1));
    }
  }
}

bool UrlSet::has_host(Probe& probe, bool allow) const {
  const auto kind = exception_of(UrlEntry::kHost, allow), exact = exception_of(UrlEntry::kExactHost, allow), pattern = exception_of(UrlEntry::kPattern, allow);
  const auto host = probe.host;
  if (host.empty()) return false;
  if (any(exact) && (contains(exact, host) || (host.starts_with("www.") && contains(exact, host.substr(4))))) return true;
  if (!any(kind) && !any(pattern)) return false;
  for (; probe.count > 0; next(probe)) {
    for (int i = 0; i < probe.count; ++i) {
      if (any(kind) && contains_hashed(kind, probe.keys[i], probe.hashes[i])) return true;
      if (any(pattern) && probe.keys[i].size() < host.size() && contains_hashed(pattern, probe.keys[i], probe.hashes[i]) && matches_pattern(host, probe.keys[i], allow)) return true;
    }
  }
  return false;
}

bool UrlSet::has_host(std::string_view host, bool allow) const {
  Probe probe;
  begin(host, probe);
  return has_host(probe, allow);
}

bool UrlSet::matches_pattern(std::string_view host, std::string_view key, bool allow) const {
  const auto before = host.substr(0, host.size() - key.size() - 1);
  if (before.size() > kMaxHostBytes) return false;
  auto at = std::lower_bound(patterns_.begin(), patterns_.end(), key, [](const Pattern& pattern, std::string_view wanted) { return pattern.key < wanted; });
  for (; at != patterns_.end() && at->key == key; ++at) {
    if (at->allow != allow) continue;
    for (size_t from = 0;;) {  // of the whole, or of what follows a dot
      if (glob_covers(at->glob, before.substr(from))) return true;
      const size_t dot = before.find('.', from);
      if (dot == std::string_view::npos) break;
      from = dot + 1;
    }
  }
  return false;
}

// Prefixes of the path that end at a boundary, the whole of it last; those longer than any entry are not built.
bool UrlSet::has_url(std::string_view host, std::string_view path, bool allow) const {
  const auto kind = exception_of(UrlEntry::kUrl, allow);
  if (!any(kind) || host.empty()) return false;
  const bool address = is_ip_address(host);
  std::string key;
  for (auto suffix = listable(host); !suffix.empty();) {
    if (suffix.size() < longest_url_ && contains(UrlEntry::kUrlHost, suffix)) {
      key.assign(suffix);
      size_t from = 0;
      const auto reach = path.substr(0, std::min<size_t>(path.size(), longest_url_ - key.size() + 1));
      for (size_t i = 1; i <= reach.size(); ++i) {
        const bool boundary = i == reach.size() ? reach.size() == path.size() : reach[i] == '/' || reach[i] == '?' || reach[i] == '#' || reach[i] == '&' || reach[i] == ';';
        if (!boundary) continue;
        key.append(reach, from, i - from);
        from = i;
        if (contains(kind, key)) return true;
      }
    }
    const size_t dot = suffix.find('.');
    if (address || dot == std::string_view::npos) return false;
    suffix.remove_prefix(dot + 1);
  }
  return false;
}

bool UrlSet::has_exceptions() const {
  return any(UrlEntry::kAllowHost) || any(UrlEntry::kAllowExactHost) || any(UrlEntry::kAllowUrl) || any(UrlEntry::kAllowPattern);
}

uint64_t UrlSet::size() const {
  uint64_t sum = 0;
  for (size_t i = 0; i < kUrlEntryKinds; ++i)
    if (UrlEntry(i) != UrlEntry::kPattern && UrlEntry(i) != UrlEntry::kAllowPattern && UrlEntry(i) != UrlEntry::kUrlHost) sum += counts_.entries[i];
  return sum + patterns_.size();
}

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
