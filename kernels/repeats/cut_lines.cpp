// Whole lines out of a text; see cut_lines.h.
#include "refine/cut_lines.h"

#include "refine/segment.h"
#include "refine/utf8.h"

namespace refine {

CutText cut_lines(std::string_view text, const uint32_t* start, const uint32_t* end, size_t count, bool count_sentences, std::string& out) {
  CutText cut;
  size_t before = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t from = start[i], to = end[i];
    const bool whole = from <= to && to <= text.size() && (i == 0 || from > before) && (from == 0 || text[from - 1] == '\n') && (to == text.size() || text[to] == '\n');
    if (!whole) {
      cut.ok = false;
      return cut;
    }
    before = to;
  }
  const size_t begin = out.size();
  size_t at = 0;  // text up to here is done; a line that stays brings the newline after it
  for (size_t i = 0; i < count; ++i) {
    out.append(text, at, start[i] - at);
    cut.cut_characters += uint32_t(count_code_points(text.substr(start[i], end[i] - start[i])));
    at = end[i] < text.size() ? end[i] + 1 : text.size();
  }
  cut.lines = uint32_t(count);
  out.append(text, at, std::string_view::npos);
  cut.characters = uint32_t(count_code_points(text));
  if (count > 0) {
    size_t last = out.size(), first = begin;
    while (last > begin && out[last - 1] == '\n') --last;
    out.resize(last);
    while (first < last && out[first] == '\n') ++first;
    out.erase(begin, first - begin);
  }
  const std::string_view left = std::string_view(out).substr(begin);
  cut.left = uint32_t(count_code_points(left));
  if (count_sentences) split_sentences(left, [&](size_t, size_t) { ++cut.sentences; });
  return cut;
}

}  // namespace refine
