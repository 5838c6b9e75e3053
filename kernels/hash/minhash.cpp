// The draws of the affine family. See minhash.h.
#include "refine/minhash.h"

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
}  // namespace

uint64_t affine_multiplier(uint32_t k) { return draw(2 * uint64_t(k), 1); }
uint64_t affine_summand(uint32_t k) { return draw(2 * uint64_t(k) + 1, 0); }

}  // namespace refine
