// Hosts and URLs as lists see them, and the Public Suffix List. Lists: url_set.h; verdicts: url_filter.h.
// Invariant: one normal form on both sides of every comparison: percent-decoded once, lower case, NFC, punycode labels as
// Unicode, no port, no user, no trailing dot. Nothing here asks the machine's ICU.
// Sources: publicsuffix.org/list (algorithm), RFC 3492 (punycode).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "refine/salted_hash.h"

namespace refine {

struct UrlParts {
  std::string host;  // normal form; empty where the URL has none
  std::string path;  // path, query and fragment, percent-decoded, lower case; "" or begins with / ? or #
};
void split_url(std::string_view url, UrlParts& parts);  // a missing scheme is fine: `host/path`; the strings are reused
UrlParts split_url(std::string_view url);
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
    size_t operator()(std::string_view text) const { return hash_bytes(text, 0); }
  };
  std::unordered_map<std::string, uint8_t, Hash, std::equal_to<>> rules_;
};

}  // namespace refine
