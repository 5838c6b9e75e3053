// Hosts and URLs as lists see them: public suffixes, block lists with host-suffix matching, and words in URLs.
// Invariant: one normal form on both sides of every comparison: percent-decoded once, lower case, NFC, punycode labels as
// Unicode, no port, no user, no trailing dot. Nothing here asks the machine's ICU.
// Sources: publicsuffix.org/list (algorithm), RFC 3492 (punycode), Penedo et al. 2023 (RefinedWeb) appendix G.1.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace refine {

struct UrlParts {
  std::string host;  // normal form; empty where the URL has none
  std::string path;  // path, query and fragment, percent-decoded, lower case; "" or begins with / ? or #
};
UrlParts split_url(std::string_view url);  // a missing scheme is fine: `host/path`
std::string normalize_host(std::string_view host);
bool is_ip_address(std::string_view host);  // dotted IPv4, or anything with a colon

class PublicSuffixes {
 public:
  void parse(std::string_view list);  // the .dat file; both its sections
  bool empty() const { return rules_.empty(); }
  // Hosts are in normal form. A single label is always a public suffix (the list's default rule `*`).
  bool is_suffix(std::string_view host) const;
  // The public suffix and one label more; empty for a public suffix itself and for IP addresses.
  std::string_view registrable(std::string_view host) const;

 private:
  enum Kind : uint8_t { kExact = 1, kWildcard = 2, kException = 4 };
  uint8_t rule(std::string_view host) const;
  struct Hash {  // found by a view, without a copy
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, uint8_t, Hash, std::equal_to<>> rules_;
};

// A set of strings for millions of entries: all bytes in one piece, 4-byte slots; equality is compared, not hashed.
class StringTable {
 public:
  bool insert(std::string_view text);  // false: it was there
  bool contains(std::string_view text) const;
  size_t size() const { return starts_.size(); }
  size_t bytes() const { return blob_.size() + 8 * starts_.capacity() + 4 * slots_.capacity(); }
  size_t longest() const { return longest_; }

 private:
  std::string_view at(uint32_t index) const {
    const size_t end = index + 1 < starts_.size() ? starts_[index + 1] : blob_.size();
    return std::string_view(blob_).substr(starts_[index], end - starts_[index]);
  }
  void grow();
  std::string blob_;
  std::vector<uint64_t> starts_;
  std::vector<uint32_t> slots_;  // index + 1; 0: free
  size_t longest_ = 0;
};

enum class UrlVerdict : uint8_t { kKeep, kBlockedHost, kBlockedUrl, kStrictWord, kHardWord, kSoftWords, kCuratedSource };

class UrlFilter {
 public:
  enum class List { kBlock, kExclude, kStrict, kHard, kSoft };
  PublicSuffixes suffixes;

  // Adds the lines of a list. Block and exclude: `host`, `host/path` (a prefix), `0.0.0.0 host`; with or without a scheme.
  // `#` and `!` begin comments; lines that are neither are counted in `ignored`, as are public suffixes themselves.
  void add(List list, std::string_view lines);
  UrlVerdict judge(std::string_view url, uint32_t soft_words) const;  // soft_words: that many drop; 0: never

  size_t entries() const;
  size_t ignored() const { return ignored_; }
  size_t bytes() const { return block_hosts_.bytes() + block_urls_.bytes() + exclude_hosts_.bytes() + exclude_urls_.bytes(); }

 private:
  bool add_address(std::string_view line, StringTable& hosts, StringTable& urls);
  bool has_strict_word(std::string_view text) const;
  StringTable block_hosts_, block_urls_, exclude_hosts_, exclude_urls_;
  std::unordered_set<std::string> hard_, soft_;
  std::vector<std::vector<std::string>> strict_;  // by the hash of their first two bytes
  size_t strict_count_ = 0, ignored_ = 0;
};

}  // namespace refine
