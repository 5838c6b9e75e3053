// The reader behind json.h: an explicit stack of open containers, a cursor that only moves forward.
#include "json.h"

#include <algorithm>
#include <cstring>

#include "refine/utf8.h"

namespace refine::html {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool starts(const char* p, const char* end, std::string_view what) { return size_t(end - p) >= what.size() && std::memcmp(p, what.data(), what.size()) == 0; }

class Reader {
 public:
  Reader(std::string_view source, std::vector<JsonValue>& out) : begin_(source.data()), p_(begin_), end_(begin_ + source.size()), out_(out) {}

  void read() {
    while (true) {
      skip_between();
      if (p_ >= end_ || out_.size() >= kJsonValues) break;
      const char c = *p_;
      if (c == '}' || c == ']') { ++p_; close(); continue; }
      if (c == ',' || c == ';') { ++p_; have_key_ = false; continue; }
      if (c == ':') { ++p_; continue; }
      if (expects_key()) { read_key(c); continue; }
      if (c == '{' || c == '[') { ++p_; open(c == '{' ? JsonType::kObject : JsonType::kArray); continue; }
      if (c == '"') { string_value(); continue; }
      word();
    }
    while (!open_.empty()) close();
  }

 private:
  bool expects_key() const { return !open_.empty() && open_.back().object && !have_key_; }
  bool skipping() const { return !open_.empty() && open_.back().at == kSkipped; }

  // White space, comments and the marks that hide scripts from old browsers.
  void skip_between() {
    while (p_ < end_) {
      if (is_space(*p_)) { ++p_; continue; }
      if (starts(p_, end_, "/*")) { skip_past("*/"); continue; }
      if (starts(p_, end_, "<!--")) { p_ += 4; continue; }
      if (starts(p_, end_, "-->")) { p_ += 3; continue; }
      if (starts(p_, end_, "<![CDATA[")) { p_ += 9; continue; }
      if (starts(p_, end_, "]]>")) { p_ += 3; continue; }
      if (starts(p_, end_, "//")) {  // "//<![CDATA[" hides no JSON of its own line
        p_ += 2;
        while (p_ < end_ && (*p_ == ' ' || *p_ == '\t')) ++p_;
        if (!starts(p_, end_, "<![CDATA[") && !starts(p_, end_, "]]>")) while (p_ < end_ && *p_ != '\n') ++p_;
        continue;
      }
      if (starts(p_, end_, "\xEF\xBB\xBF")) { p_ += 3; continue; }
      break;
    }
  }
  void skip_past(std::string_view mark) {
    const size_t found = std::string_view(p_, size_t(end_ - p_)).find(mark);
    p_ = found == std::string_view::npos ? end_ : p_ + found + mark.size();
  }

  // A quote ends its string where JSON goes on behind it; any other is one that the page forgot to escape. Each run of
  // white space is looked over twice at most: once here, once by whoever reads on.
  bool ends_string(const char* quote, bool key) const {
    const char* p = quote + 1;
    bool line_break = false;
    while (p < end_ && is_space(*p)) line_break |= *p++ == '\n';
    if (p == end_ || *p == '}' || *p == ']') return true;
    if (*p == ':') return key;
    if (key) return false;
    if (*p == '"') return line_break;  // a comma was forgotten
    if (*p != ',') return *p == '/' || starts(p, end_, "<!--");
    // "he said "no", and left": a comma in prose is followed by no value
    ++p;
    while (p < end_ && is_space(*p)) ++p;
    return p == end_ || std::strchr("\"{[-0123456789tfn}]/", *p) != nullptr;
  }
  // The string that opens at p_; leaves p_ behind its closing quote.
  void string_span(bool key, uint32_t* begin, uint32_t* size, bool* escaped) {
    const char* from = ++p_;
    *escaped = false;
    while (p_ < end_) {
      if (*p_ == '\\') { *escaped = true; p_ += p_ + 1 < end_ ? 2 : 1; continue; }
      if (*p_ == '"' && ends_string(p_, key)) break;
      ++p_;
    }
    *begin = uint32_t(from - begin_);
    *size = uint32_t(p_ - from);
    if (p_ < end_) ++p_;
  }

  void read_key(char c) {
    key_escaped_ = false;
    if (c == '"') {
      string_span(true, &key_, &key_size_, &key_escaped_);
    } else if (c == '{' || c == '[') {  // a container without a name
      key_size_ = 0;
    } else {
      const char* from = p_;
      while (p_ < end_ && !is_space(*p_) && !std::strchr(":,{}[]\"", *p_)) ++p_;
      if (p_ == from) ++p_;
      key_ = uint32_t(from - begin_);
      key_size_ = uint32_t(p_ - from);
    }
    have_key_ = true;
  }

  JsonValue& add(JsonType type) {
    JsonValue value;
    value.type = type;
    if (have_key_) { value.key = key_; value.key_size = key_size_; value.key_escaped = key_escaped_; }
    have_key_ = false;
    out_.push_back(value);
    out_.back().end = uint32_t(out_.size());
    return out_.back();
  }
  void open(JsonType type) {
    const bool object = type == JsonType::kObject;
    if (skipping() || open_.size() >= kJsonDepth) {
      have_key_ = false;
      open_.push_back({kSkipped, object});
      return;
    }
    add(type);
    open_.push_back({uint32_t(out_.size() - 1), object});
  }
  void close() {
    have_key_ = false;
    if (open_.empty()) return;
    if (!skipping()) out_[open_.back().at].end = uint32_t(out_.size());
    open_.pop_back();
  }
  void string_value() {
    uint32_t begin, size;
    bool escaped;
    string_span(false, &begin, &size, &escaped);
    if (skipping()) { have_key_ = false; return; }
    JsonValue& value = add(JsonType::kString);
    value.begin = begin;
    value.size = size;
    value.escaped = escaped;
  }
  void word() {
    const char* from = p_;
    while (p_ < end_ && !is_space(*p_) && !std::strchr(",{}[]\"", *p_)) ++p_;
    if (p_ == from) ++p_;
    if (skipping()) { have_key_ = false; return; }
    const std::string_view text(from, size_t(p_ - from));
    const bool number = (text[0] >= '0' && text[0] <= '9') || text[0] == '-';
    JsonValue& value = add(number ? JsonType::kNumber : text == "true" || text == "false" ? JsonType::kBoolean : JsonType::kNull);
    value.begin = uint32_t(from - begin_);
    value.size = uint32_t(text.size());
  }

  const char* begin_;
  const char* p_;
  const char* end_;
  std::vector<JsonValue>& out_;
  static constexpr uint32_t kSkipped = 0xFFFFFFFF;  // a container below the depth limit
  struct Open { uint32_t at; bool object; };
  std::vector<Open> open_;
  bool have_key_ = false, key_escaped_ = false;
  uint32_t key_ = 0, key_size_ = 0;
};

int hex4(std::string_view s, size_t at) {
  if (at + 4 > s.size()) return -1;
  int value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const char c = s[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

}  // namespace

Json::Json(std::string_view source) : source_(source.substr(0, 0x7FFFFFFF)) { Reader(source_, values_).read(); }

uint32_t Json::member(uint32_t at, std::string_view name) const {
  if (!is(at, JsonType::kObject)) return size();
  for (uint32_t child = at + 1; child < values_[at].end; child = values_[child].end)
    if (key(child) == name) return child;
  return size();
}

std::string Json::text(uint32_t at, size_t limit) const {
  const std::string_view s = raw(at);
  std::string out;
  if (!values_[at].escaped) {
    size_t n = std::min(s.size(), limit);
    while (n > 0 && n < s.size() && (static_cast<unsigned char>(s[n]) & 0xC0) == 0x80) --n;  // whole code points
    return std::string(s.substr(0, n));
  }
  for (size_t i = 0; i < s.size() && out.size() < limit;) {
    const unsigned char c = static_cast<unsigned char>(s[i]);
    if (c != '\\') {
      size_t n = 1;
      while (i + n < s.size() && (static_cast<unsigned char>(s[i + n]) & 0xC0) == 0x80) ++n;
      out.append(s.substr(i, n));
      i += n;
      continue;
    }
    const char next = i + 1 < s.size() ? s[i + 1] : '\\';
    i += 2;
    switch (next) {
      case 'b': case 'f': out.push_back(' '); break;
      case 'n': out.push_back('\n'); break;
      case 'r': out.push_back('\r'); break;
      case 't': out.push_back('\t'); break;
      case 'u': {
        const int high = hex4(s, i);
        if (high < 0) { out.push_back('u'); break; }
        i += 4;
        char32_t point = char32_t(high);
        if (high >= 0xD800 && high < 0xDC00 && i + 1 < s.size() && s[i] == '\\' && s[i + 1] == 'u') {
          const int low = hex4(s, i + 2);
          if (low >= 0xDC00 && low < 0xE000) {
            point = char32_t(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            i += 6;
          }
        }
        append_utf8(out, point);
        break;
      }
      default:  // a quote, a slash, a backslash, or an escape that JSON does not know
        if (static_cast<unsigned char>(next) < 0x80) out.push_back(next);
        else --i;  // a code point, taken whole above: the limit must not fall into it
    }
  }
  return out;
}

}  // namespace refine::html
