// A compiled list of hosts and URLs: millions of entries in one piece of bytes, read from a file or mapped, looked up in
// place. Equality is compared, never taken from a hash, so there are no false positives.
// The bytes depend on the set of entries alone, not on their order: header, index of buckets, records, host patterns
// (little-endian; kernels/text/url_set_format.h). 5 million hosts of 18 bytes take 105 MB.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "refine/url.h"
#include "refine/views.h"

namespace refine {

// What an entry stands for. Hosts are in the normal form of url.h.
enum class UrlEntry : uint8_t {
  kHost,       // `example.com`: the host and all under it
  kExactHost,  // `=example.com`: the host alone, with or without `www.`
  kUrl,        // `example.com/path`: URLs below the path, on the host and all under it
  kPattern,    // `ads*.example.com`: hosts of that form and all under them; the key is the part after the wildcards
  kAllowHost, kAllowExactHost, kAllowUrl, kAllowPattern,  // exceptions (`@@`): they win over every entry of the same option
  kUrlHost,  // made by the builder: there are entries of kUrl or kAllowUrl for the host, so that a path is looked at
};
constexpr size_t kUrlEntryKinds = 9;
constexpr size_t kMaxUrlEntry = 2048;  // bytes of host and path; longer ones are no entries

// Lines that gave no entry, by why.
enum class UrlIgnored : uint8_t {
  kSuffix,    // a public suffix, which would take everybody under it along
  kCosmetic,  // `example.com##.ad`: hides parts of pages
  kOption,    // `||example.com^$third-party`: concerns requests, not pages
  kPattern,   // wildcards or anchors of a form not known here
  kOther,     // neither host nor URL
};
constexpr size_t kUrlIgnoredKinds = 5;

struct UrlSetCounts {
  std::array<uint64_t, kUrlEntryKinds> entries{};
  std::array<uint64_t, kUrlIgnoredKinds> ignored{};
};

class UrlSet {
 public:
  // Looks at `bytes` in place: they outlive the set. ERR_REFINE_ASSET for what is no list compiled by this version.
  Status open(std::string_view bytes);
  bool contains(UrlEntry kind, std::string_view key) const;
  // Does an entry of the kinds kHost, kExactHost and kPattern (`allow`: their exceptions) concern the host?
  bool has_host(std::string_view host, bool allow = false) const;
  // The same for several hosts at a time, so that they wait for memory together: begin each, fetch each, then ask each.
  struct Probe;
  void begin(std::string_view host, Probe& probe) const;  // the host outlives the probe
  void fetch(const Probe& probe) const;
  bool has_host(Probe& probe, bool allow = false) const;
  // Does one of kUrl (kAllowUrl)? `path` as in UrlParts.
  bool has_url(std::string_view host, std::string_view path, bool allow = false) const;
  bool has_exceptions() const;
  const UrlSetCounts& counts() const { return counts_; }
  uint64_t size() const;

 private:
  friend class UrlSetBuilder;
  struct Pattern {
    std::string_view key, glob;  // the glob covers what stands before `.key`
    bool allow;
  };
  void next(Probe& probe) const;
  bool any(UrlEntry kind) const { return counts_.entries[size_t(kind)] > 0; }
  bool contains_hashed(UrlEntry kind, std::string_view key, uint64_t hash) const;
  bool matches_pattern(std::string_view host, std::string_view key, bool allow) const;

  UrlSetCounts counts_;
  uint64_t salt_ = 0, buckets_ = 0, longest_url_ = 0;
  const char* index_ = nullptr;
  std::string_view records_;
  std::vector<Pattern> patterns_;  // by key
};

struct UrlSet::Probe {
  static constexpr int kAtOnce = 6;
  std::string_view host, rest, keys[kAtOnce];
  uint64_t hashes[kAtOnce];
  int count;
  bool address;
};

class UrlSetBuilder {
 public:
  explicit UrlSetBuilder(const PublicSuffixes& suffixes) : suffixes_(suffixes) {}
  // Whole lines of a list; forms in url_rules.cpp.
  void add_lines(std::string_view lines);
  void add(UrlEntry kind, std::string_view key, std::string_view glob = {});
  void add(const UrlSet& compiled);  // its entries and its counts of ignored lines
  const UrlSetCounts& counts() const { return counts_; }  // entries: as added, repetitions included
  // The compiled list; the builder is empty then. ERR_REFINE_ASSET past 4 GiB of entries.
  Status build(std::string& out);

 private:
  void add_line(std::string_view line);
  void ignore(UrlIgnored why) { ++counts_.ignored[size_t(why)]; }
  bool add_host(std::string_view host, bool exact, bool allow);
  void add_rule(std::string_view rule, bool allow);
  void add_plain(std::string_view line, bool allow);
  void add_dnsmasq(std::string_view line);

  const PublicSuffixes& suffixes_;
  UrlSetCounts counts_;
  std::string keys_;                // records, as in the file
  std::vector<uint64_t> starts_;    // of each in keys_
  std::vector<std::string> patterns_;
};

}  // namespace refine
