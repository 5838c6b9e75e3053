// See inline_text.h. Runs of bytes that stand for themselves are copied whole.
#include "inline_text.h"

#include "refine/utf8.h"

namespace refine::html {
namespace {

// Bytes that need no look: printable ASCII and the leads of blocks without any special character.
struct PlainBytes {
  bool plain[256];
  constexpr PlainBytes() : plain() {
    for (int c = 0; c < 256; ++c) plain[c] = c > 0x20 && c != 0x7F && c != 0xC2 && c != 0xD8 && c != 0xE1 && c != 0xE2 && c != 0xE3 && c != 0xEF;
    plain[0xD8] = true;  // U+061C is kept
  }
};
constexpr PlainBytes kBytes;

enum class Role : uint8_t { kLetter, kSpace, kNothing };
Role role_of(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) ? Role::kSpace : c < 0x20 || c == 0x7F ? Role::kNothing : Role::kLetter;
  if (c == 0x85 || c == 0xA0 || c == 0x1680 || c == 0x2028 || c == 0x2029 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000) return Role::kSpace;
  if (c < 0xA0 || c == 0xAD || c == 0x200B || (c >= 0x2060 && c <= 0x2064) || (c >= 0x206A && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC)) return Role::kNothing;
  return Role::kLetter;
}

}  // namespace

void InlineText::put(std::string_view s) {
  const char* p = s.data();
  const char* const end = p + s.size();
  while (p < end) {
    const char* q = p;
    while (q < end && (kBytes.plain[uint8_t(*q)] || (*q == ' ' && q > p && q + 1 < end && kBytes.plain[uint8_t(q[1])]))) ++q;
    if (q > p) {
      before_letters();
      text.append(p, size_t(q - p));
      p = q;
      continue;
    }
    const char* const start = p;
    auto u = reinterpret_cast<const uint8_t*>(p);
    const Role role = role_of(decode_utf8(u, reinterpret_cast<const uint8_t*>(end)));
    p = reinterpret_cast<const char*>(u);
    if (role == Role::kSpace) {
      space_ = true;
    } else if (role == Role::kLetter) {
      before_letters();
      text.append(start, size_t(p - start));
    }
  }
}

void InlineText::put_preformatted(std::string_view s) {
  const char* p = s.data();
  const char* const end = p + s.size();
  space_ = false;
  while (p < end) {
    const char* q = p;
    while (q < end && (kBytes.plain[uint8_t(*q)] || *q == ' ' || *q == '\n' || *q == '\t')) ++q;
    text.append(p, size_t(q - p));
    if (q == end) break;
    p = q;
    auto u = reinterpret_cast<const uint8_t*>(p);
    const char32_t code = decode_utf8(u, reinterpret_cast<const uint8_t*>(end));
    const Role role = role_of(code);
    if (code == 0xA0 || code == 0x202F) text.push_back(' ');
    else if (code == 0x85 || code == 0x2028 || code == 0x2029) text.push_back('\n');
    else if (role == Role::kLetter || (role == Role::kSpace && code >= 0x80)) text.append(p, size_t(reinterpret_cast<const char*>(u) - p));
    p = reinterpret_cast<const char*>(u);
  }
}

void InlineText::put_whole(std::string_view s, MarkKind kind, uint32_t data) {
  if (s.empty()) return;
  before_letters();
  const uint32_t begin = uint32_t(text.size());
  text.append(s);
  marks.push_back({begin, uint32_t(text.size()), kind, data});
}

void InlineText::put_mark_only(MarkKind kind, uint32_t data) {
  before_letters();
  marks.push_back({uint32_t(text.size()), uint32_t(text.size()), kind, data});
}

void InlineText::line_break() {
  space_ = false;
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (!text.empty()) text.push_back('\n');
}

void InlineText::open(MarkKind kind, uint32_t data) {
  Opened& o = opens_[size_t(kind)];
  if (o.depth++ > 0) return;  // the outermost counts
  o.begin = kPending;
  o.data = data;
  pending_ = true;
}

void InlineText::start_marks() {
  for (Opened& o : opens_) if (o.depth > 0 && o.begin == kPending) o.begin = uint32_t(text.size());
  pending_ = false;
}

void InlineText::end(MarkKind kind) {
  Opened& o = opens_[size_t(kind)];
  uint32_t stop = uint32_t(text.size());
  while (stop > 0 && text[stop - 1] == '\n') --stop;
  if (o.begin != kPending && o.begin < stop) marks.push_back({o.begin, stop, kind, o.data});
  o.begin = kPending;
}

void InlineText::close(MarkKind kind) {
  Opened& o = opens_[size_t(kind)];
  if (o.depth == 0 || --o.depth > 0) return;
  end(kind);
}

void InlineText::finish() {
  for (size_t kind = 0; kind < kOpenMarks; ++kind) if (opens_[kind].depth > 0) end(MarkKind(kind));
  pending_ = true;
}

void InlineText::clear() {
  text.clear();
  marks.clear();
  space_ = false;
}

}  // namespace refine::html
