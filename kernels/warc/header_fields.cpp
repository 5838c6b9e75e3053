#include "header_fields.h"

#include <cstring>

namespace refine {
namespace {
char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
}  // namespace

bool equals_nocase(std::string_view text, std::string_view expected) { return text.size() == expected.size() && starts_nocase(text, expected); }

bool starts_nocase(std::string_view text, std::string_view expected) {
  if (text.size() < expected.size()) return false;
  for (size_t i = 0; i < expected.size(); ++i)
    if (lower(text[i]) != expected[i]) return false;
  return true;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool parse_decimal(std::string_view text, int64_t* value) {
  if (text.empty() || text.size() > 18) return false;
  int64_t n = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    n = n * 10 + (c - '0');
  }
  *value = n;
  return true;
}

const std::string_view* Fields::find(std::string_view name) const {
  for (const Field& field : list)
    if (equals_nocase(field.name, name)) return &field.value;
  return nullptr;
}

size_t parse_fields(std::string_view text, Fields* fields) {
  size_t at = 0;
  bool open = false;         // whether a continuation line has a field to go on
  bool last_folded = false;  // whether the last field's value stands in folded.back()
  while (at < text.size()) {
    const void* lf = std::memchr(text.data() + at, '\n', text.size() - at);
    const size_t next = lf ? size_t(static_cast<const char*>(lf) - text.data()) + 1 : text.size();
    std::string_view line = text.substr(at, next - at);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    at = next;
    if (line.empty()) return at;
    if (line[0] == ' ' || line[0] == '\t') {
      if (!open) {
        fields->bad_lines = true;
        continue;
      }
      Field& field = fields->list.back();
      const std::string_view more = trim(line);
      if (!last_folded) {
        fields->folded.emplace_back(field.value);
        last_folded = true;
      }
      std::string& value = fields->folded.back();
      if (!value.empty() && !more.empty()) value += ' ';
      value += more;
      field.value = value;
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || trim(line.substr(0, colon)).empty()) {
      fields->bad_lines = true;
      open = false;
      continue;
    }
    fields->list.push_back({trim(line.substr(0, colon)), trim(line.substr(colon + 1))});
    open = true;
    last_folded = false;
  }
  return at;
}

size_t find_head_end(std::string_view text, size_t from) {
  size_t at = from > 6 ? from - 6 : 0;
  for (;;) {
    const void* found = at < text.size() ? std::memchr(text.data() + at, '\n', text.size() - at) : nullptr;
    if (!found) return std::string_view::npos;
    const size_t lf = size_t(static_cast<const char*>(found) - text.data());
    at = lf + 1;
    size_t next = at;  // a blank line: nothing but CRs (some files have two) before its LF
    while (next < text.size() && text[next] == '\r' && next - at < 4) ++next;
    if (next < text.size() && text[next] == '\n') return next + 1;
  }
}

}  // namespace refine
