// Decoders of the Encoding Standard (sections 8 to 14): bytes of any encoding to UTF-8, U+FFFD for each error.
// Invariant: an ASCII byte that ends a broken multi-byte sequence is read again, so markup survives damage.
#include <algorithm>
#include <cstring>

#include "refine/encoding.h"
#include "refine/utf8.h"

namespace refine {
namespace {
#include "big5.inc"
#include "euckr.inc"
#include "gb18030.inc"
#include "jis.inc"
#include "single_byte.inc"

template <size_t N>
char32_t index_at(const uint16_t (&table)[N], size_t pointer) { return pointer < N ? table[pointer] : 0; }

struct Sink {
  std::string& out;
  size_t errors = 0;
  void put(char32_t c) { append_utf8(out, c); }
  void error() { out.append("\xEF\xBF\xBD", 3); ++errors; }
  // Copies the run of ASCII at p at once: most bytes of any page are markup.
  const uint8_t* ascii(const uint8_t* p, const uint8_t* end) {
    const uint8_t* q = p;
    while (end - q >= 8) {
      uint64_t word;
      std::memcpy(&word, q, 8);
      if (word & 0x8080808080808080ull) break;
      q += 8;
    }
    while (q < end && *q < 0x80) ++q;
    out.append(reinterpret_cast<const char*>(p), size_t(q - p));
    return q;
  }
};

void decode_utf8_all(const uint8_t* p, const uint8_t* end, Sink& sink) {
  while (p < end) {
    if (*p < 0x80) { p = sink.ascii(p, end); continue; }
    const uint8_t* start = p;
    const char32_t c = decode_utf8(p, end);
    if (c == kReplacement && !(p - start == 3 && start[0] == 0xEF && start[1] == 0xBF && start[2] == 0xBD)) sink.error();
    else sink.out.append(reinterpret_cast<const char*>(start), size_t(p - start));
  }
}

void decode_single(const uint16_t* table, const uint8_t* p, const uint8_t* end, Sink& sink) {
  while (p < end) {
    if (*p < 0x80) { p = sink.ascii(p, end); continue; }
    const char32_t c = table[*p++ - 0x80];
    if (c) sink.put(c); else sink.error();
  }
}

// A broken pair: U+FFFD; the trail is read again where it is ASCII.
void broken(const uint8_t*& p, Sink& sink) {
  sink.error();
  if (*p >= 0x80) ++p;
}

char32_t gb_range(uint32_t pointer) {
  if ((pointer > 39419 && pointer < 189000) || pointer > 1237575) return 0;
  if (pointer >= 189000) return 0x10000 + pointer - 189000;
  if (pointer == 7457) return 0xE7C7;
  size_t low = 0, high = sizeof(kGbRanges) / sizeof(kGbRanges[0]) / 2;  // the last range that starts at or before the pointer
  while (high - low > 1) {
    const size_t mid = (low + high) / 2;
    if (kGbRanges[2 * mid] <= pointer) low = mid; else high = mid;
  }
  return char32_t(kGbRanges[2 * low + 1]) + pointer - kGbRanges[2 * low];
}

void decode_gb18030(const uint8_t* p, const uint8_t* end, Sink& sink) {
  while (p < end) {
    if (*p < 0x80) { p = sink.ascii(p, end); continue; }
    const uint8_t first = *p++;
    if (first == 0x80) { sink.put(0x20AC); continue; }
    if (first == 0xFF) { sink.error(); continue; }
    if (p == end) { sink.error(); break; }
    const uint8_t second = *p;
    if (second >= 0x30 && second <= 0x39) {
      // Four bytes; where the third or fourth does not fit, all but the first are read again.
      if (end - p < 3) {
        if (end - p == 1 || (p[1] >= 0x81 && p[1] <= 0xFE)) { sink.error(); break; }  // the end of the stream is one error
        sink.error();
        continue;
      }
      if (p[1] < 0x81 || p[1] == 0xFF || p[2] < 0x30 || p[2] > 0x39) { sink.error(); continue; }
      const char32_t c = gb_range(((uint32_t(first - 0x81) * 10 + second - 0x30) * 126 + p[1] - 0x81) * 10 + p[2] - 0x30);
      if (c) sink.put(c); else sink.error();
      p += 3;
      continue;
    }
    const bool fits = (second >= 0x40 && second <= 0x7E) || (second >= 0x80 && second <= 0xFE);
    const char32_t c = fits ? index_at(kGb18030, size_t(first - 0x81) * 190 + second - (second < 0x7F ? 0x40 : 0x41)) : 0;
    if (c) { sink.put(c); ++p; } else broken(p, sink);
  }
}

void decode_big5(const uint8_t* p, const uint8_t* end, Sink& sink) {
  while (p < end) {
    if (*p < 0x80) { p = sink.ascii(p, end); continue; }
    const uint8_t lead = *p++;
    if (lead == 0x80 || lead == 0xFF) { sink.error(); continue; }
    if (p == end) { sink.error(); break; }
    const bool fits = (*p >= 0x40 && *p <= 0x7E) || (*p >= 0xA1 && *p <= 0xFE);
    const size_t pointer = size_t(lead - 0x81) * 157 + *p - (*p < 0x7F ? 0x40 : 0x62);
    if (fits && (pointer == 1133 || pointer == 1135 || pointer == 1164 || pointer == 1166)) {
      sink.put(pointer < 1150 ? 0xCA : 0xEA);
      sink.put(pointer == 1133 || pointer == 1164 ? 0x304 : 0x30C);
      ++p;
      continue;
    }
    char32_t c = fits ? index_at(kBig5, pointer) : 0;
    if (c && std::binary_search(std::begin(kBig5Plane2), std::end(kBig5Plane2), pointer)) c += 0x20000;
    if (c) { sink.put(c); ++p; } else broken(p, sink);
  }
}

void decode_euc_jp(const uint8_t* p, const uint8_t* end, Sink& sink) {
  while (p < end) {
    if (*p < 0x80) { p = sink.ascii(p, end); continue; }
    uint8_t lead = *p++;
    if (lead != 0x8E && lead != 0x8F && (lead < 0xA1 || lead == 0xFF)) { sink.error(); continue; }
    if (p == end) { sink.error(); break; }
    if (lead == 0x8E && *p >= 0xA1 && *p <= 0xDF) { sink.put(0xFF61 - 0xA1 + *p++); continue; }
    bool jis0212 = false;
    if (lead == 0x8F && *p >= 0xA1 && *p <= 0xFE) {
      jis0212 = true;
      lead = *p++;
      if (p == end) { sink.error(); break; }
    }
    const bool fits = lead >= 0xA1 && lead <= 0xFE && *p >= 0xA1 && *p <= 0xFE;
    const size_t pointer = fits ? size_t(lead - 0xA1) * 94 + *p - 0xA1 : 0;
    const char32_t c = !fits ? 0 : jis0212 ? index_at(kJis0212, pointer) : index_at(kJis0208, pointer);
    if (c) { sink.put(c); ++p; } else broken(p, sink);
  }
}

void decode_shift_jis(const uint8_t* p, const uint8_t* end, Sink& sink) {
  while (p < end) {
    if (*p < 0x80) { p = sink.ascii(p, end); continue; }
    const uint8_t lead = *p++;
    if (lead == 0x80) { sink.put(0x80); continue; }
    if (lead >= 0xA1 && lead <= 0xDF) { sink.put(0xFF61 - 0xA1 + lead); continue; }
    if (lead == 0xA0 || lead > 0xFC) { sink.error(); continue; }
    if (p == end) { sink.error(); break; }
    const bool fits = (*p >= 0x40 && *p <= 0x7E) || (*p >= 0x80 && *p <= 0xFC);
    const size_t pointer = size_t(lead - (lead < 0xA0 ? 0x81 : 0xC1)) * 188 + *p - (*p < 0x7F ? 0x40 : 0x41);
    char32_t c = fits ? index_at(kJis0208, pointer) : 0;
    if (fits && pointer >= 8836 && pointer <= 10715) c = char32_t(0xE000 - 8836 + pointer);
    if (c) { sink.put(c); ++p; } else broken(p, sink);
  }
}

void decode_euc_kr(const uint8_t* p, const uint8_t* end, Sink& sink) {
  while (p < end) {
    if (*p < 0x80) { p = sink.ascii(p, end); continue; }
    const uint8_t lead = *p++;
    if (lead == 0x80 || lead == 0xFF) { sink.error(); continue; }
    if (p == end) { sink.error(); break; }
    const char32_t c = *p >= 0x41 && *p <= 0xFE ? index_at(kEucKr, size_t(lead - 0x81) * 190 + *p - 0x41) : 0;
    if (c) { sink.put(c); ++p; } else broken(p, sink);
  }
}

void decode_iso2022jp(const uint8_t* p, const uint8_t* end, Sink& sink) {
  enum State { kAscii, kRoman, kKatakana, kLead } state = kAscii;
  bool output = false;  // an escape right after another escape is an error
  while (p < end) {
    const uint8_t b = *p++;
    if (b == 0x1B) {
      State next;
      if (end - p >= 2 && p[0] == '(' && (p[1] == 'B' || p[1] == 'J' || p[1] == 'I')) next = p[1] == 'B' ? kAscii : p[1] == 'J' ? kRoman : kKatakana;
      else if (end - p >= 2 && p[0] == '$' && (p[1] == '@' || p[1] == 'B')) next = kLead;
      else { output = false; sink.error(); continue; }
      p += 2;
      state = next;
      if (output) sink.error();
      output = true;
      continue;
    }
    if (state == kAscii || state == kRoman) {
      output = false;
      if (b > 0x7F || b == 0x0E || b == 0x0F) sink.error();
      else sink.put(state == kRoman && b == 0x5C ? 0xA5 : state == kRoman && b == 0x7E ? 0x203E : b);
    } else if (state == kKatakana) {
      output = false;
      if (b >= 0x21 && b <= 0x5F) sink.put(0xFF61 - 0x21 + b); else sink.error();
    } else {
      output = false;
      if (b < 0x21 || b > 0x7E) { sink.error(); continue; }
      if (p == end) { sink.error(); break; }
      if (*p == 0x1B) { sink.error(); continue; }
      const uint8_t trail = *p++;
      const char32_t c = trail >= 0x21 && trail <= 0x7E ? index_at(kJis0208, size_t(b - 0x21) * 94 + trail - 0x21) : 0;
      if (c) sink.put(c); else sink.error();
    }
  }
}

void decode_utf16(bool big, const uint8_t* p, const uint8_t* end, Sink& sink) {
  const auto unit = [&](const uint8_t* q) { return char32_t(big ? q[0] << 8 | q[1] : q[1] << 8 | q[0]); };
  while (end - p >= 2) {
    const char32_t u = unit(p);
    p += 2;
    if (u < 0xD800 || u > 0xDFFF) { sink.put(u); continue; }
    if (u < 0xDC00 && end - p >= 2) {
      const char32_t low = unit(p);
      if (low >= 0xDC00 && low <= 0xDFFF) { sink.put(0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00)); p += 2; continue; }
    } else if (u < 0xDC00) {  // a lead surrogate at the end: one error with whatever byte is left
      sink.error();
      return;
    }
    sink.error();
  }
  if (p < end) sink.error();
}

}  // namespace

size_t decode_to_utf8(Encoding encoding, std::string_view bytes, std::string& out) {
  Encoding bom;
  if (encoding_from_bom(bytes, &bom) && bom == encoding) bytes.remove_prefix(bom == Encoding::kUtf8 ? 3 : 2);
  const auto p = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto end = p + bytes.size();
  out.reserve(out.size() + bytes.size() + bytes.size() / 2);
  Sink sink{out};
  switch (encoding) {
    case Encoding::kUtf8: decode_utf8_all(p, end, sink); break;
    case Encoding::kGbk:
    case Encoding::kGb18030: decode_gb18030(p, end, sink); break;
    case Encoding::kBig5: decode_big5(p, end, sink); break;
    case Encoding::kEucJp: decode_euc_jp(p, end, sink); break;
    case Encoding::kIso2022Jp: decode_iso2022jp(p, end, sink); break;
    case Encoding::kShiftJis: decode_shift_jis(p, end, sink); break;
    case Encoding::kEucKr: decode_euc_kr(p, end, sink); break;
    case Encoding::kReplacement: if (p < end) sink.error(); break;
    case Encoding::kUtf16Be: decode_utf16(true, p, end, sink); break;
    case Encoding::kUtf16Le: decode_utf16(false, p, end, sink); break;
    case Encoding::kXUserDefined:
      for (auto q = p; q < end; ++q) sink.put(*q < 0x80 ? *q : 0xF700 + *q);
      break;
    default: decode_single(kSingleByte[size_t(encoding) - 1], p, end, sink);
  }
  return sink.errors;
}

}  // namespace refine
