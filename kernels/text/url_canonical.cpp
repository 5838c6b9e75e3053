// The short way to a canonical URL: most pages' URLs are canonical already, which one look at each byte shows. Invariant:
// equal to the parser's answer, which decides wherever this is in doubt.
#include <array>

#include "refine/whatwg_url.h"

namespace refine {

namespace {

// What the canonical form of most pages' URLs consists of: bytes that path and query keep, and where one must look closer.
enum Plain : uint8_t { kPlain, kSlash, kStop };
constexpr auto plain_table(bool query) {
  std::array<uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool stops = c <= 0x20 || c > 0x7E || c == '"' || c == '#' || c == '<' || c == '>' ||
                       (query ? c == '\'' : c == '?' || c == '^' || c == '`' || c == '{' || c == '}' || c == '\\');
    table[c] = stops ? kStop : !query && c == '/' ? kSlash : kPlain;
  }
  return table;
}
constexpr auto kPlainPath = plain_table(false), kPlainQuery = plain_table(true);

// The length of `input` without its fragment where that is an http(s) URL equal to its serialisation; else 0. May say 0 of
// what is canonical (a port, a user, a host in punycode): the parser decides those.
size_t canonical_length(std::string_view input) {
  size_t at = input.starts_with("https://") ? 8 : input.starts_with("http://") ? 7 : 0;
  if (at == 0) return 0;
  size_t label = at;
  for (;; ++at) {
    if (at == input.size()) return 0;
    const char c = input[at];
    if (uint8_t(c - 'a') < 26 || uint8_t(c - '0') < 10 || c == '-' || c == '_') continue;
    if (c == '/') break;
    if (c != '.' || input.substr(label).starts_with("xn--")) return 0;
    label = at + 1;
  }
  if (label == at || uint8_t(input[label] - '0') < 10 || input.substr(label).starts_with("xn--")) return 0;
  for (;;) {
    while (at < input.size() && kPlainPath[uint8_t(input[at])] == kPlain) ++at;
    if (at == input.size()) return at;
    if (kPlainPath[uint8_t(input[at])] == kStop) break;
    ++at;
    if (at < input.size() && (input[at] == '.' || (input[at] == '%' && input.substr(at + 1).starts_with('2')))) return 0;
  }
  if (input[at] == '?') {
    ++at;
    while (at < input.size() && kPlainQuery[uint8_t(input[at])] == kPlain) ++at;
    if (at == input.size()) return at;
  }
  return input[at] == '#' ? at : 0;
}

}  // namespace

bool append_canonical_url(std::string_view input, Fragment fragment, std::string& out) {
  const size_t length = canonical_length(input);
  if (length > 0 && (fragment == Fragment::kDrop || length == input.size())) {
    out.append(input, 0, length);
    return true;
  }
  WhatwgUrl url;
  if (!parse_url(input, url)) return false;
  out += fragment == Fragment::kDrop ? url.without_fragment() : std::string_view(url.href);
  return true;
}

}  // namespace refine
