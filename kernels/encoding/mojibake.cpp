// Text that was UTF-8, was read as windows-1252 and written as UTF-8 again ("Ã¤" for "ä", "â€™" for "’"), taken back.
// Invariant: a text changes only as a whole, and only where nearly all its characters outside ASCII are such sequences:
// a page that is right in most places keeps the few that are wrong. Thresholds are counted on real pages, see kLeast.
#include <cstring>

#include "refine/encoding.h"
#include "refine/utf8.h"

namespace refine {
namespace {

// Of 3,724 real pages 61 hold a sequence that could be taken back. On 56 of them less than half of what is outside ASCII is
// such (a pasted comment, "CAFÉ®", a soft hyphen after "ß"); one is double-encoded throughout, with 47 sequences.
constexpr size_t kLeast = 4;      // sequences
constexpr size_t kMostWrong = 20;  // one character that is none for so many sequences

// The byte that windows-1252 has for a character, its five unassigned ones and C1 controls included; -1 for none.
int byte_of(char32_t c) {
  if (c >= 0x80 && c <= 0xFF) return int(c);
  switch (c) {
    case 0x20AC: return 0x80; case 0x201A: return 0x82; case 0x0192: return 0x83; case 0x201E: return 0x84; case 0x2026: return 0x85;
    case 0x2020: return 0x86; case 0x2021: return 0x87; case 0x02C6: return 0x88; case 0x2030: return 0x89; case 0x0160: return 0x8A;
    case 0x2039: return 0x8B; case 0x0152: return 0x8C; case 0x017D: return 0x8E; case 0x2018: return 0x91; case 0x2019: return 0x92;
    case 0x201C: return 0x93; case 0x201D: return 0x94; case 0x2022: return 0x95; case 0x2013: return 0x96; case 0x2014: return 0x97;
    case 0x02DC: return 0x98; case 0x2122: return 0x99; case 0x0161: return 0x9A; case 0x203A: return 0x9B; case 0x0153: return 0x9C;
    case 0x017E: return 0x9E; case 0x0178: return 0x9F;
    default: return -1;
  }
}

// Leads of two-byte sequences of scripts that pages are written in. Others arise by chance: "É®" would be U+026E.
bool is_likely_lead(uint8_t lead) { return lead >= 0xE0 || (lead >= 0xC2 && lead <= 0xC5) || (lead >= 0xCE && lead <= 0xD1) || (lead >= 0xD7 && lead <= 0xDB); }

struct Evidence {
  size_t sequences = 0, wrong = 0, longer = 0;
  char32_t first = 0;
  bool several = false;
};

// Appends a run of bytes as the UTF-8 it holds; what is none of it is written as the characters it was.
void take_back(std::string_view run, std::string& out, Evidence& found) {
  auto p = reinterpret_cast<const uint8_t*>(run.data());
  const auto end = p + run.size();
  while (p < end) {
    const auto start = p;
    const char32_t c = decode_utf8(p, end);
    if (p - start >= 2 && c != kReplacement && is_likely_lead(*start)) {
      ++found.sequences;
      found.longer += p - start >= 3;
      if (found.sequences == 1) found.first = c;
      else found.several |= c != found.first;
      out.append(reinterpret_cast<const char*>(start), size_t(p - start));
    } else {
      p = start + 1;
      ++found.wrong;
      const char raw = char(*start);
      decode_to_utf8(Encoding::kWindows1252, {&raw, 1}, out);
    }
  }
}

// Whether anything in valid UTF-8 could be the lead of such a sequence with its first continuation.
bool has_candidate(std::string_view text) {
  for (size_t at = 0; (at = text.find('\xC3', at)) != std::string_view::npos; at += 2) {
    if (at + 2 >= text.size()) return false;
    const uint8_t next = uint8_t(text[at + 2]);
    if (uint8_t(text[at + 1]) <= 0xB4 && (next == 0xC2 || next == 0xC5 || next == 0xC6 || next == 0xCB || next == 0xE2)) return true;
  }
  return false;
}

bool undo_once(std::string& text, size_t* sequences) {
  if (!has_candidate(text)) return false;
  std::string out, run;
  out.reserve(text.size());
  Evidence found;
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto end = p + text.size();
  const auto flush = [&] { if (!run.empty()) { take_back(run, out, found); run.clear(); } };
  while (p < end) {
    if (*p < 0x80) {
      flush();
      const auto start = p;
      while (p < end && *p < 0x80) ++p;
      out.append(reinterpret_cast<const char*>(start), size_t(p - start));
      continue;
    }
    const auto start = p;
    const char32_t c = decode_utf8(p, end);
    if (const int byte = byte_of(c); byte >= 0) { run.push_back(char(byte)); continue; }
    flush();
    ++found.wrong;
    out.append(reinterpret_cast<const char*>(start), size_t(p - start));
  }
  flush();
  if (found.sequences < kLeast || found.wrong * kMostWrong > found.sequences) return false;
  if (!found.several && found.longer == 0) return false;  // one odd pair over and over may be meant
  *sequences += found.sequences;
  text = std::move(out);
  return true;
}

}  // namespace

size_t undo_double_utf8(std::string& text) {
  size_t sequences = 0;
  for (int times = 0; times < 3 && undo_once(text, &sequences); ++times) {}
  return sequences;
}

DecodedPage decode_page(std::string_view bytes, std::string_view content_type, std::string& out) {
  DecodedPage page;
  page.charset = decide_charset(bytes, content_type);
  out.clear();
  page.errors = decode_to_utf8(page.charset.encoding, bytes, out);
  if (page.charset.encoding == Encoding::kUtf8) page.undone = undo_double_utf8(out);
  return page;
}

}  // namespace refine
