// UTS 46 processing and label checks; see idna.h. Sources: UTS 46 section 4; RFC 5892 appendix A (joiners); RFC 5893
// section 2 (bidi).
#include "idna.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "punycode.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine {

namespace {

#include "idna_tables.inc"

// Orders shared with infra/unicode/generate-idna.mjs.
enum MappingKind : uint32_t { kValid, kDisallowed, kIgnored, kDelta, kAlternate, kString };
enum Bidi : uint8_t { kBidiNone, kLtr, kRtl, kArabicNumber, kEuropeanNumber, kNonspacing, kNeutral };
enum Joining : uint8_t { kNotJoining, kJoinsLeft, kJoinsBoth, kJoinsRight, kTransparent };
constexpr char32_t kZwnj = 0x200C, kZwj = 0x200D;
constexpr uint8_t kVirama = 9;  // Canonical_Combining_Class

size_t run_of(char32_t c) {
  const auto end = std::upper_bound(std::begin(kMappingRuns), std::end(kMappingRuns), uint32_t(c) * 8 + 7);
  return size_t(end - std::begin(kMappingRuns)) - 1;  // the first run starts at 0
}

uint8_t classes_of(char32_t c) {
  const auto end = std::upper_bound(std::begin(kClassRuns), std::end(kClassRuns), uint32_t(c) * 256 + 255);
  return uint8_t(*(end - 1) & 0xFF);
}
Bidi bidi_of(char32_t c) { return Bidi(classes_of(c) & 15); }
Joining joining_of(char32_t c) { return Joining(classes_of(c) >> 4); }

bool is_valid_in_label(char32_t c) {
  const uint32_t run = kMappingRuns[run_of(c)];
  return (run & 7) == kValid || ((run & 7) == kAlternate && ((c - (run >> 3)) & 1));
}

// Disallowed code points stay: the label they end up in is refused for them.
void append_mapped(char32_t c, std::string& out) {
  const size_t index = run_of(c);
  const uint32_t run = kMappingRuns[index];
  const int32_t value = kMappingValues[index];
  switch (MappingKind(run & 7)) {
    case kValid:
    case kDisallowed: append_utf8(out, c); break;
    case kIgnored: break;
    case kDelta: append_utf8(out, char32_t(int32_t(c) + value)); break;
    case kAlternate: append_utf8(out, ((c - (run >> 3)) & 1) ? c : c + 1); break;
    case kString:
      for (uint32_t i = 1; i <= kMappingPool[value]; ++i) append_utf8(out, kMappingPool[value + i]);
  }
}

bool joiners_allowed(std::u32string_view label) {
  for (size_t i = 0; i < label.size(); ++i) {
    if (label[i] != kZwnj && label[i] != kZwj) continue;
    if (i == 0) return false;
    if (combining_class(label[i - 1]) == kVirama) continue;
    if (label[i] == kZwj) return false;
    size_t before = i, after = i + 1;
    while (before > 0 && joining_of(label[before - 1]) == kTransparent) --before;
    while (after < label.size() && joining_of(label[after]) == kTransparent) ++after;
    if (before == 0 || after == label.size()) return false;
    const Joining left = joining_of(label[before - 1]), right = joining_of(label[after]);
    if ((left != kJoinsLeft && left != kJoinsBoth) || (right != kJoinsRight && right != kJoinsBoth)) return false;
  }
  return true;
}

bool follows_bidi_rule(std::u32string_view label) {
  const Bidi first = bidi_of(label.front());
  if (first != kLtr && first != kRtl) return false;
  bool european = false, arabic = false;
  Bidi last = first;  // but nonspacing marks
  for (char32_t c : label) {
    const Bidi bidi = bidi_of(c);
    if (bidi == kBidiNone || (first == kRtl ? bidi == kLtr : bidi == kRtl || bidi == kArabicNumber)) return false;
    european |= bidi == kEuropeanNumber;
    arabic |= bidi == kArabicNumber;
    if (bidi != kNonspacing) last = bidi;
  }
  if (first == kLtr) return last == kLtr || last == kEuropeanNumber;
  return last != kNeutral && !(european && arabic);
}

bool is_valid_label(std::u32string_view label, bool bidi_domain) {
  if (label.empty()) return true;
  if (label.starts_with(U"xn--") || is_mark(label.front())) return false;
  for (char32_t c : label)
    if (c == '.' || !is_valid_in_label(c)) return false;
  if (!joiners_allowed(label)) return false;
  return !bidi_domain || follows_bidi_rule(label);
}

std::u32string to_points(std::string_view utf8) {
  std::u32string points;
  auto p = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto end = p + utf8.size();
  while (p < end) points.push_back(decode_utf8(p, end));
  return points;
}

bool is_ascii(std::u32string_view label) {
  return std::all_of(label.begin(), label.end(), [](char32_t c) { return c < 0x80; });
}

bool is_nfc(std::u32string_view label) {
  std::string utf8, nfc;
  for (char32_t c : label) append_utf8(utf8, c);
  append_nfc(utf8, nfc);
  return utf8 == nfc;
}

// Of a domain that is ASCII: does any label begin with xn--?
bool has_ace_label(std::string_view domain) {
  for (size_t at = 0; at + 4 <= domain.size(); ++at) {
    if ((domain[at] | 0x20) == 'x' && (domain[at + 1] | 0x20) == 'n' && domain[at + 2] == '-' && domain[at + 3] == '-') return true;
    at = domain.find('.', at);
    if (at == std::string_view::npos) return false;
  }
  return false;
}

}  // namespace

bool domain_to_ascii(std::string_view domain, std::string& out) {
  const bool ascii = std::all_of(domain.begin(), domain.end(), [](char c) { return uint8_t(c) < 0x80; });
  if (ascii && !has_ace_label(domain)) {  // the standard: this is the same as lower-casing
    for (char c : domain) out.push_back(uint8_t(c - 'A') < 26 ? char(c | 0x20) : c);
    return true;
  }
  if (domain.size() > kMaxIdnaBytes) return false;
  std::string mapped, normal;
  auto p = reinterpret_cast<const uint8_t*>(domain.data());
  const auto end = p + domain.size();
  while (p < end) append_mapped(decode_utf8(p, end), mapped);
  append_nfc(mapped, normal);

  std::vector<std::u32string> labels;
  for (size_t from = 0; from <= normal.size();) {
    const size_t dot = std::min(normal.find('.', from), normal.size());
    auto label = to_points(std::string_view(normal).substr(from, dot - from));
    from = dot + 1;
    if (label.starts_with(U"xn--")) {
      if (!is_ascii(label)) return false;
      const std::string ace(label.begin() + 4, label.end());
      label.clear();
      if (!decode_punycode(ace, label) || is_ascii(label) || !is_nfc(label)) return false;
    }
    labels.push_back(std::move(label));
  }
  const bool bidi_domain = std::any_of(labels.begin(), labels.end(), [](const auto& label) {
    return std::any_of(label.begin(), label.end(), [](char32_t c) {
      const Bidi bidi = bidi_of(c);
      return bidi == kRtl || bidi == kArabicNumber;
    });
  });
  for (const auto& label : labels)
    if (!is_valid_label(label, bidi_domain)) return false;
  const size_t before = out.size();
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) out.push_back('.');
    if (is_ascii(labels[i])) {
      out.append(labels[i].begin(), labels[i].end());
    } else {
      out += "xn--";
      if (!encode_punycode(labels[i], out)) {
        out.resize(before);
        return false;
      }
    }
  }
  if (out.size() - before > kMaxIdnaBytes) {  // or the answer, asked again, would be refused
    out.resize(before);
    return false;
  }
  return true;
}

}  // namespace refine
