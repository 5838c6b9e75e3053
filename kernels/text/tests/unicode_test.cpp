// Expectations: Unicode 16.0 code charts and SpecialCasing; NormalizationTest's classics. Whole-range oracle: tests/kernels/unicode.test.ts.
#include "refine/unicode.h"
#include "../../testing/check.h"
#include "refine/normalize.h"

using namespace refine;

static std::string with(void (*append)(std::string_view, std::string&), std::string_view text) {
  std::string out = "|";  // appends, never replaces
  append(text, out);
  return out.substr(1);
}

int main() {
  CHECK(category(U'A') == Category::kLu && category(0x4E2D) == Category::kLo && category(0x10FFFF) == Category::kCn);
  CHECK(category(0xFFFFFFFF) == Category::kCn);  // past the range: answers, reads nothing outside
  CHECK(is_letter(0x0E01) && is_number(0x0664) && is_mark(0x0301) && is_punctuation(0x3002) && is_symbol(0x20AC));
  CHECK(is_white_space(0x3000) && is_white_space(0x85) && !is_white_space(0x200B));
  CHECK(script(0x3042) == Script::kHiragana && script(0x30A2) == Script::kKatakana && script(0x4E00) == Script::kHan && script(0x0E01) == Script::kThai);
  CHECK(script(0x0E81) == Script::kLao && script(0x1780) == Script::kKhmer && script(0x1000) == Script::kMyanmar && script(0xAC00) == Script::kHangul);
  CHECK_EQ(with(append_lower, "\xCE\xA3\xCE\xA3"), std::string("\xCF\x83\xCF\x82"));      // ΣΣ -> σς
  CHECK_EQ(with(append_lower, "\xCE\xA3"), std::string("\xCF\x83"));                      // alone: σ
  CHECK_EQ(with(append_lower, "A\xCE\xA3.b"), std::string("a\xCF\x83.b"));                // '.' is case-ignorable
  CHECK_EQ(with(append_lower, "\xC4\xB0"), std::string("i\xCC\x87"));                     // İ
  CHECK_EQ(with(append_nfd, "\xE1\xB8\x94\xCC\x84"), std::string("E\xCC\x84\xCC\x80\xCC\x84"));
  CHECK_EQ(with(append_nfc, "a\xCC\xA7\xCC\x8A"), std::string("\xC3\xA5\xCC\xA7"));       // reordered and composed past the cedilla
  CHECK_EQ(with(append_nfc, "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8"), std::string("\xEA\xB0\x81"));
  CHECK_EQ(with(append_nfc, "\xE2\x84\xAB"), std::string("\xC3\x85"));                    // singleton: ANGSTROM SIGN
  CHECK_EQ(with(append_nfc, "\xFF"), std::string("\xEF\xBF\xBD"));
  CHECK_EQ(with(normalize_default, " \xC3\x89t\xC3\xA9,  2024! "), std::string("ete 2024"));
  CHECK_EQ(with(normalize_default, ""), std::string());
  std::string zalgo = "a";  // many marks in falling order
  for (int i = 0; i < 200000; ++i) zalgo += i % 2 ? "\xCC\x80" : "\xCC\xA3";
  CHECK_EQ(with(append_nfd, zalgo).size(), zalgo.size());
  CHECK_EQ(with(normalize_default, zalgo), std::string("a"));
  return testing::report();
}
