// The affine family of MinHash (Broder 1997; Carter & Wegman 1979): hash k maps a shingle x, taken mod p = 2^61 - 1, to
// (a[k] x + b[k]) mod p, exact (no wrap at 2^64); a[k] in 1..p-1, b[k] in 0..p-1.
// a and b come from a counter: draw(c) = SplitMix64's output function at c, top 61 bits; a[k] from counter 2k << 8,
// b[k] from (2k + 1) << 8, and the next counter where a draw is no member of its range (once in 2^61).
// Invariant: no instruction set changes a bit. Signatures and band keys are made of it in band_hasher.h.
#pragma once
#include <cstddef>
#include <cstdint>

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

}  // namespace refine
