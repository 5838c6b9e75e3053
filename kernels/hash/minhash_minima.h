// The inner loop of MinHash, one version an instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "refine/minhash.h"

namespace refine {

// lowest[k] = min(lowest[k], (a[k] x + b[k]) mod 2^61-1) over all x of shingles (size n, each < 2^61-1), k < hashes.
// hashes is a multiple of 16; a, b < 2^61-1. Isa must be one that has_isa() grants.
void minhash_minima(Isa isa, const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t* lowest);

// The same of datatrove's hashes: (((a[k] x + b[k]) mod 2^64) mod 2^61-1) & mask, for any 64-bit x.
void wrapped_minima(Isa isa, const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t mask, uint64_t* lowest);

}  // namespace refine
