// MinHash signatures of word n-grams and the LSH band keys made of them (Broder 1997; Indyk & Motwani 1998).
//   text -> normalised -> shingles: n consecutive words joined by one space, each XXH64, taken mod p = 2^61 - 1
//   hash k: x -> (a[k] x + b[k]) mod p, exact (no wrap at 2^64), Carter & Wegman 1979; a[k] in 1..p-1, b[k] in 0..p-1
//   signature: the K = bands x rows minima over the shingles; a band's key: MurmurHash3 x64 128 of its `rows` minima
//   (little-endian uint64), seeded with the band's number, so equal rows in different bands never meet.
// a and b come from a counter: draw(c) = SplitMix64's output function at c, top 61 bits; a[k] from counter 2k << 8,
// b[k] from (2k + 1) << 8, and the next counter where a draw is no member of its range (once in 2^61).
// Invariant: a signature depends on its text and the parameters alone, and no instruction set changes a bit of it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "refine/hash.h"

namespace refine {

constexpr uint64_t kMersenne61 = (uint64_t(1) << 61) - 1;
constexpr uint32_t kMaxHashes = 1 << 16;

// a[k] and b[k] of the family, and any 64-bit hash modulo p.
uint64_t affine_multiplier(uint32_t k);
uint64_t affine_summand(uint32_t k);
inline uint64_t reduce_m61(uint64_t x) {
  x = (x & kMersenne61) + (x >> 61);
  return x >= kMersenne61 ? x - kMersenne61 : x;
}

enum class Isa { kScalar, kAvx2, kAvx512, kNeon };
Isa best_isa();
bool has_isa(Isa isa);
// Multiplies 32 x 32 -> 64 bits in `rounds` rounds of independent chains; how many products. What bounds the hashes a second.
uint64_t multiply_products(Isa isa, size_t rounds, uint64_t* checksum);

struct MinhashParams {
  uint32_t bands = 14, rows = 8, words = 5;
  Normalise normalise = Normalise::kDefault;
  uint32_t hashes() const { return bands * rows; }
};

// The XXH64 of every run of `words` consecutive words, in order, repeats included; words are separated by white space
// (one space after normalisation; with kNone, runs of ASCII white space, joined by one space for hashing).
void shingle_hashes(std::string_view text, const MinhashParams& params, std::string& buffer, std::vector<uint64_t>& out);

class Minhasher {
 public:
  explicit Minhasher(const MinhashParams& params, Isa isa = best_isa());
  // K minima, each < p; false, and all ones, where the text has fewer words than a shingle.
  bool sign(std::string_view text, uint64_t* signature);
  void minima(std::vector<uint64_t>& shingles, uint64_t* signature) const;  // shingles: any 64-bit hashes; reduced in place
  void band_keys(const uint64_t* signature, Hash128* keys) const;
  const MinhashParams& params() const { return params_; }

 private:
  MinhashParams params_;
  Isa isa_;
  std::vector<uint64_t> a_, b_;  // padded to a multiple of 16 hashes
  std::string buffer_;
  std::vector<uint64_t> shingles_;
};

}  // namespace refine
