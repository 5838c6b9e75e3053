// datatrove's hashes, whose product wraps at 2^64 before it is taken modulo 2^61-1, and their minima.
#include "minhash_minima.h"

namespace refine {

void wrapped_minima(Isa isa, const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t mask, uint64_t* lowest) {
  (void)isa;
  for (size_t k = 0; k < hashes; k += 4) {
    uint64_t low[4] = {lowest[k], lowest[k + 1], lowest[k + 2], lowest[k + 3]};
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < 4; ++j) {
        const uint64_t value = reduce_m61(a[k + j] * shingles[i] + b[k + j]) & mask;
        low[j] = value < low[j] ? value : low[j];
      }
    }
    for (size_t j = 0; j < 4; ++j) lowest[k + j] = low[j];
  }
}

}  // namespace refine
