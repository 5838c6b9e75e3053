// Hashes of the word n-grams of a text's paragraphs, as DCLM's deduplication counts them (dclm 77e7bf5b dedup/bff, "old-both").
// A paragraph is a piece between "\n"; its tokens are the pieces between UAX #29 word breaks that are not white space alone, so
// punctuation counts; a paragraph of fewer than `most` but at least `least` tokens has one n-gram, all of its tokens.
//   n-gram of tokens t1..tn: sum of h(ti) B^(n-i) mod 2^61 - 1, h = XXH64 reduced, then MurmurHash3's 64-bit finaliser
// Two different n-grams meet with probability at most n / 2^61 for a random B (Carter & Wegman 1979), which is fixed here.
// Invariant: hashes are pure functions of the paragraph's bytes and the parameters. Linear: one multiplication in, one out a token.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace refine {

struct GramParams {
  uint32_t least = 13, most = 13;  // 1 <= least <= most <= kMaxGram
  bool normalise = false;          // true: paragraphs in the form `default` (normalize.h) first
};
constexpr uint32_t kMaxGram = 1000;

struct Paragraph {
  uint32_t start = 0, end = 0;  // bytes
  uint32_t grams = 0;           // its share of the hashes; never 0 here: paragraphs without an n-gram are left out
};

class ParagraphGrams {
 public:
  explicit ParagraphGrams(const GramParams& params);
  // In the order of the text, in place of what both held.
  void grams(std::string_view text, std::vector<Paragraph>& paragraphs, std::vector<uint64_t>& hashes);

 private:
  void add_paragraph(std::string_view text, std::vector<uint64_t>& hashes);
  GramParams params_;
  uint64_t leaving_ = 1;           // B^most
  std::vector<uint64_t> ring_;     // the last `most` token hashes
  std::string form_;
};

}  // namespace refine
