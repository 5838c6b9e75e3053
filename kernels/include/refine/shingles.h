// Shingles: every N consecutive words (or token ids) of a document as one hash. MinHash signatures and exact Jaccard
// similarities are made of these and of nothing else.
//   words:  the text in a normal form, cut into words by a method; a shingle is N words joined by one space, in UTF-8
//   tokens: a shingle is N ids, each a little-endian uint32, whatever width the column has
// Invariant: the hashes depend on the text and the parameters alone. A document with fewer words than a shingle has none.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "refine/dedupe_forms.h"
#include "refine/segment.h"

namespace refine {

enum class ShingleHash : uint8_t { kXxh64, kXxh32, kSha1_64, kSha1_32 };  // SHA-1: its first 8 or 4 bytes, little-endian

struct ShingleParams {
  uint32_t size = 5;  // words or tokens a shingle, 1 .. kMaxShingle
  DedupeForm form = DedupeForm::kDefault;
  WordMethod words = WordMethod::kWhiteSpace;  // of the text in its form
  ShingleHash hash = ShingleHash::kXxh64;
};
constexpr uint32_t kMaxShingle = 1000;

// datatrove's: its normal form, spaCy's English words, XXH64.
constexpr ShingleParams datatrove_shingles() { return {5, DedupeForm::kDatatrove, WordMethod::kSpacyEn, ShingleHash::kXxh64}; }

// Keeps its buffers from call to call: one for each thread.
class Shingler {
 public:
  explicit Shingler(const ShingleParams& params) : params_(params) {}
  // The hashes in order, repeats included, in place of what `out` held.
  void text(std::string_view text, std::vector<uint64_t>& out);
  void tokens(const uint32_t* ids, size_t count, std::vector<uint64_t>& out) { token_shingles(ids, count, out); }
  void tokens(const uint16_t* ids, size_t count, std::vector<uint64_t>& out) { token_shingles(ids, count, out); }
  // Of words that were cut elsewhere: all of them one after another in `bytes`, word i = [ends[i-1], ends[i]).
  void words(std::string_view bytes, const int32_t* ends, size_t count, std::vector<uint64_t>& out);
  const ShingleParams& params() const { return params_; }

 private:
  template <class Id>
  void token_shingles(const Id* ids, size_t count, std::vector<uint64_t>& out);
  void joined_words(std::vector<uint64_t>& out);  // of words_, one space apart

  ShingleParams params_;
  std::string form_, words_;
  std::vector<uint32_t> ids_;
  std::vector<size_t> starts_;  // a ring of the last word starts
};

// Ascending and each once: the set that a document is compared by, as records keep it.
void sort_distinct(std::vector<uint64_t>& hashes, std::vector<uint64_t>& scratch);

}  // namespace refine
