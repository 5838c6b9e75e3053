// URLs by the WHATWG URL Standard (url.spec.whatwg.org, text of 2025): parse, resolve against a base, serialise. UTF-8 in,
// ASCII out; ill-formed UTF-8 counts as U+FFFD. Differences from the standard, counted, never timed: a host that needs
// IDNA and has more than 1,024 bytes is refused (idna.h), and a URL has at most kMaxUrlBytes. Linear otherwise.
// Invariant: a serialisation parses to itself.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace refine {

constexpr size_t kMaxUrlBytes = size_t(1) << 28;  // offsets are 32 bits, and percent-encoding is three bytes for one

// A parsed URL: its serialisation and where the parts of it end.
// `https://user:pass@example.com:1234/foo/bar?baz#quux`
//   scheme_end: after `https:`   host_start, host_end: around `example.com`   path_start: before `/foo`
//   query_start: before `?baz`   fragment_start: before `#quux`; href.size() where there is none
struct WhatwgUrl {
  std::string href;
  uint32_t scheme_end = 0, host_start = 0, host_end = 0, path_start = 0, query_start = 0, fragment_start = 0;
  bool has_host = false, opaque_path = false;

  std::string_view scheme() const { return part(0, scheme_end - 1); }  // without the colon
  std::string_view host() const { return part(host_start, host_end); }
  std::string_view path() const { return part(path_start, query_start); }
  std::string_view query() const { return part(query_start, fragment_start); }  // with its `?`; empty where there is none
  std::string_view fragment() const { return std::string_view(href).substr(fragment_start); }
  std::string_view without_fragment() const { return part(0, fragment_start); }

 private:
  std::string_view part(uint32_t from, uint32_t to) const { return std::string_view(href).substr(from, to - from); }
};

// False where the standard says failure; `url` is then unspecified. Its string is reused between calls.
bool parse_url(std::string_view input, WhatwgUrl& url);
bool parse_url(std::string_view input, const WhatwgUrl& base, WhatwgUrl& url);

enum class Fragment { kKeep, kDrop };
// Appends the serialisation; false, with `out` as it was, for what does not parse. A plain ASCII http(s) URL that is
// canonical already is copied at once.
bool append_canonical_url(std::string_view input, Fragment fragment, std::string& out);

// A page's URL, parsed once for all its links.
class UrlResolver {
 public:
  // A base that does not parse resolves absolute URLs only.
  explicit UrlResolver(std::string_view base) : valid_(parse_url(base, base_)) {}
  bool valid() const { return valid_; }
  // Appends the absolute form of `href`, fragment kept; false, with `out` as it was, where there is none.
  bool append_resolved(std::string_view href, std::string& out);

 private:
  WhatwgUrl base_, scratch_;
  bool valid_;
};

}  // namespace refine
