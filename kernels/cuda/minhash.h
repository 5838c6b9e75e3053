// MinHash signatures of the affine family x -> (a x + b) mod 2^61-1, the minimum over a document's shingles for each hash.
#pragma once
#include "context.h"

namespace refine::cuda {

//   shingles (S)    sorted distinct shingle hashes of all documents back to back, any uint64 (reduced mod 2^61-1 here)
//   offsets  (R+1)  document r owns shingles[offsets[r] .. offsets[r+1])
//   a, b     (K)    both below 2^61-1
//   out      (R,K)  the minima; all ones where a document has no shingle
// R at most 2^31-1, K at most 512 x 65,535. Oracle: kernels/hash/minhash_minima.cpp, bit for bit.
cudaError_t minhash(const Context& context, const uint64_t* shingles, const int64_t* offsets, const uint64_t* a, const uint64_t* b, uint64_t* out, int64_t rows, int64_t hashes);

}  // namespace refine::cuda
