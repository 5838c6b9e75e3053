// Table look-ups and lower case; see unicode.h.
#include "refine/unicode.h"

#include "refine/utf8.h"
#include "unicode_internal.h"

namespace refine {

#include "unicode_tables.inc"

int to_lower(char32_t c, char32_t out[3]) {
  if (c == 0x130) {  // the one unconditional expansion of SpecialCasing; the generator asserts that
    out[0] = 'i';
    out[1] = 0x307;
    return 2;
  }
  out[0] = char32_t(int32_t(c) + record_of(c).lower_delta);
  return 1;
}

namespace {
// Final_Sigma, second half: no cased letter follows, case-ignorable characters skipped. A scan ends at the next
// character that is not ignorable, so all scans of one text together are linear.
bool cased_follows(const uint8_t* p, const uint8_t* end) {
  while (p < end) {
    const auto flags = record_of(decode_utf8(p, end)).flags;
    if (!(flags & kCaseIgnorable)) return flags & kCased;
  }
  return false;
}
}  // namespace

void append_lower(std::string_view utf8, std::string& out) {
  auto p = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto end = p + utf8.size();
  bool after_cased = false;  // the last character that is not case-ignorable is cased
  while (p < end) {
    if (*p < 0x80) {
      const uint8_t c = *p++;
      const bool upper = uint8_t(c - 'A') < 26;
      out.push_back(char(upper ? c | 0x20 : c));
      if (upper || uint8_t(c - 'a') < 26) after_cased = true;
      else if (!(record_of(c).flags & kCaseIgnorable)) after_cased = false;
      continue;
    }
    const char32_t c = decode_utf8(p, end);
    const auto& record = record_of(c);
    if (c == 0x3A3) {
      append_utf8(out, after_cased && !cased_follows(p, end) ? 0x3C2 : 0x3C3);
    } else if (record.lower_delta != 0) {
      char32_t lower[3];
      const int n = to_lower(c, lower);
      for (int i = 0; i < n; ++i) append_utf8(out, lower[i]);
    } else {
      append_utf8(out, c);
    }
    if (!(record.flags & kCaseIgnorable)) after_cased = record.flags & kCased;
  }
}

}  // namespace refine
