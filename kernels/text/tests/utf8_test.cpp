// Expectations: Unicode 15 table 3-8 (maximal subparts) and the Encoding Standard.
#include "refine/utf8.h"
#include "../../testing/check.h"
#include "../utf8_prefix.h"

#include <iterator>

using namespace refine;

// Both ways to find the valid prefix on the same bytes: pieces of every kind of sequence, whole and broken, at every offset
// to the 32-byte blocks. The slow reference is decode_utf8, a character a step.
static size_t slow_prefix(std::string_view bytes) {
  const auto start = reinterpret_cast<const uint8_t*>(bytes.data()), end = start + bytes.size();
  for (auto p = start; p < end;) {
    const auto at = p;
    if (decode_utf8(p, end) == kReplacement && std::string_view(reinterpret_cast<const char*>(at), size_t(p - at)) != "\xEF\xBF\xBD") return size_t(at - start);
  }
  return bytes.size();
}

static void compare_prefixes() {
  static const char* const kPieces[] = {"a", "plain ASCII text of some length, more than a block", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
    "\xEF\xBF\xBD", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
  static const char* const kBroken[] = {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80",
    "\xF0\x8F\xBF\xBF", "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC2\x80\x80", "\xF0\x9F\x98\x80\x80"};
  uint64_t state = 1;
  const auto below = [&](size_t n) { state = state * 6364136223846793005ull + 1442695040888963407ull; return size_t(state >> 33) % n; };
  size_t different = 0;
  for (int round = 0; round < 200000; ++round) {
    std::string text(below(40), 'x');
    for (size_t pieces = below(24); pieces > 0; --pieces) text += kPieces[below(std::size(kPieces))];
    if (below(4) != 0) text += kBroken[below(std::size(kBroken))];
    for (size_t pieces = below(12); pieces > 0; --pieces) text += kPieces[below(std::size(kPieces))];
    const size_t expected = slow_prefix(text);
    different += detail::valid_utf8_prefix_scalar(text) != expected;
    if (detail::has_avx2()) different += detail::valid_utf8_prefix_avx2(text) != expected;
  }
  CHECK_EQ(different, size_t(0));
}

int main() {
  compare_prefixes();
  CHECK_EQ(to_valid_utf8("h\xC3\xA9"), std::string("h\xC3\xA9"));
  // Table 3-8: F1 80 80 | E1 80 | C2 | 41 gives three replacements and an A.
  CHECK_EQ(to_valid_utf8("\xF1\x80\x80\xE1\x80\xC2\x41"), std::string("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\x41"));
  CHECK_EQ(to_valid_utf8("\xED\xA0\x80"), std::string("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"));  // a surrogate
  CHECK_EQ(to_valid_utf8("\xC0\xAF"), std::string("\xEF\xBF\xBD\xEF\xBF\xBD"));                  // overlong
  CHECK(is_valid_utf8("\xEF\xBF\xBD"));
  CHECK(!is_valid_utf8("\xF4\x90\x80\x80"));
  CHECK(!is_valid_utf8("\xE2\x82"));
  CHECK(is_valid_utf8("\xF4\x8F\xBF\xBF"));
  CHECK_EQ(count_code_points("a\xC3\xA9\xF0\x9F\x98\x80"), size_t(3));
  return testing::report();
}
