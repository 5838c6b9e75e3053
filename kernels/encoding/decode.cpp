// Decoders of the Encoding Standard (sections 8 to 14): bytes of any encoding to UTF-8, U+FFFD for each error.
// Invariants: an ASCII byte that ends a broken multi-byte sequence is read again, so markup survives damage; no byte of
// input ever becomes more than three of output.
#include <array>
#include <cstring>
#include <iterator>

#include "refine/encoding.h"
#include "refine/utf8.h"

namespace refine {
namespace {
#include "big5.inc"
#include "euckr.inc"
#include "gb18030.inc"
#include "jis.inc"
#include "single_byte.inc"

// Input is taken in blocks, so that a decoder writes without asking for room: a step begins before `stop`, may read as
// far as `end`, and takes at most four bytes, which write at most twelve; ASCII is copied eight bytes at a time.
constexpr size_t kBlock = 4096;
constexpr size_t kSlack = 32;

struct Cursor {
  const uint8_t* p;  // the next byte to read
  uint8_t* w;        // where the next byte is written
  size_t errors;
};

template <size_t N>
inline char32_t index_at(const uint16_t (&table)[N], size_t pointer) { return pointer < N ? table[pointer] : 0; }

inline uint8_t* put(uint8_t* w, char32_t c) {
  if (c < 0x80) { *w = uint8_t(c); return w + 1; }
  if (c < 0x800) { w[0] = uint8_t(0xC0 | (c >> 6)); w[1] = uint8_t(0x80 | (c & 0x3F)); return w + 2; }
  if (c < 0x10000) {
    w[0] = uint8_t(0xE0 | (c >> 12)); w[1] = uint8_t(0x80 | ((c >> 6) & 0x3F)); w[2] = uint8_t(0x80 | (c & 0x3F));
    return w + 3;
  }
  w[0] = uint8_t(0xF0 | (c >> 18)); w[1] = uint8_t(0x80 | ((c >> 12) & 0x3F)); w[2] = uint8_t(0x80 | ((c >> 6) & 0x3F)); w[3] = uint8_t(0x80 | (c & 0x3F));
  return w + 4;
}

inline void error(Cursor& c) { c.w = put(c.w, kReplacement); ++c.errors; }

// A broken pair: U+FFFD; the trail is read again where it is ASCII.
inline void broken(Cursor& c) {
  error(c);
  if (*c.p >= 0x80) ++c.p;
}

// Copies the run of ASCII that begins at c.p, as far as `stop`.
inline void ascii(Cursor& c, const uint8_t* stop) {
  const uint8_t* p = c.p;
  uint8_t* w = c.w;
  while (stop - p >= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    if (word & 0x8080808080808080ull) break;
    std::memcpy(w, &word, 8);
    p += 8;
    w += 8;
  }
  while (p < stop && *p < 0x80) *w++ = *p++;
  c.p = p;
  c.w = w;
}

// A byte from 0x80 on as UTF-8; the high bit of `size` marks an error.
struct Cell { uint8_t text[3]; uint8_t size; };
using Cells = std::array<Cell, 128>;
constexpr size_t kSingles = std::size(kSingleByte);
constexpr std::array<Cells, kSingles> make_cells() {
  std::array<Cells, kSingles> out{};
  for (size_t e = 0; e < kSingles; ++e) for (size_t i = 0; i < 128; ++i) {
    const unsigned c = kSingleByte[e][i];
    if (c == 0) out[e][i] = {{0xEF, 0xBF, 0xBD}, 0x83};
    else if (c < 0x800) out[e][i] = {{uint8_t(0xC0 | (c >> 6)), uint8_t(0x80 | (c & 0x3F)), 0}, 2};
    else out[e][i] = {{uint8_t(0xE0 | (c >> 12)), uint8_t(0x80 | ((c >> 6) & 0x3F)), uint8_t(0x80 | (c & 0x3F))}, 3};
  }
  return out;
}
constexpr auto kCells = make_cells();

void decode_single(const Cells& cells, Cursor& cursor, const uint8_t* stop) {
  Cursor c = cursor;
  while (c.p < stop) {
    if (*c.p < 0x80) { ascii(c, stop); continue; }
    do {
      const Cell cell = cells[*c.p++ - 0x80];
      std::memcpy(c.w, cell.text, 3);
      c.w += cell.size & 0x7F;
      c.errors += cell.size >> 7;
    } while (c.p < stop && *c.p >= 0x80);
  }
  cursor = c;
}

void decode_user_defined(Cursor& c, const uint8_t* stop) {
  for (; c.p < stop; ++c.p) c.w = put(c.w, *c.p < 0x80 ? *c.p : 0xF700u + *c.p);
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

void decode_gb18030(Cursor& cursor, const uint8_t* stop, const uint8_t* end) {
  Cursor c = cursor;
  while (c.p < stop) {
    if (*c.p < 0x80) { ascii(c, stop); continue; }
    const uint8_t first = *c.p++;
    if (first == 0x80) { c.w = put(c.w, 0x20AC); continue; }
    if (first == 0xFF || c.p == end) { error(c); continue; }
    const uint8_t second = *c.p;
    if (second >= 0x30 && second <= 0x39) {
      // Four bytes; where the third or fourth does not fit, all but the first are read again.
      if (end - c.p < 3) {
        if (end - c.p == 1 || (c.p[1] >= 0x81 && c.p[1] <= 0xFE)) c.p = end;  // the end of the stream is one error
        error(c);
        continue;
      }
      if (c.p[1] < 0x81 || c.p[1] == 0xFF || c.p[2] < 0x30 || c.p[2] > 0x39) { error(c); continue; }
      const char32_t value = gb_range(((uint32_t(first - 0x81) * 10 + second - 0x30) * 126 + c.p[1] - 0x81) * 10 + c.p[2] - 0x30);
      if (value) c.w = put(c.w, value); else error(c);
      c.p += 3;
      continue;
    }
    const bool fits = second >= 0x40 && second != 0x7F && second != 0xFF;
    const char32_t value = fits ? index_at(kGb18030, size_t(first - 0x81) * 190 + second - (second < 0x7F ? 0x40 : 0x41)) : 0;
    if (value) { c.w = put(c.w, value); ++c.p; } else broken(c);
  }
  cursor = c;
}

constexpr auto kBig5IsPlane2 = [] {
  std::array<uint8_t, std::size(kBig5) / 8 + 1> bits{};
  for (const uint16_t pointer : kBig5Plane2) bits[pointer >> 3] |= uint8_t(1 << (pointer & 7));
  return bits;
}();

void decode_big5(Cursor& cursor, const uint8_t* stop, const uint8_t* end) {
  Cursor c = cursor;
  while (c.p < stop) {
    if (*c.p < 0x80) { ascii(c, stop); continue; }
    const uint8_t lead = *c.p++;
    if (lead == 0x80 || lead == 0xFF || c.p == end) { error(c); continue; }
    const uint8_t trail = *c.p;
    const bool fits = (trail >= 0x40 && trail <= 0x7E) || (trail >= 0xA1 && trail <= 0xFE);
    const size_t pointer = size_t(lead - 0x81) * 157 + trail - (trail < 0x7F ? 0x40 : 0x62);
    if (fits && (pointer == 1133 || pointer == 1135 || pointer == 1164 || pointer == 1166)) {  // two code points each
      c.w = put(c.w, pointer < 1150 ? 0xCA : 0xEA);
      c.w = put(c.w, pointer == 1133 || pointer == 1164 ? 0x304 : 0x30C);
      ++c.p;
      continue;
    }
    char32_t value = fits ? index_at(kBig5, pointer) : 0;
    if (value && (kBig5IsPlane2[pointer >> 3] >> (pointer & 7) & 1)) value += 0x20000;
    if (value) { c.w = put(c.w, value); ++c.p; } else broken(c);
  }
  cursor = c;
}

void decode_euc_jp(Cursor& cursor, const uint8_t* stop, const uint8_t* end) {
  Cursor c = cursor;
  while (c.p < stop) {
    if (*c.p < 0x80) { ascii(c, stop); continue; }
    uint8_t lead = *c.p++;
    if ((lead != 0x8E && lead != 0x8F && (lead < 0xA1 || lead == 0xFF)) || c.p == end) { error(c); continue; }
    if (lead == 0x8E && *c.p >= 0xA1 && *c.p <= 0xDF) { c.w = put(c.w, 0xFF61 - 0xA1 + *c.p++); continue; }
    bool jis0212 = false;
    if (lead == 0x8F && *c.p >= 0xA1 && *c.p <= 0xFE) {
      jis0212 = true;
      lead = *c.p++;
      if (c.p == end) { error(c); continue; }
    }
    const bool fits = lead >= 0xA1 && lead <= 0xFE && *c.p >= 0xA1 && *c.p <= 0xFE;
    const size_t pointer = fits ? size_t(lead - 0xA1) * 94 + *c.p - 0xA1 : 0;
    const char32_t value = !fits ? 0 : jis0212 ? index_at(kJis0212, pointer) : index_at(kJis0208, pointer);
    if (value) { c.w = put(c.w, value); ++c.p; } else broken(c);
  }
  cursor = c;
}

void decode_shift_jis(Cursor& cursor, const uint8_t* stop, const uint8_t* end) {
  Cursor c = cursor;
  while (c.p < stop) {
    if (*c.p < 0x80) { ascii(c, stop); continue; }
    const uint8_t lead = *c.p++;
    if (lead == 0x80) { c.w = put(c.w, 0x80); continue; }
    if (lead >= 0xA1 && lead <= 0xDF) { c.w = put(c.w, 0xFF61 - 0xA1 + lead); continue; }
    if (lead == 0xA0 || lead > 0xFC || c.p == end) { error(c); continue; }
    const uint8_t trail = *c.p;
    const bool fits = trail >= 0x40 && trail <= 0xFC && trail != 0x7F;
    const size_t pointer = size_t(lead - (lead < 0xA0 ? 0x81 : 0xC1)) * 188 + trail - (trail < 0x7F ? 0x40 : 0x41);
    char32_t value = fits ? index_at(kJis0208, pointer) : 0;
    if (fits && pointer >= 8836 && pointer <= 10715) value = char32_t(0xE000 - 8836 + pointer);
    if (value) { c.w = put(c.w, value); ++c.p; } else broken(c);
  }
  cursor = c;
}

void decode_euc_kr(Cursor& cursor, const uint8_t* stop, const uint8_t* end) {
  Cursor c = cursor;
  while (c.p < stop) {
    if (*c.p < 0x80) { ascii(c, stop); continue; }
    const uint8_t lead = *c.p++;
    if (lead == 0x80 || lead == 0xFF || c.p == end) { error(c); continue; }
    const char32_t value = *c.p >= 0x41 && *c.p <= 0xFE ? index_at(kEucKr, size_t(lead - 0x81) * 190 + *c.p - 0x41) : 0;
    if (value) { c.w = put(c.w, value); ++c.p; } else broken(c);
  }
  cursor = c;
}

struct Iso2022JpState {
  enum Set : uint8_t { kAscii, kRoman, kKatakana, kLead } set = kAscii;
  bool fresh = false;  // nothing stands between the last escape and here: another escape is an error
};

void decode_iso2022jp(Iso2022JpState& state, Cursor& c, const uint8_t* stop, const uint8_t* end) {
  using State = Iso2022JpState;
  while (c.p < stop) {
    const uint8_t b = *c.p++;
    if (b == 0x1B) {
      State::Set next;
      if (end - c.p >= 2 && c.p[0] == '(' && (c.p[1] == 'B' || c.p[1] == 'J' || c.p[1] == 'I')) {
        next = c.p[1] == 'B' ? State::kAscii : c.p[1] == 'J' ? State::kRoman : State::kKatakana;
      } else if (end - c.p >= 2 && c.p[0] == '$' && (c.p[1] == '@' || c.p[1] == 'B')) {
        next = State::kLead;
      } else {
        state.fresh = false;
        error(c);
        continue;
      }
      c.p += 2;
      state.set = next;
      if (state.fresh) error(c);
      state.fresh = true;
      continue;
    }
    state.fresh = false;
    if (state.set == State::kAscii || state.set == State::kRoman) {
      if (b > 0x7F || b == 0x0E || b == 0x0F) error(c);
      else c.w = put(c.w, state.set == State::kRoman && b == 0x5C ? 0xA5 : state.set == State::kRoman && b == 0x7E ? 0x203E : b);
    } else if (state.set == State::kKatakana) {
      if (b >= 0x21 && b <= 0x5F) c.w = put(c.w, 0xFF61 - 0x21 + b); else error(c);
    } else {
      if (b < 0x21 || b > 0x7E || c.p == end || *c.p == 0x1B) { error(c); continue; }
      const uint8_t trail = *c.p++;
      const char32_t value = trail >= 0x21 && trail <= 0x7E ? index_at(kJis0208, size_t(b - 0x21) * 94 + trail - 0x21) : 0;
      if (value) c.w = put(c.w, value); else error(c);
    }
  }
}

template <bool big>
void decode_utf16(Cursor& cursor, const uint8_t* stop, const uint8_t* end) {
  Cursor c = cursor;
  const auto unit = [](const uint8_t* q) { return char32_t(big ? q[0] << 8 | q[1] : q[1] << 8 | q[0]); };
  while (c.p < stop) {
    if (end - c.p < 2) { ++c.p; error(c); break; }  // half a unit
    const char32_t u = unit(c.p);
    c.p += 2;
    if (u < 0xD800 || u > 0xDFFF) { c.w = put(c.w, u); continue; }
    if (u < 0xDC00 && end - c.p >= 2) {
      const char32_t low = unit(c.p);
      if (low >= 0xDC00 && low <= 0xDFFF) { c.w = put(c.w, 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00)); c.p += 2; continue; }
    } else if (u < 0xDC00) {
      c.p = end;  // a lead surrogate at the end: one error with whatever byte is left
    }
    error(c);
  }
  cursor = c;
}

template <class Decode>
size_t in_blocks(std::string_view bytes, std::string& out, Decode decode) {
  uint8_t buffer[3 * (kBlock + 4) + kSlack];
  const auto start = reinterpret_cast<const uint8_t*>(bytes.data()), end = start + bytes.size();
  Cursor c{start, buffer, 0};
  while (c.p < end) {
    c.w = buffer;
    decode(c, size_t(end - c.p) > kBlock ? c.p + kBlock : end, end);
    out.append(reinterpret_cast<const char*>(buffer), size_t(c.w - buffer));
  }
  return c.errors;
}

size_t decode_utf8_all(std::string_view bytes, std::string& out) {
  size_t errors = 0;
  for (;;) {
    const size_t valid = valid_utf8_prefix(bytes);
    out.append(bytes.data(), valid);
    bytes.remove_prefix(valid);
    if (bytes.empty()) return errors;
    const auto start = reinterpret_cast<const uint8_t*>(bytes.data());
    auto p = start;
    decode_utf8(p, start + bytes.size());  // moves past one maximal subpart
    out.append("\xEF\xBF\xBD", 3);
    ++errors;
    bytes.remove_prefix(size_t(p - start));
  }
}

std::string_view without_bom(Encoding encoding, std::string_view bytes) {
  Encoding bom;
  if (encoding_from_bom(bytes, &bom) && bom == encoding) bytes.remove_prefix(bom == Encoding::kUtf8 ? 3 : 2);
  return bytes;
}

}  // namespace

size_t decode_to_utf8(Encoding encoding, std::string_view bytes, std::string& out) {
  bytes = without_bom(encoding, bytes);
  const auto decode = [&](auto decoder) { return in_blocks(bytes, out, decoder); };
  switch (encoding) {
    case Encoding::kUtf8: return decode_utf8_all(bytes, out);
    case Encoding::kGbk:
    case Encoding::kGb18030: return decode(decode_gb18030);
    case Encoding::kBig5: return decode(decode_big5);
    case Encoding::kEucJp: return decode(decode_euc_jp);
    case Encoding::kShiftJis: return decode(decode_shift_jis);
    case Encoding::kEucKr: return decode(decode_euc_kr);
    case Encoding::kUtf16Be: return decode(decode_utf16<true>);
    case Encoding::kUtf16Le: return decode(decode_utf16<false>);
    case Encoding::kXUserDefined: return decode([](Cursor& c, const uint8_t* stop, const uint8_t*) { decode_user_defined(c, stop); });
    case Encoding::kIso2022Jp: {
      Iso2022JpState state;
      return decode([&](Cursor& c, const uint8_t* stop, const uint8_t* end) { decode_iso2022jp(state, c, stop, end); });
    }
    case Encoding::kReplacement:
      if (!bytes.empty()) out.append("\xEF\xBF\xBD", 3);
      return !bytes.empty();
    default: {
      const Cells& cells = kCells[size_t(encoding) - 1];
      return decode([&](Cursor& c, const uint8_t* stop, const uint8_t*) { decode_single(cells, c, stop); });
    }
  }
}

std::string_view decode_view(Encoding encoding, std::string_view bytes, std::string& storage, size_t* errors) {
  if (encoding == Encoding::kUtf8 && is_valid_utf8(bytes)) {
    if (errors) *errors = 0;
    return without_bom(encoding, bytes);
  }
  storage.clear();
  const size_t found = decode_to_utf8(encoding, bytes, storage);
  if (errors) *errors = found;
  return storage;
}

}  // namespace refine
