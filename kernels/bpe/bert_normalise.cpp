// See bert_normalise.h.
#include "bert_normalise.h"

#include <algorithm>

#include "old_unicode.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine::bpe {

namespace {

// One byte an ASCII character: 0 drops it, else what it becomes.
struct AsciiMap {
  uint8_t to[128];
  explicit AsciiMap(uint8_t flags) {
    const ClassTable& table = bert_class_table();
    for (uint8_t c = 0; c < 128; ++c) {
      const uint8_t kind = table[c];
      to[c] = c;
      if ((flags & kCleanText) && (kind & kBertDropped)) to[c] = 0;
      else if ((flags & kCleanText) && (kind & kBertSpace)) to[c] = ' ';
      else if ((flags & kLowerCase) && (kind & kBertLower)) to[c] = uint8_t(c + 32);
    }
  }
};

void append_lower_of(char32_t c, uint8_t kind, std::string& out) {
  if (!(kind & kBertLower)) return append_utf8(out, c);
  const LateLower* const late = std::lower_bound(kLateLower, kLateLower + kLateLowerCount, c, [](const LateLower& entry, char32_t code) { return entry.from < code; });
  if (late < kLateLower + kLateLowerCount && late->from == c) return append_utf8(out, late->to);
  char32_t lower[3];
  const int count = to_lower(c, lower);
  for (int i = 0; i < count; ++i) append_utf8(out, lower[i]);
}

// A run of characters that decompose or move: decomposed, without its marks, in lower case if asked.
void append_run(std::string& run, std::string& buffer, uint8_t flags, std::string& out) {
  if (run.empty()) return;
  buffer.clear();
  append_old_nfd(run, buffer);
  run.clear();
  const ClassTable& table = bert_class_table();
  const auto end = reinterpret_cast<const uint8_t*>(buffer.data()) + buffer.size();
  for (auto p = reinterpret_cast<const uint8_t*>(buffer.data()); p < end;) {
    const char32_t c = next_code_point(p);
    const uint8_t kind = table[c];
    if (kind & kBertMark) continue;
    append_lower_of(c, flags & kLowerCase ? kind : 0, out);
  }
}

}  // namespace

const ClassTable& bert_class_table() {
  static const ClassTable table(kBertRanges, kBertRangeCount);
  return table;
}

void append_old_nfd(std::string_view text, std::string& out) { around_inert(text, out, append_nfd); }

void append_rust_lower(std::string_view text, std::string& out) {
  const ClassTable& table = bert_class_table();
  const auto end = reinterpret_cast<const uint8_t*>(text.data()) + text.size();
  for (auto p = reinterpret_cast<const uint8_t*>(text.data()); p < end;) {
    const uint8_t* const here = p;
    const char32_t c = next_code_point(p);
    const uint8_t kind = table[c];
    if (kind & kBertLower) append_lower_of(c, kind, out);
    else out.append(reinterpret_cast<const char*>(here), size_t(p - here));
  }
}

void append_bert(std::string_view text, uint8_t flags, std::string& out) {
  static const AsciiMap maps[16] = {AsciiMap(0), AsciiMap(1), AsciiMap(2),  AsciiMap(3),  AsciiMap(4),  AsciiMap(5),  AsciiMap(6),  AsciiMap(7),
                                    AsciiMap(8), AsciiMap(9), AsciiMap(10), AsciiMap(11), AsciiMap(12), AsciiMap(13), AsciiMap(14), AsciiMap(15)};
  const uint8_t* const ascii = maps[flags & 15].to;
  const ClassTable& table = bert_class_table();
  const bool clean = flags & kCleanText, han = flags & kHanSpaces, strip = flags & kStripAccents;
  std::string run, buffer;  // characters that decompose or move, kept together until one that does neither
  const auto end = reinterpret_cast<const uint8_t*>(text.data()) + text.size();
  for (auto p = reinterpret_cast<const uint8_t*>(text.data()); p < end;) {
    if (*p < 0x80) {
      const uint8_t* const start = p;
      while (p < end && *p < 0x80) ++p;
      // A run goes on behind characters that are dropped, so it may end only before one that stays.
      size_t first = 0;
      const auto count = size_t(p - start);
      while (clean && first < count && (table[start[first]] & kBertDropped)) ++first;
      if (first < count) append_run(run, buffer, flags, out);
      const size_t from = out.size();
      out.resize(from + count - first);
      auto to = reinterpret_cast<uint8_t*>(out.data()) + from;
      for (size_t i = first; i < count; ++i) {
        *to = ascii[start[i]];
        to += !clean || !(table.ascii[start[i]] & kBertDropped);
      }
      out.resize(size_t(to - reinterpret_cast<const uint8_t*>(out.data())));
      continue;
    }
    const uint8_t* const here = p;
    const char32_t c = next_code_point(p);
    const uint8_t kind = table[c];
    if (kind & kBertDropped && clean) continue;
    const bool spaced = han && (kind & kBertHan);
    const bool joins = strip && (kind & (kBertDecomposes | kBertMark));
    if (!joins || spaced) append_run(run, buffer, flags, out);
    if (spaced) out.push_back(' ');
    if (kind & kBertSpace && clean) out.push_back(' ');
    else if (joins) run.append(reinterpret_cast<const char*>(here), size_t(p - here));
    else if (flags & kLowerCase && kind & kBertLower) append_lower_of(c, kind, out);
    else out.append(reinterpret_cast<const char*>(here), size_t(p - here));
    if (spaced) {
      append_run(run, buffer, flags, out);
      out.push_back(' ');
    }
  }
  append_run(run, buffer, flags, out);
}

}  // namespace refine::bpe
