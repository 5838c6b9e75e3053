// The normal forms of dedupe_forms.h. Each is its source's passes, folded together where that changes nothing.
#include "refine/dedupe_forms.h"

#include <algorithm>
#include <array>
#include <vector>

#include "folded_writer.h"
#include "python_text.h"
#include "refine/normalize.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine {

namespace {

// ---- datatrove -------------------------------------------------------------------------------------------------------
// utils/text.py PUNCTUATION without its ASCII part and control characters, ascending. U+FF11, the full-width 1, is in it.
constexpr char32_t kDatatrovePunctuation[] = {
    0xAB, 0xB4, 0xBB, 0x2013, 0x2014, 0x2019, 0x201C, 0x201D, 0x201E, 0x2026, 0x2236, 0x2501, 0x25BA, 0x3001, 0x3002, 0x3008, 0x3009, 0x300A, 0x300B,
    0x300C, 0x300D, 0x3010, 0x3011, 0xFF01, 0xFF05, 0xFF08, 0xFF09, 0xFF0C, 0xFF0E, 0xFF11, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF5E};
// Lower case, a space for punctuation, controls and white space, 0 for digits and what is not ASCII.
constexpr auto kDatatroveAscii = [] {
  FoldedWriter::Table table{};
  for (int c = 0; c < 128; ++c) table[size_t(c)] = char(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  for (int c = 0; c <= 32; ++c) table[size_t(c)] = ' ';  // punctuation but for tab and newline, which are white space
  table[127] = ' ';
  for (const char c : std::string_view("!:%&(\\#+^]~\"';{|[=-`*?$<>),/._}@")) table[uint8_t(c)] = ' ';
  for (int c = '0'; c <= '9'; ++c) table[size_t(c)] = 0;
  return table;
}();

bool is_datatrove_gap(char32_t c) {  // punctuation or white space, c >= 0x80
  return c < 0xA0 || is_white_space(c) || std::binary_search(std::begin(kDatatrovePunctuation), std::end(kDatatrovePunctuation), c);
}
bool is_decimal(char32_t c) { return c < 0x80 ? is_ascii_digit(uint8_t(c)) : category(c) == Category::kNd; }
bool is_separator(char32_t c) { return c == '.' || c == ',' || c == 0x60C || c == 0x66B || (c >= 0x2396 && c <= 0x2398); }

char32_t peek(const uint8_t* p, const uint8_t* end) {
  if (p == end) return 0;
  return *p < 0x80 ? *p : decode_utf8(p, end);
}
const uint8_t* skip_decimals(const uint8_t* p, const uint8_t* end) {
  while (p < end) {
    auto next = p;
    const char32_t c = *next < 0x80 ? *next++ : decode_utf8(next, end);
    if (!is_decimal(c)) break;
    p = next;
  }
  return p;
}
// Past what `\p{Nd}+([.,...]\p{Nd}+)?` matches, from behind its first digit.
const uint8_t* skip_number(const uint8_t* p, const uint8_t* end) {
  p = skip_decimals(p, end);
  if (p == end || !is_separator(peek(p, end))) return p;
  auto behind = p;
  if (*behind < 0x80) ++behind;
  else decode_utf8(behind, end);
  const auto stop = skip_decimals(behind, end);
  return stop > behind ? stop : p;
}

// NFD without Mn of text.substr(from), in place.
void strip_marks(std::string& text, size_t from) {
  std::string decomposed;
  append_nfd(std::string_view(text).substr(from), decomposed);
  text.resize(from);
  auto p = bytes_of(decomposed);
  const auto end = p + decomposed.size();
  while (p < end) {
    if (*p < 0x80) {
      text += char(*p++);
      continue;
    }
    const char32_t c = decode_utf8(p, end);
    if (category(c) != Category::kMn) append_utf8(text, c);
  }
}

void append_datatrove(std::string_view utf8, std::string& out) {
  std::string lower;
  if (utf8.find("\xCE\xA3") != std::string_view::npos) {  // a capital sigma's lower case depends on what stands around it
    append_lower(utf8, lower);
    utf8 = lower;
  }
  const size_t start = out.size();
  FoldedWriter writer(out, utf8.size());
  auto p = bytes_of(utf8);
  const auto end = p + utf8.size();
  bool ascii = true;
  while ((p = writer.run(p, end, kDatatroveAscii)) < end) {
    const char32_t c = *p < 0x80 ? *p++ : decode_utf8(p, end);
    if (is_decimal(c)) {
      p = skip_number(p, end);
      writer.put('0');
    } else if (is_datatrove_gap(c)) {
      writer.space();
    } else {
      ascii = false;
      char32_t small[3];
      const int count = record_of(c).lower_delta != 0 ? to_lower(c, small) : (small[0] = c, 1);
      for (int i = 0; i < count; ++i) writer.put(small[i]);
    }
  }
  writer.finish();
  if (ascii) return;
  strip_marks(out, start);  // may leave spaces side by side, as theirs does
  const auto whole = python_strip(std::string_view(out).substr(start));
  const size_t lead = size_t(whole.data() - out.data()) - start, size = whole.size();
  out.erase(start, lead);
  out.resize(start + size);
}

// ---- RedPajama -------------------------------------------------------------------------------------------------------
void append_redpajama(std::string_view utf8, std::string& out) {
  std::string kept, folded;
  kept.reserve(utf8.size());
  for (const char c : utf8)
    if (!(uint8_t(c) > 32 && uint8_t(c) < 127) || is_ascii_letter(uint8_t(c)) || is_ascii_digit(uint8_t(c))) kept += c;
  std::string lower;
  append_lower(kept, lower);
  auto p = bytes_of(lower);
  const auto end = p + lower.size();
  bool gap = false;
  while (p < end) {
    if (const size_t n = python_space_at(p, end)) {
      gap = true;
      p += n;
      continue;
    }
    if (gap && !folded.empty()) folded += ' ';
    gap = false;
    const auto first = p++;
    while (p < end && (*p & 0xC0) == 0x80) ++p;
    folded.append(reinterpret_cast<const char*>(first), size_t(p - first));
  }
  append_nfd(folded, out);
}

// ---- CCNet and C4: line by line --------------------------------------------------------------------------------------
// text_normalizer.py UNICODE_PUNCT (its full-width 1 included); control characters are asked for apart.
constexpr char32_t kCcnetPunctuation[] = {0xAB,   0xB4,   0xBB,   0x2013, 0x2014, 0x2019, 0x201C, 0x201D, 0x201E, 0x2026, 0x2236, 0x2501, 0x25BA, 0x3001, 0x3002, 0x3008, 0x3009,
                                          0x300A, 0x300B, 0x300C, 0x300D, 0x3010, 0x3011, 0xFF01, 0xFF05, 0xFF08, 0xFF09, 0xFF0C, 0xFF0E, 0xFF11, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF5E};

void append_ccnet_line(std::string_view line, std::string& out) {
  std::string lower;
  append_lower(python_strip(line), lower);
  auto p = bytes_of(lower);
  const auto end = p + lower.size();
  while (p < end) {
    if (*p < 0x80) {
      const uint8_t c = *p++;
      if (is_ascii_digit(c)) out += '0';
      else if (c >= 32 && c != 127) out += char(c);
      continue;
    }
    const char32_t c = decode_utf8(p, end);
    if (is_decimal(c)) out += '0';
    else if (c >= 0xA0 && !std::binary_search(std::begin(kCcnetPunctuation), std::end(kCcnetPunctuation), c)) append_utf8(out, c);
  }
}

template <class Append>
void each_line(std::string_view text, std::string& out, Append append) {
  bool first = true;
  for_each_line(text, [&](std::string_view line) {
    if (!first) out += '\n';
    first = false;
    append(line, out);
  });
}

}  // namespace

bool dedupe_form_of(std::string_view name, DedupeForm& form) {
  constexpr std::string_view kNames[] = {"none", "default", "datatrove", "redpajama", "ccnet", "c4"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] != name) continue;
    form = DedupeForm(i);
    return true;
  }
  return false;
}

void append_dedupe_form(DedupeForm form, std::string_view text, std::string& out) {
  switch (form) {
    case DedupeForm::kNone: out.append(text); return;
    case DedupeForm::kDefault: return normalize_default(text, out);
    case DedupeForm::kDatatrove: return append_datatrove(text, out);
    case DedupeForm::kRedpajama: return append_redpajama(text, out);
    case DedupeForm::kCcnet: return each_line(text, out, append_ccnet_line);
    case DedupeForm::kC4: return each_line(text, out, [](std::string_view line, std::string& to) { append_lower(python_strip(line), to); });
  }
}

}  // namespace refine
