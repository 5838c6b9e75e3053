#include "http.h"

#include <algorithm>

namespace refine {

void parse_http_head(std::string_view block, bool request, HttpHead* head) {
  head->clear();
  size_t line_end = block.find('\n');
  if (line_end == std::string_view::npos) line_end = block.size();
  std::string_view line = trim(block.substr(0, line_end));
  head->start_line = line;
  if (request) {
    const size_t space = line.find(' ');
    head->present = space != std::string_view::npos && space > 0 && line.find(' ', space + 1) != std::string_view::npos;
  } else {
    // `HTTP/1.1 200 OK`, without a reason, with more spaces, or from servers that say `HTTP 200`, `ICY 200` and worse.
    size_t at = line.find_first_of(" \t");
    const std::string_view protocol = line.substr(0, at);
    const bool sound = starts_nocase(protocol, "http") || protocol == "ICY";
    if (!sound) return;
    if (at != std::string_view::npos) {
      at = line.find_first_not_of(" \t", at);
      size_t digits = at;
      while (digits < line.size() && line[digits] >= '0' && line[digits] <= '9') ++digits;
      int64_t status = 0;
      if (at != std::string_view::npos && digits - at <= 4 && parse_decimal(line.substr(at, digits - at), &status)) head->status = int(status);
    }
    head->present = true;
  }
  if (!head->present) return;
  head->length = line_end < block.size() ? line_end + 1 : block.size();
  head->length += parse_fields(block.substr(head->length), &head->fields);
}

Chunking decode_chunked(std::string_view body, size_t limit, std::string* out) {
  out->clear();
  size_t at = 0;
  for (bool first = true;; first = false) {
    size_t lf = body.find('\n', at);
    if (lf == std::string_view::npos || lf - at > 4096) {
      if (first) return Chunking::kNone;
      if (trim(body.substr(at)).empty()) return Chunking::kTruncated;
      out->append(body.substr(at));
      return Chunking::kBroken;
    }
    std::string_view line = body.substr(at, lf - at);
    const size_t extension = line.find(';');
    if (extension != std::string_view::npos) line = line.substr(0, extension);
    line = trim(line);
    uint64_t size = 0;
    bool sound = !line.empty() && line.size() <= 15;
    for (const char c : line) {
      const int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (v < 0) sound = false;
      else if (sound) size = size << 4 | uint64_t(v);
    }
    if (!sound) {
      if (first) return Chunking::kNone;
      out->append(body.substr(at));
      return Chunking::kBroken;
    }
    at = lf + 1;
    if (size == 0) return Chunking::kOk;  // trailers, if any, are not part of the body
    const size_t left = body.size() - at;
    const size_t take = size < left ? size_t(size) : left;
    out->append(body.substr(at, take));
    if (out->size() > limit) return Chunking::kOk;  // the caller sees that it is too large
    at += take;
    if (take < size || at == body.size()) return Chunking::kTruncated;
    if (body[at] == '\r') ++at;
    if (at < body.size() && body[at] == '\n') ++at;
    else if (at < body.size()) {  // a chunk that does not end where it said
      out->append(body.substr(at));
      return Chunking::kBroken;
    }
  }
}

std::vector<std::string> content_codings(const Fields& fields) {
  std::vector<std::string> codings;
  for (const Field& field : fields.list) {
    if (!equals_nocase(field.name, "content-encoding")) continue;
    for (size_t at = 0; at <= field.value.size();) {
      size_t comma = field.value.find(',', at);
      if (comma == std::string_view::npos) comma = field.value.size();
      std::string coding = to_lower(trim(field.value.substr(at, comma - at)));
      if (!coding.empty() && coding != "identity" && coding != "none") codings.push_back(std::move(coding));
      at = comma + 1;
    }
  }
  return codings;
}

bool sniffs_as_html(std::string_view body) {
  size_t at = 0;
  if (body.size() >= 3 && body.substr(0, 3) == "\xEF\xBB\xBF") at = 3;  // browsers see through a BOM when they then decode
  while (at < body.size() && (body[at] == '\t' || body[at] == '\n' || body[at] == '\f' || body[at] == '\r' || body[at] == ' ')) ++at;
  body = body.substr(at, 32);
  if (body.substr(0, 4) == "<!--") return true;
  static constexpr std::string_view kTags[] = {"<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table",
                                               "<a", "<style", "<title", "<b", "<body", "<br", "<p"};
  return std::any_of(std::begin(kTags), std::end(kTags), [&](std::string_view tag) {
    return starts_nocase(body, tag) && body.size() > tag.size() && (body[tag.size()] == ' ' || body[tag.size()] == '>');
  });
}

std::string media_type(std::string_view content_type) {
  return to_lower(trim(content_type.substr(0, content_type.find_first_of(";,"))));
}

}  // namespace refine
