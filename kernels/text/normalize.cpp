// The normalisation `default`; see normalize.h. One pass: ASCII by a table without branches, other characters lower-cased,
// decomposed and sorted out one by one. Only a capital sigma, whose lower case depends on what stands around it, asks for a pass
// of its own first.
#include "refine/normalize.h"

#include <vector>

#include "folded_writer.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine {

namespace {

// What each ASCII byte becomes: its lower case, or a space for white space and category P; $+<=>^`|~ are symbols and stay. Controls
// stay too; NUL, which the table cannot say, goes the long way.
constexpr auto kAscii = [] {
  FoldedWriter::Table table{};
  for (int c = 1; c < 128; ++c) table[size_t(c)] = char(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  for (int c = 9; c <= 13; ++c) table[size_t(c)] = ' ';
  for (const char* c = "!\"#%&'()*,-./:;?@[\\]_{}"; *c; ++c) table[size_t(uint8_t(*c))] = ' ';
  return table;
}();

void put(FoldedWriter& writer, char32_t c) {
  const auto& record = record_of(c);
  if (Category(record.category) == Category::kMn) return;
  if ((record.flags & kWhiteSpace) || ((kPunctuationBits >> record.category) & 1)) writer.space();
  else writer.put(c);
}

void fold(std::string_view utf8, std::string& out) {
  FoldedWriter writer(out, utf8.size());
  std::vector<char32_t> marks;  // characters with a combining class that are no Mn (a few Mc and Me) can still move
  const auto flush = [&] {
    if (marks.empty()) return;
    order_marks(marks.data(), marks.size());
    for (char32_t c : marks) put(writer, c);
    marks.clear();
  };
  auto p = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto end = p + utf8.size();
  while (p < end) {
    if (*p < 0x80 && *p != 0) {
      flush();
      p = writer.run(p, end, kAscii);
      continue;
    }
    const char32_t c = decode_utf8(p, end);
    char32_t lower[3];
    const int count = record_of(c).lower_delta != 0 ? to_lower(c, lower) : (lower[0] = c, 1);
    for (int k = 0; k < count; ++k) {
      char32_t parts[4];
      const int n = decompose(lower[k], parts);
      for (int i = 0; i < n; ++i) {
        const auto& record = record_of(parts[i]);
        if (record.combining_class == 0) {
          flush();
          put(writer, parts[i]);
        } else if (Category(record.category) != Category::kMn) {
          marks.push_back(parts[i]);
        }
      }
    }
  }
  flush();
  writer.finish();
}

}  // namespace

void normalize_default(std::string_view utf8, std::string& out) {
  if (utf8.find("\xCE\xA3") == std::string_view::npos) return fold(utf8, out);
  std::string lower;
  lower.reserve(utf8.size() + 16);
  append_lower(utf8, lower);
  fold(lower, out);
}

}  // namespace refine
