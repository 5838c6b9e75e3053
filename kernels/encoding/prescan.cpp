// The HTML standard's "prescan a byte stream to determine its encoding", attribute by attribute, and "get an XML encoding".
#include <cstring>

#include "refine/encoding.h"

namespace refine {
namespace {

bool is_space(uint8_t c) { return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '; }
uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? uint8_t(c + 32) : c; }
bool is_letter(uint8_t c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

struct Scanner {
  const uint8_t* p;
  const uint8_t* end;

  bool starts(const char* text) const {  // without regard to ASCII case
    const size_t n = std::strlen(text);
    if (size_t(end - p) < n) return false;
    for (size_t i = 0; i < n; ++i) if (lower(p[i]) != uint8_t(text[i])) return false;
    return true;
  }

  // "get an attribute": false where there is none. `p` is left as the standard says.
  bool attribute(std::string& name, std::string& value) {
    name.clear();
    value.clear();
    while (p < end && (is_space(*p) || *p == '/')) ++p;
    if (p >= end || *p == '>') return false;
    for (;; ++p) {
      if (p >= end) return false;
      if (*p == '=' && !name.empty()) { ++p; break; }
      if (is_space(*p)) {
        while (p < end && is_space(*p)) ++p;
        if (p >= end) return false;
        if (*p != '=') return true;
        ++p;
        break;
      }
      if (*p == '/' || *p == '>') return true;
      name.push_back(char(lower(*p)));
    }
    while (p < end && is_space(*p)) ++p;
    if (p >= end) return false;
    if (*p == '"' || *p == '\'') {
      const uint8_t quote = *p;
      while (++p < end) {
        if (*p == quote) { ++p; return true; }
        value.push_back(char(lower(*p)));
      }
      return false;
    }
    if (*p == '>') return true;
    for (; p < end; ++p) {
      if (is_space(*p) || *p == '>') return true;
      value.push_back(char(lower(*p)));
    }
    return false;
  }
};

// "extracting a character encoding from a meta element"
bool from_meta_content(std::string_view s, Encoding* out) {
  for (size_t at = 0;;) {
    at = s.find("charset", at);
    if (at == std::string_view::npos) return false;
    at += 7;
    size_t i = at;
    while (i < s.size() && is_space(uint8_t(s[i]))) ++i;
    if (i >= s.size()) return false;
    if (s[i] != '=') continue;
    ++i;
    while (i < s.size() && is_space(uint8_t(s[i]))) ++i;
    if (i >= s.size()) return false;
    if (s[i] == '"' || s[i] == '\'') {
      const size_t close = s.find(s[i], i + 1);
      return close != std::string_view::npos && encoding_from_label(s.substr(i + 1, close - i - 1), out);
    }
    size_t stop = i;
    while (stop < s.size() && !is_space(uint8_t(s[stop])) && s[stop] != ';') ++stop;
    return encoding_from_label(s.substr(i, stop - i), out);
  }
}

bool xml_encoding(std::string_view bytes, Encoding* out) {
  if (!bytes.starts_with("<?xml")) return false;
  const size_t close = bytes.find('>');
  if (close == std::string_view::npos) return false;
  std::string_view head = bytes.substr(0, close);
  size_t at = head.find("encoding");
  if (at == std::string_view::npos) return false;
  at += 8;
  while (at < head.size() && uint8_t(head[at]) <= 0x20) ++at;
  if (at >= head.size() || head[at] != '=') return false;
  ++at;
  while (at < head.size() && uint8_t(head[at]) <= 0x20) ++at;
  if (at >= head.size() || (head[at] != '"' && head[at] != '\'')) return false;
  const size_t quote = head.find(head[at], at + 1);
  if (quote == std::string_view::npos) return false;
  const auto label = head.substr(at + 1, quote - at - 1);
  for (char c : label) if (uint8_t(c) <= 0x20) return false;
  if (!encoding_from_label(label, out)) return false;
  if (*out == Encoding::kUtf16Be || *out == Encoding::kUtf16Le) *out = Encoding::kUtf8;
  return true;
}

}  // namespace

bool prescan_encoding(std::string_view all, size_t limit, Encoding* out) {
  const auto bytes = all.substr(0, limit);
  Scanner s{reinterpret_cast<const uint8_t*>(bytes.data()), reinterpret_cast<const uint8_t*>(bytes.data()) + bytes.size()};
  if (bytes.size() >= 6) {
    if (!std::memcmp(bytes.data(), "<\0?\0x\0", 6)) return *out = Encoding::kUtf16Le, true;
    if (!std::memcmp(bytes.data(), "\0<\0?\0x", 6)) return *out = Encoding::kUtf16Be, true;
  }
  std::string name, value;
  for (; s.p < s.end; ++s.p) {
    if (*s.p != '<') continue;
    if (s.starts("<!--")) {
      // The two dashes may be the same ones that opened the comment: "<!-->".
      const std::string_view rest(reinterpret_cast<const char*>(s.p) + 2, size_t(s.end - s.p) - 2);
      const size_t close = rest.find("-->");
      if (close == std::string_view::npos) break;
      s.p += 2 + close + 2;
    } else if (s.starts("<meta") && s.p + 5 < s.end && (is_space(s.p[5]) || s.p[5] == '/')) {
      s.p += 5;
      bool got_pragma = false, need_pragma = false, has_need = false, has_charset = false, seen_http = false, seen_content = false, seen_charset = false;
      Encoding charset = Encoding::kUtf8;
      while (s.attribute(name, value)) {
        if (name == "http-equiv") {
          if (!seen_http && value == "content-type") got_pragma = true;
          seen_http = true;
        } else if (name == "content") {
          if (!seen_content && !has_charset && from_meta_content(value, &charset)) has_charset = true, need_pragma = true, has_need = true;
          seen_content = true;
        } else if (name == "charset") {
          if (!seen_charset) { has_charset = encoding_from_label(value, &charset); need_pragma = false; has_need = true; }
          seen_charset = true;
        }
      }
      if (s.p >= s.end) break;
      if (has_need && (!need_pragma || got_pragma) && has_charset) {
        if (charset == Encoding::kUtf16Be || charset == Encoding::kUtf16Le) charset = Encoding::kUtf8;
        if (charset == Encoding::kXUserDefined) charset = Encoding::kWindows1252;
        return *out = charset, true;
      }
      if (*s.p == '<') --s.p;
    } else if (s.p + 1 < s.end && (is_letter(s.p[1]) || (s.p[1] == '/' && s.p + 2 < s.end && is_letter(s.p[2])))) {
      while (s.p < s.end && !is_space(*s.p) && *s.p != '>') ++s.p;
      while (s.p < s.end && s.attribute(name, value)) {}
      if (s.p >= s.end) break;
    } else if (s.p + 1 < s.end && (s.p[1] == '!' || s.p[1] == '/' || s.p[1] == '?')) {
      while (s.p < s.end && *s.p != '>') ++s.p;
    }
  }
  return xml_encoding(bytes, out);
}

}  // namespace refine
