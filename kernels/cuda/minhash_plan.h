// The arithmetic of the CUDA MinHash kernel that host and device share: which thread owns which hash, and the hash itself.
#pragma once
#include <cstdint>

#include "both.h"

namespace refine::cuda {

constexpr uint64_t kPrime = (uint64_t(1) << 61) - 1;
constexpr uint32_t kThreads = 128;    // a block
constexpr uint32_t kPerThread = 4;    // hashes a thread keeps in registers: a, b and the minimum of each
constexpr uint32_t kTile = 512;       // shingles that a block holds in shared memory, 4 KiB
constexpr uint32_t kPerBlock = kThreads * kPerThread;

// Blocks (x: documents, y: slices of hashes).
REFINE_BOTH uint32_t slices(uint32_t hashes) { return (hashes + kPerBlock - 1) / kPerBlock; }
// Neighbouring threads own neighbouring hashes, so loads of a and b and the store are coalesced.
REFINE_BOTH uint32_t hash_of(uint32_t slice, uint32_t thread, uint32_t slot) { return slice * kPerBlock + slot * kThreads + thread; }

REFINE_BOTH uint64_t high_product(uint64_t a, uint64_t x) {
#if defined(__CUDA_ARCH__)
  return __umul64hi(a, x);
#else
  return uint64_t((static_cast<unsigned __int128>(a) * x) >> 64);
#endif
}

REFINE_BOTH uint64_t reduce(uint64_t x) {
  x = (x & kPrime) + (x >> 61);
  return x >= kPrime ? x - kPrime : x;
}

// (a x + b) mod 2^61-1 for a, b, x below it: 2^61 = 1, so the product's bits from 61 on are added to those below.
REFINE_BOTH uint64_t affine(uint64_t a, uint64_t x, uint64_t b) {
  const uint64_t low = a * x;
  return reduce((low & kPrime) + (high_product(a, x) << 3 | low >> 61) + b);  // below 3 x 2^61: no wrap
}

}  // namespace refine::cuda
