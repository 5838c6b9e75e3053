// Shingles, permutations, signatures and band keys; the inner loop is minhash_minima.cpp's. See minhash.h.
#include "refine/minhash.h"

#include <algorithm>

#include "minhash_minima.h"
#include "refine/normalize.h"

namespace refine {
namespace {
uint64_t split_mix(uint64_t counter) {  // SplitMix64's output function (Steele, Lea, Flood 2014)
  uint64_t z = (counter + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}
uint64_t draw(uint64_t number, uint64_t lowest) {
  for (uint64_t counter = number << 8;; ++counter) {
    const uint64_t value = split_mix(counter) >> 3;
    if (value >= lowest && value < kMersenne61) return value;
  }
}
bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
}  // namespace

uint64_t affine_multiplier(uint32_t k) { return draw(2 * uint64_t(k), 1); }
uint64_t affine_summand(uint32_t k) { return draw(2 * uint64_t(k) + 1, 0); }

void shingle_hashes(std::string_view text, const MinhashParams& params, std::string& buffer, std::vector<uint64_t>& out) {
  out.clear();
  buffer.clear();
  if (params.normalise == Normalise::kDefault) {
    normalize_default(text, buffer);
  } else {
    for (char c : text) {
      if (!is_white(c)) buffer.push_back(c);
      else if (!buffer.empty() && buffer.back() != ' ') buffer.push_back(' ');
    }
    if (!buffer.empty() && buffer.back() == ' ') buffer.pop_back();
  }
  if (buffer.empty()) return;
  // Words now stand one space apart, so a shingle is a slice: from a word's start to the end of the words-1st after it.
  const size_t words = params.words;
  std::vector<size_t> starts(words);  // a ring of the last `words` word starts
  size_t count = 0, start = 0;
  while (start <= buffer.size()) {
    size_t end = buffer.find(' ', start);
    if (end == std::string::npos) end = buffer.size();
    starts[count % words] = start;
    if (++count >= words) {
      const size_t from = starts[count % words];  // the oldest of the ring
      out.push_back(xxh64({buffer.data() + from, end - from}));
    }
    start = end + 1;
  }
}

Minhasher::Minhasher(const MinhashParams& params, Isa isa) : params_(params), isa_(isa) {
  const uint32_t hashes = params.hashes(), padded = (hashes + 15) & ~15u;
  a_.assign(padded, 1);
  b_.assign(padded, 0);
  for (uint32_t k = 0; k < hashes; ++k) {
    a_[k] = affine_multiplier(k);
    b_[k] = affine_summand(k);
  }
}

void Minhasher::minima(std::vector<uint64_t>& shingles, uint64_t* signature) const {
  for (auto& shingle : shingles) shingle = reduce_m61(shingle);
  std::vector<uint64_t> lowest(a_.size(), UINT64_MAX);
  minhash_minima(isa_, shingles.data(), shingles.size(), a_.data(), b_.data(), a_.size(), lowest.data());
  std::copy_n(lowest.begin(), params_.hashes(), signature);
}

bool Minhasher::sign(std::string_view text, uint64_t* signature) {
  shingle_hashes(text, params_, buffer_, shingles_);
  minima(shingles_, signature);
  return !shingles_.empty();
}

void Minhasher::band_keys(const uint64_t* signature, Hash128* keys) const {
  for (uint32_t band = 0; band < params_.bands; ++band)
    keys[band] = murmur3_128({reinterpret_cast<const char*>(signature + size_t(band) * params_.rows), params_.rows * sizeof(uint64_t)}, band);
}

}  // namespace refine
