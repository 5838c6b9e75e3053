// How much of one text stands in another: sets of hashed word triples. A text of fewer words is one shingle of what it has.
// Invariant: bytes decide, but for ASCII case; a word is a run of letters, digits and bytes above 0x7F. Hashes stand for
// words (64 bits), so a share is exact but for collisions.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace refine::html {

template <class F>
void each_word(std::string_view text, F take) {
  uint64_t h = 0;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z')) h = (h + u + 1) * 0x9E3779B97F4A7C15ull;
    else if (u >= 'A' && u <= 'Z') h = (h + u + 33) * 0x9E3779B97F4A7C15ull;
    else if (h != 0) { take(h ^ (h >> 31)); h = 0; }
  }
  if (h != 0) take(h ^ (h >> 31));
}

template <class F>
void each_shingle(std::string_view text, F take) {
  uint64_t a = 0, b = 0;
  size_t words = 0;
  each_word(text, [&](uint64_t word) {
    if (++words >= 3) take((a * 0xBF58476D1CE4E5B9ull + b) * 0x94D049BB133111EBull + word);
    a = b;
    b = word;
  });
  if (words == 2) take(a * 0x94D049BB133111EBull + b);
  else if (words == 1) take(b);
}

class ShingleSet {
 public:
  void add(std::string_view text) { each_shingle(text, [&](uint64_t h) { hashes_.push_back(h); }); }
  void seal() {
    std::sort(hashes_.begin(), hashes_.end());
    for (const uint64_t h : hashes_) seen_[(h >> 6) & 63] |= uint64_t(1) << (h & 63);
  }  // after the last add, before the first share
  bool empty() const { return hashes_.empty(); }
  // The share of `text`'s shingles that are in the set; 0 for a text without words.
  double share(std::string_view text) const {
    if (hashes_.empty()) return 0;
    size_t all = 0, found = 0;
    each_shingle(text, [&](uint64_t h) { ++all; found += ((seen_[(h >> 6) & 63] >> (h & 63)) & 1) && std::binary_search(hashes_.begin(), hashes_.end(), h); });
    return all ? double(found) / double(all) : 0;
  }

 private:
  std::vector<uint64_t> hashes_;
  uint64_t seen_[64] = {};  // a bit for each value of twelve bits of a hash: most questions end here
};

}  // namespace refine::html
