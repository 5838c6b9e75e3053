// Which encoding a page is in: what it declares, unless its bytes contradict that; else its content. Content is judged by
// structure first (UTF-8, ISO-2022-JP, UTF-16), then by language (language_score.cpp).
// A pure function of the bytes and the Content-Type; integers only; linear.
#include <algorithm>
#include <cstring>

#include "language_score.h"
#include "refine/encoding.h"
#include "refine/utf8.h"

namespace refine {
namespace {

// Well-formed sequences of more than one byte, and maximal ill-formed parts. A sequence that the end cuts is neither.
struct Utf8Count { size_t good = 0, bad = 0, continuations = 0; };

Utf8Count count_utf8(std::string_view bytes) {
  Utf8Count count;
  for (;;) {
    const size_t valid = valid_utf8_prefix(bytes);
    for (size_t i = 0; i < valid; ++i) {
      count.good += uint8_t(bytes[i]) >= 0xC0;
      count.continuations += (uint8_t(bytes[i]) & 0xC0) == 0x80;
    }
    bytes.remove_prefix(valid);
    if (bytes.empty()) return count;
    const auto start = reinterpret_cast<const uint8_t*>(bytes.data());
    auto p = start;
    decode_utf8(p, start + bytes.size());
    if (p == start + bytes.size() && bytes.size() > 1) return count;
    ++count.bad;
    bytes.remove_prefix(size_t(p - start));
  }
}

// The primary subtag of <html lang>, in lower case.
std::string html_lang(std::string_view bytes) {
  const auto head = bytes.substr(0, 4096);
  size_t at = head.find("<html");
  if (at == std::string_view::npos) at = head.find("<HTML");
  if (at == std::string_view::npos) return {};
  const auto tag = head.substr(at, head.find('>', at) - at);
  at = tag.find("lang=");
  if (at == std::string_view::npos) return {};
  at += 5;
  if (at < tag.size() && (tag[at] == '"' || tag[at] == '\'')) ++at;
  std::string lang;
  while (at < tag.size() && lang.size() < 4 && ((tag[at] | 32) >= 'a' && (tag[at] | 32) <= 'z')) lang.push_back(char(tag[at++] | 32));
  return lang;
}

struct Shape { size_t first_high = std::string_view::npos, escapes = 0, even_nul = 0, odd_nul = 0; };

Shape shape_of(std::string_view bytes) {
  Shape shape;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const uint8_t b = uint8_t(bytes[i]);
    if (b >= 0x80) { if (shape.first_high == std::string_view::npos) shape.first_high = i; }
    else if (b == 0) ++(i & 1 ? shape.odd_nul : shape.even_nul);
    else if (b == 0x1B && i + 2 < bytes.size()) shape.escapes += (bytes[i + 1] == '$' && (bytes[i + 2] == 'B' || bytes[i + 2] == '@')) || (bytes[i + 1] == '(' && bytes[i + 2] == 'J');
  }
  return shape;
}

// Markup in UTF-16 is mostly ASCII, so every other byte is NUL.
bool is_utf16(const Shape& shape, size_t size, Encoding* out) {
  if (shape.odd_nul * 5 > size && shape.even_nul * 50 < size) return *out = Encoding::kUtf16Le, true;
  if (shape.even_nul * 5 > size && shape.odd_nul * 50 < size) return *out = Encoding::kUtf16Be, true;
  return false;
}

// gbk and gb18030 are decoded alike; four-byte sequences say which one was meant.
bool has_four_byte_units(std::string_view bytes) {
  size_t units = 0;
  for (size_t i = 0; i + 3 < bytes.size(); ++i) {
    const auto lead = [&](size_t at) { return uint8_t(bytes[at]) >= 0x81 && uint8_t(bytes[at]) != 0xFF; };
    if (!lead(i)) continue;
    if (bytes[i + 1] >= '0' && bytes[i + 1] <= '9' && lead(i + 2) && bytes[i + 3] >= '0' && bytes[i + 3] <= '9') { ++units; i += 3; } else ++i;
  }
  return units > 0;
}

// The bytes from the first one above ASCII on, with the word it stands in.
std::string_view from_context(std::string_view bytes, size_t first_high) { return bytes.substr(first_high - std::min<size_t>(first_high, 24)); }

constexpr size_t kLeastHigh = 20;   // ill-formed parts as UTF-8, before a declared legacy encoding is doubted
constexpr int64_t kLeastGain = 1000;  // quarter bits

// The declared legacy encoding, or another in which the bytes are far better text.
Encoding instead_of(Encoding declared, std::string_view bytes) {
  size_t first = 0;
  while (uint8_t(bytes[first]) < 0x80) ++first;
  const LanguageScore found = best_language(from_context(bytes, first), html_lang(bytes), declared == Encoding::kGb18030 ? Encoding::kGbk : declared);
  if (found.declared == INT64_MAX || found.encoding == declared) return declared;
  return found.cost > 0 && found.cost * 3 < found.declared * 2 && found.declared - found.cost >= kLeastGain ? found.encoding : declared;
}

bool is_multi_byte(Encoding e) { return e >= Encoding::kGbk && e <= Encoding::kEucKr; }

}  // namespace

Encoding detect_encoding(std::string_view bytes) {
  const Shape shape = shape_of(bytes);
  Encoding utf16;
  if (is_utf16(shape, bytes.size(), &utf16)) return utf16;
  if (shape.first_high == std::string_view::npos) {
    std::string text;
    return shape.escapes > 0 && decode_to_utf8(Encoding::kIso2022Jp, bytes, text) == 0 ? Encoding::kIso2022Jp : Encoding::kUtf8;
  }
  const auto rest = from_context(bytes, shape.first_high);
  const Utf8Count utf8 = count_utf8(rest);
  if (utf8.bad == 0 && utf8.good > 0) return Encoding::kUtf8;
  if (utf8.good >= 3 && utf8.bad * 3 < utf8.good) return Encoding::kUtf8;  // with a few broken sequences
  const Encoding found = best_language(rest, html_lang(bytes)).encoding;
  return found == Encoding::kGbk && has_four_byte_units(rest) ? Encoding::kGb18030 : found;
}

Charset decide_charset(std::string_view bytes, std::string_view content_type) {
  Encoding found;
  if (encoding_from_bom(bytes, &found)) return {found, CharsetSource::kBom};
  Utf8Count utf8;
  bool counted = false;
  const auto count = [&]() -> const Utf8Count& {
    if (!counted) utf8 = count_utf8(bytes), counted = true;
    return utf8;
  };
  // True where the bytes do not contradict `e`; may turn it into UTF-8.
  const auto accept = [&](Encoding& e) {
    if (e == Encoding::kUtf8) return count().bad <= count().good;
    if (e == Encoding::kUtf16Le || e == Encoding::kUtf16Be) {
      Encoding seen;
      return is_utf16(shape_of(bytes), bytes.size(), &seen) && seen == e;
    }
    if (e == Encoding::kReplacement || e == Encoding::kIso2022Jp) return count().bad + count().good == 0;
    size_t errors = 0, characters = 1;
    if (is_multi_byte(e)) {
      std::string text;
      errors = decode_to_utf8(e, bytes.substr(0, 256 * 1024), text);
      for (unsigned char c : text) characters += c >= 0xC0;
    }
    const bool enough = is_multi_byte(e) && errors == 0 ? count().good >= 16 : count().continuations >= 2;
    if (enough && count().bad * 50 <= count().good) e = Encoding::kUtf8;
    else if (errors * 5 > characters) return false;
    else if (count().bad >= kLeastHigh) e = instead_of(e, bytes);
    return true;
  };
  if (encoding_from_content_type(content_type, &found) && accept(found)) return {found, CharsetSource::kHeader};
  if (prescan_encoding(bytes, 1024, &found) && accept(found)) return {found, CharsetSource::kMeta};
  if (count().good >= 1 && count().bad == 0) return {Encoding::kUtf8, CharsetSource::kContent};
  // Browsers change the encoding when a <meta> comes late; the standard's prescan alone stops at 1,024 bytes.
  if (prescan_encoding(bytes, 65536, &found) && accept(found)) return {found, CharsetSource::kMeta};
  return {detect_encoding(bytes), CharsetSource::kContent};
}

}  // namespace refine
