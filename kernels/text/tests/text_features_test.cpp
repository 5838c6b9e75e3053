// Expectations: closed forms of DESIGN section 6. Slow references over random and real text: tests/kernels/text-features.test.ts.
#include "refine/text_features.h"
#include "../../testing/check.h"

using namespace refine;

static LineRules refinedweb() {
  LineRules rules;
  rules.counters = {"likes", "followers"};
  rules.at_start = {"sign-in"};
  rules.at_end = {"read more..."};
  rules.anywhere = {"items in cart"};
  return rules;
}

static std::string corrected(std::string_view text) {
  std::string out = "|";
  correct_lines(text, refinedweb(), out);
  return out.substr(1);
}

int main() {
  TextFeatures features;
  auto f = features.repetition("ab\ncd\nab\n\nab");
  CHECK_EQ(f.duplicate_line_fraction, 0.5f);
  CHECK_EQ(f.duplicate_line_character_fraction, float(4.0 / 12));
  f = features.repetition("aa bb xyz c d aa bb c d");  // scratch of the first call must not show
  CHECK_EQ(f.duplicate_line_fraction, 0.0f);
  CHECK_EQ(f.top_gram_fraction[0], float(8.0 / 15));
  for (size_t words : {0u, 1u, 9u, 10u, 11u, 63u, 64u, 1000u}) {  // one word again and again: every n-gram repeats
    std::string text;
    for (size_t i = 0; i < words; ++i) text += "w ";
    f = features.repetition(text);
    CHECK_EQ(f.duplicate_gram_fraction[5], words >= 11 ? 1.0f : 0.0f);
    CHECK_EQ(f.top_gram_fraction[0], words >= 3 ? float(2.0 * double(words - 1) / double(words)) : 0.0f);
  }
  features.set_stop_words({"The", "of"});
  auto q = features.quality("the THE of #1 a...\n- x\xE2\x80\xA6");
  CHECK_EQ(q.stop_word_count, 2u);
  CHECK_EQ(q.word_count, 7u);
  CHECK_EQ(q.bullet_line_fraction, 0.5f);
  CHECK_EQ(q.ellipsis_line_fraction, 1.0f);
  CHECK_EQ(features.quality("of").stop_word_count, 1u);  // the last document's words are forgotten
  CHECK_EQ(features.quality("\xFF\xE2\x80").word_count, 1u);  // invalid UTF-8 is read, not run past

  CHECK_EQ(corrected("3 likes\nHe has 3 likes"), std::string("He has 3 likes"));
  CHECK_EQ(corrected("Sign-in here or\nSign-ins are counted"), std::string("here or\nSign-ins are counted"));
  CHECK_EQ(corrected("one two three four five six seven eight nine read more..."), std::string("one two three four five six seven eight nine read more..."));  // 11 words
  CHECK_EQ(corrected("  Two words  \n\n"), std::string("  Two words  \n\n"));  // untouched, byte for byte
  CHECK_EQ(corrected("HELLO\n\nTwo words\n\nBYE"), std::string("Two words"));
  CHECK_EQ(corrected("AB cd"), std::string("AB cd"));    // 2 of 5: not mainly upper case
  CHECK_EQ(corrected("ABC d"), std::string());           // 3 of 5
  CHECK_EQ(corrected("1 234 567"), std::string());
  CHECK_EQ(corrected("1 234 567."), std::string("1 234 567."));
  CHECK_EQ(corrected(""), std::string());
  return testing::report();
}
