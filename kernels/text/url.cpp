// URLs, hosts and the Public Suffix List; see url.h.
#include "refine/url.h"

#include <algorithm>

#include "punycode.h"
#include "refine/unicode.h"
#include "refine/utf8.h"
#include "words.h"

namespace refine {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = char(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out.push_back(char(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string lower_nfc(std::string_view text) {
  std::string lower, out;
  append_lower(text, lower);
  append_nfc(lower, out);
  return out;
}

// The part of a host after its first label, empty for the last one.
std::string_view parent_of(std::string_view host) {
  const size_t dot = host.find('.');
  return dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1);
}

}  // namespace

std::string normalize_host(std::string_view host) {
  std::string text = percent_decode(host);
  bool ascii = true;
  for (char& c : text) {
    if (uint8_t(c) >= 0x80) ascii = false;
    else if (uint8_t(c - 'A') < 26) c = char(c | 0x20);
  }
  if (!ascii) {
    text = lower_nfc(text);
    std::string dotted;
    for (size_t i = 0; i < text.size(); ++i) {
      const auto three = std::string_view(text).substr(i, 3);
      if (three == "\xE3\x80\x82" || three == "\xEF\xBC\x8E" || three == "\xEF\xBD\xA1") {  // the full stops of IDNA
        dotted.push_back('.');
        i += 2;
      } else {
        dotted.push_back(text[i]);
      }
    }
    text = std::move(dotted);
  }
  while (!text.empty() && text.back() == '.') text.pop_back();
  if (text.find("xn--") == std::string::npos) return text;
  std::string out;
  for (size_t from = 0; from <= text.size();) {
    const size_t dot = std::min(text.find('.', from), text.size());
    const auto label = std::string_view(text).substr(from, dot - from);
    if (from > 0) out.push_back('.');
    std::u32string points;
    if (label.starts_with("xn--") && label.size() > 4 && label.size() <= 67 && decode_punycode(label.substr(4), points)) {  // a label has 63 bytes at most
      std::string decoded;
      for (char32_t c : points) append_utf8(decoded, c);
      out += lower_nfc(decoded);
    } else {
      out += label;
    }
    from = dot + 1;
  }
  return out;
}

bool is_ip_address(std::string_view host) {
  if (host.find(':') != std::string_view::npos) return true;
  int parts = 0;
  for (size_t from = 0; from <= host.size(); ++parts) {
    const size_t dot = std::min(host.find('.', from), host.size());
    const auto part = host.substr(from, dot - from);
    if (part.empty() || part.size() > 3) return false;
    int value = 0;
    for (char c : part) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    if (value > 255) return false;
    from = dot + 1;
  }
  return parts == 4;
}

namespace {
// Most URLs are plain ASCII without an escape: their normal form is the lower case.
bool append_plain_lower(std::string_view text, std::string& out) {
  const size_t before = out.size();
  out.append(text);
  bool plain = true;
  for (char* c = out.data() + before; c < out.data() + out.size(); ++c) {
    plain &= uint8_t(*c) < 0x80 && *c != '%';
    if (uint8_t(*c - 'A') < 26) *c = char(*c | 0x20);
  }
  if (!plain) out.resize(before);
  return plain;
}
}  // namespace

void split_url(std::string_view url, UrlParts& parts) {
  parts.host.clear();
  parts.path.clear();
  url = trim_end(trim_start(url));
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos && url.substr(0, scheme).find_first_of("/?#") == std::string_view::npos) url.remove_prefix(scheme + 3);
  else if (url.starts_with("//")) url.remove_prefix(2);
  const size_t end = std::min(url.find_first_of("/?#\\"), url.size());
  std::string_view authority = url.substr(0, end);
  const size_t user = authority.rfind('@');
  if (user != std::string_view::npos) authority.remove_prefix(user + 1);
  if (authority.starts_with('[')) {  // IPv6
    const size_t close = authority.find(']');
    authority = close == std::string_view::npos ? std::string_view() : authority.substr(1, close - 1);
  } else {
    authority = authority.substr(0, authority.find(':'));
  }
  if (authority.ends_with('.') || !append_plain_lower(authority, parts.host) || parts.host.find("xn--") != std::string::npos) parts.host = normalize_host(authority);
  if (!append_plain_lower(url.substr(end), parts.path)) parts.path = lower_nfc(percent_decode(url.substr(end)));
}

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  split_url(url, parts);
  return parts;
}

void PublicSuffixes::parse(std::string_view list) {
  for_each_line(list, [&](std::string_view line) {
    line = trim_start(line);
    size_t end = 0;
    while (end < line.size() && uint8_t(line[end]) > ' ') ++end;  // a rule ends at white space
    line = line.substr(0, end);
    if (line.empty() || line.starts_with("//")) return;
    Kind kind = kExact;
    if (line.starts_with("*.")) {
      kind = kWildcard;
      line.remove_prefix(2);
    } else if (line.starts_with('!')) {
      kind = kException;
      line.remove_prefix(1);
    }
    rules_[normalize_host(line)] |= kind;
  });
}

uint8_t PublicSuffixes::rule(std::string_view host) const {
  const auto found = rules_.find(host);
  return found == rules_.end() ? 0 : found->second;
}

bool PublicSuffixes::is_suffix(std::string_view host) const {
  const auto parent = parent_of(host);
  if (parent.empty()) return true;
  const uint8_t own = rule(host);
  if (own & kException) return false;
  return (own & kExact) || (rule(parent) & kWildcard);
}

std::string_view PublicSuffixes::registrable(std::string_view host) const {
  if (host.size() > 1024 || is_ip_address(host) || host.empty() || host.front() == '.') return {};
  // The longest public suffix is the first found from the left; one label more is the answer.
  std::string_view previous;
  for (auto at = host; !at.empty(); at = parent_of(at)) {
    if (rule(at) & kException) return at;  // its public suffix is its parent
    if (is_suffix(at)) return previous;
    previous = at;
  }
  return {};
}

}  // namespace refine
