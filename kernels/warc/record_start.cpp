#include "record_start.h"

#include <vector>

#include "header_fields.h"

namespace refine {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A scheme and a colon: `http:`, `dns:`, `filedesc:`, `metadata:`.
bool has_scheme(std::string_view text) {
  size_t i = 0;
  while (i < text.size() && i < 24 && (is_alpha(text[i]) || is_digit(text[i]) || text[i] == '+' || text[i] == '-' || text[i] == '.')) ++i;
  return i >= 2 && i < text.size() && text[i] == ':' && is_alpha(text[0]);
}

bool looks_like_date(std::string_view token) {
  if (token.size() < 8 || token.size() > 20) return false;
  for (const char c : token)
    if (!is_digit(c)) return false;
  return true;
}

bool looks_like_address(std::string_view token) {
  if (token.size() < 2 || token.size() > 64) return token == "-";
  bool separator = false;
  for (const char c : token) {
    if (c == '.' || c == ':') separator = true;
    else if (!is_digit(c) && !is_alpha(c) && c != '[' && c != ']' && c != '-') return false;
  }
  return separator;
}

}  // namespace

bool is_warc_start(std::string_view line) { return line.size() >= 6 && starts_nocase(line, "warc/") && is_digit(line[5]); }

bool parse_arc_line(std::string_view line, ArcLine* arc) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.size() < 12 || !has_scheme(line)) return false;
  std::vector<std::string_view> tokens;
  for (size_t at = 0; at <= line.size();) {
    size_t space = line.find(' ', at);
    if (space == std::string_view::npos) space = line.size();
    tokens.push_back(line.substr(at, space - at));
    at = space + 1;
    if (tokens.size() > 512) return false;
  }
  if (tokens.size() < 4) return false;
  const bool file_description = line.substr(0, 11) == "filedesc://";
  size_t date = 0;
  for (size_t i = tokens.size() - 2; i >= 2; --i) {
    if (looks_like_date(tokens[i]) && looks_like_address(tokens[i - 1])) {
      date = i;
      break;
    }
  }
  if (date == 0) {
    if (!file_description || tokens.size() < 5) return false;
    date = 2;  // a version block whose fields nobody filled in
  }
  const size_t after = tokens.size() - date - 1;  // 1 or more tokens: content type, ..., length
  arc->url = line.substr(0, size_t(tokens[date - 1].data() - line.data()) - 1);
  arc->ip = tokens[date - 1];
  arc->date = tokens[date];
  if (after >= 7) arc->content_type = tokens[date + 1];  // version 2: type, result code, checksum, location, offset, filename, length
  else if (after >= 2) arc->content_type = line.substr(size_t(tokens[date + 1].data() - line.data()), size_t(tokens.back().data() - tokens[date + 1].data()) - 1);
  else arc->content_type = {};
  const std::string_view length = tokens.back();
  arc->length_valid = !length.empty() && length.size() <= 18;
  arc->length = 0;
  for (const char c : length) {
    if (!is_digit(c)) arc->length_valid = false;
    else if (arc->length_valid) arc->length = arc->length * 10 + (c - '0');
  }
  return arc->length_valid || length == "-1" || length.size() <= 8;
}

bool may_open_record(std::string_view prefix) {
  while (!prefix.empty() && (prefix.front() == '\r' || prefix.front() == '\n')) prefix.remove_prefix(1);
  if (is_warc_start(prefix)) return true;
  if (prefix.size() < 12 || !has_scheme(prefix)) return false;
  for (const char c : prefix) {
    if (c == '\n' || c == '\r') break;
    if (uint8_t(c) < 0x20) return false;
  }
  return true;
}

}  // namespace refine
