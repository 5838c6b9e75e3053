// Band keys of MinHash signatures: MurmurHash3 x64 128 of a band's minima, little-endian, seeded with the band's number.
#pragma once
#include "context.h"

namespace refine::cuda {

//   minima (R, B, K)  of B bands from `first` on, each of K hashes (minhash.h)
//   out    (R, B, 2)  each band's key, high then low half
// R x B at most 2^39. Traffic: 8 R B K + 16 R B bytes, a share 1 / shingles of what the minima took to make.
// Oracle: refine::band_key (kernels/hash/band_hasher.cpp), bit for bit. Source: Appleby, MurmurHash3.
cudaError_t band_keys(const Context& context, const uint64_t* minima, uint64_t* out, int64_t rows, int64_t bands, int64_t hashes, int64_t first);

}  // namespace refine::cuda
