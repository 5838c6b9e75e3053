// Numeric features of a document's text: what the rules of `repetition` and `quality` read, and the line-wise corrections
// of `lines`. Definitions are those of `@paper` (DESIGN section 6), for Rae et al. 2021 (Gopher) appendix A.1.1:
//   word       a run of characters without White_Space
//   line       a piece between "\n"; paragraph: a piece between "\n\n+"; pieces of white space alone are neither
//   length     in code points
// Invariant: every result is an exact count or one division of two exact counts; hashing never decides equality.
// Work is linear in the bytes of the text for any text (n-grams: at most nine look-ups a word).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace refine {

struct RepetitionFeatures {
  float duplicate_line_fraction = 0;                 // second and later copies / lines
  float duplicate_line_character_fraction = 0;       // their characters / characters of the text
  float duplicate_paragraph_fraction = 0;
  float duplicate_paragraph_character_fraction = 0;
  float top_gram_fraction[3] = {};                   // n = 2..4: characters x count of the most frequent n-gram (count >= 2; ties: the longest) / characters of all words
  float duplicate_gram_fraction[6] = {};             // n = 5..10: characters of words covered by any n-gram that occurs twice or more / characters of all words
};

struct QualityFeatures {
  uint32_t word_count = 0;
  uint32_t stop_word_count = 0;       // distinct stop words that occur, case ignored
  float mean_word_length = 0;
  float hash_word_ratio = 0;          // '#' / words
  float ellipsis_word_ratio = 0;      // ("..." + U+2026) / words
  float bullet_line_fraction = 0;     // lines that start, white space aside, with U+2022 or '-'
  float ellipsis_line_fraction = 0;   // lines that end so with "..." or U+2026
  float alphabetic_word_fraction = 0; // words with a letter (category L)
};

// Holds scratch memory; one object serves one thread, document after document.
class TextFeatures {
 public:
  TextFeatures();
  ~TextFeatures();
  void set_stop_words(const std::vector<std::string>& words);
  RepetitionFeatures repetition(std::string_view text);
  QualityFeatures quality(std::string_view text);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

// RefinedWeb's line-wise corrections (Penedo et al. 2023, appendix G.2).
struct LineRules {
  float uppercase_character_fraction = 0.5f;  // a line with more of its characters in upper case goes
  uint32_t edit_max_words = 10;               // longer lines are not edited
  std::vector<std::string> counters;          // `3 likes`: what is counted, lower case
  std::vector<std::string> at_start, at_end, anywhere;  // cut out of short lines; lower case ASCII is matched without case
  bool drop_uppercase = true, drop_numeric = true, drop_counter = true, drop_one_word = true;
};

struct LineCounts {
  uint32_t words = 0, removed_words = 0, removed_lines = 0, edited_lines = 0;
};

// Appends the corrected text. Untouched text comes back byte for byte; where lines went, blank lines at the ends go too.
LineCounts correct_lines(std::string_view text, const LineRules& rules, std::string& out);

}  // namespace refine
