// Expectations: Unicode 15 table 3-8 (maximal subparts) and the Encoding Standard.
#include "refine/utf8.h"
#include "../../testing/check.h"

using namespace refine;

int main() {
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
