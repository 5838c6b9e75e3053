// Compiled lists, looked up; see url_set.h, and url_set_format.h for their bytes.
#include "refine/url_set.h"

#include <algorithm>
#include <cstring>

#include "refine/hash.h"
#include "url_set_format.h"

namespace refine {

using namespace url_set;

namespace {

constexpr size_t kMaxHostBytes = 253;  // of a name that DNS can hold: 127 labels at most

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

}  // namespace refine
