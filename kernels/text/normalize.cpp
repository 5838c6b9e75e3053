// The normalisation `default`; see normalize.h. One pass: lower case into a buffer, then decompose, drop, fold.
#include "refine/normalize.h"

#include <vector>

#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine {

namespace {

enum AsciiClass : uint8_t { kCopy, kSpace };
struct AsciiTable {
  uint8_t kind[128];
  constexpr AsciiTable() : kind() {
    for (int c = 0; c < 128; ++c) kind[c] = kCopy;
    for (int c = 9; c <= 13; ++c) kind[c] = kSpace;
    kind[uint8_t(' ')] = kSpace;
    for (const char* c = "!\"#%&'()*,-./:;?@[\\]_{}"; *c; ++c) kind[uint8_t(*c)] = kSpace;  // ASCII of category P; $+<=>^`|~ are symbols
  }
};
constexpr AsciiTable kAscii;

struct Folder {  // writes code points with white space folded
  std::string& out;
  const size_t start;
  bool gap = false;
  explicit Folder(std::string& o) : out(o), start(o.size()) {}
  void space() { gap = true; }
  void before_text() {
    if (gap && out.size() > start) out.push_back(' ');
    gap = false;
  }
  void put(char32_t c) {
    const auto& record = record_of(c);
    if (Category(record.category) == Category::kMn) return;
    if ((record.flags & kWhiteSpace) || ((kPunctuationBits >> record.category) & 1)) return space();
    before_text();
    append_utf8(out, c);
  }
};

}  // namespace

void normalize_default(std::string_view utf8, std::string& out) {
  std::string lower;
  lower.reserve(utf8.size() + 16);
  append_lower(utf8, lower);
  out.reserve(out.size() + lower.size());
  Folder folder(out);
  std::vector<char32_t> marks;  // characters with a combining class that are no Mn (a few Mc and Me) can still move
  const auto flush = [&] {
    if (marks.empty()) return;
    order_marks(marks.data(), marks.size());
    for (char32_t c : marks) folder.put(c);
    marks.clear();
  };
  auto p = reinterpret_cast<const uint8_t*>(lower.data());
  const auto end = p + lower.size();
  while (p < end) {
    if (*p < 0x80) {
      flush();
      const uint8_t c = *p++;
      if (kAscii.kind[c] == kSpace) {
        folder.space();
      } else {
        folder.before_text();
        out.push_back(char(c));
      }
      continue;
    }
    char32_t parts[4];
    const int n = decompose(decode_utf8(p, end), parts);
    for (int i = 0; i < n; ++i) {
      const auto& record = record_of(parts[i]);
      if (record.combining_class == 0) {
        flush();
        folder.put(parts[i]);
      } else if (Category(record.category) != Category::kMn) {
        marks.push_back(parts[i]);
      }
    }
  }
  flush();
}

}  // namespace refine
