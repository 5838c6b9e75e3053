// Split-block Bloom filter; see bloom.h. Salts and block choice are Parquet's (BloomFilter.md).
#include "refine/bloom.h"

#include "refine/fixed_math.h"

namespace refine {
namespace {
constexpr uint32_t kSalt[8] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du, 0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};
uint32_t bit(uint64_t hash, int word) { return uint32_t(1) << ((uint32_t(hash) * kSalt[word]) >> 27); }
size_t block_of(uint64_t hash, size_t blocks) { return size_t((static_cast<unsigned __int128>(hash >> 32) * blocks) >> 32); }
}  // namespace

double BloomFilter::expected_rate(uint64_t keys, size_t blocks) {
  const double mean = double(keys) / double(blocks);
  double poisson = fixed_exp(-mean), absent = 1.0, rate = 0.0, seen = 0.0;
  if (poisson == 0.0) return 1.0;  // a mean above 708 fills every block
  for (int k = 0; k < 4096 && seen < 1.0 - 1e-15; ++k) {
    const double set = 1.0 - absent, set2 = set * set, set4 = set2 * set2;
    rate += poisson * set4 * set4;
    seen += poisson;
    poisson *= mean / double(k + 1);
    absent *= 31.0 / 32.0;
  }
  return rate;
}

size_t BloomFilter::blocks_for(uint64_t keys, double rate) {
  size_t high = 1;
  while (high < (size_t(1) << 32) && expected_rate(keys, high) > rate) high *= 2;
  size_t low = high / 2;  // too few, or 0
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    (expected_rate(keys, middle) > rate ? low : high) = middle;
  }
  return high;
}

void BloomFilter::add(uint64_t hash) {
  uint32_t* block = words_.data() + block_of(hash, blocks_) * 8;
  for (int i = 0; i < 8; ++i) block[i] |= bit(hash, i);
}

bool BloomFilter::has(uint64_t hash) const {
  const uint32_t* block = words_.data() + block_of(hash, blocks_) * 8;
  uint32_t missing = 0;
  for (int i = 0; i < 8; ++i) missing |= bit(hash, i) & ~block[i];
  return missing == 0;
}

}  // namespace refine
