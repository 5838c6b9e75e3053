// Keys of lines; see line_keys.h.
#include "refine/line_keys.h"

#include <algorithm>
#include <numeric>

#include "../text/python_text.h"
#include "refine/dedupe_forms.h"
#include "refine/segment.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine {
namespace {

bool has_words(std::string_view line, uint32_t least) {
  WordBreaks breaks(line);
  WordPiece pieces[32];
  uint32_t words = 0;
  while (const size_t n = breaks.fill(pieces, 32)) {
    for (size_t i = 0; i < n; ++i) words += pieces[i].is_word;
    if (words >= least) return true;
  }
  return false;
}

// Marks and punctuation go, digits become 0. Lower case first: İ becomes i and a mark.
void append_ccnet_paper(std::string_view line, std::string& scratch, std::string& out) {
  scratch.clear();
  append_lower(python_strip(line), scratch);
  auto p = bytes_of(scratch);
  const auto end = p + scratch.size();
  std::vector<char32_t> marks;  // not Mn and still movable: a few Mc and Me, ordered as NFD orders them
  const auto flush = [&] {
    if (marks.empty()) return;
    order_marks(marks.data(), marks.size());
    for (const char32_t mark : marks) append_utf8(out, mark);
    marks.clear();
  };
  while (p < end) {
    if (*p < 0x80) {
      flush();
      const uint8_t c = *p++;
      if (is_ascii_digit(c)) out += '0';
      else if (!is_punctuation(c)) out += char(c);
      continue;
    }
    char32_t parts[4];
    const int n = decompose(decode_utf8(p, end), parts);
    for (int i = 0; i < n; ++i) {
      const Category kind = category(parts[i]);
      if (kind == Category::kMn || category_in(parts[i], kPunctuationBits)) continue;
      if (combining_class(parts[i]) != 0) {
        marks.push_back(parts[i]);
        continue;
      }
      flush();
      if (kind == Category::kNd) out += '0';
      else append_utf8(out, parts[i]);
    }
  }
  flush();
}

}  // namespace

void append_line_form(LineForm form, std::string_view line, std::string& scratch, std::string& out) {
  if (form == LineForm::kCcnet) return append_ccnet_paper(line, scratch, out);
  append_dedupe_form(form == LineForm::kC4 ? DedupeForm::kC4 : DedupeForm::kCcnet, line, out);
}

void LineKeyer::keys(std::string_view text, std::vector<LineKey>& out) {
  out.clear();
  for_each_line(text, [&](std::string_view line) {
    if (line.empty() || !has_words(line, min_words_)) return;
    form_text_.clear();
    append_line_form(form_, line, scratch_, form_text_);
    const auto start = uint32_t(line.data() - text.data());
    out.push_back({murmur3_128(form_text_), start, start + uint32_t(line.size())});
  });
}

void repeated_lines(const std::vector<LineKey>& keys, std::vector<uint32_t>& out) {
  out.clear();
  if (keys.size() < 2) return;
  std::vector<uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const auto &x = keys[a].key, &y = keys[b].key;
    return x.high != y.high ? x.high < y.high : x.low != y.low ? x.low < y.low : a < b;
  });
  for (size_t i = 1; i < order.size(); ++i)
    if (keys[order[i]].key == keys[order[i - 1]].key) out.push_back(order[i]);
  std::sort(out.begin(), out.end());
}

}  // namespace refine
