// The hash of a run of symbols that moves on by one symbol in constant time: a polynomial mod 2^64 over mixed symbols. It
// only orders and groups; nothing is called equal by it.
#pragma once
#include <cstdint>

namespace refine::substring {

constexpr uint64_t kBase = 0x9e3779b97f4a7c15ull;

inline uint64_t mix(uint64_t x) {  // a bijection
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  x ^= x >> 29;
  return x;
}
inline uint64_t symbol_code(uint32_t symbol) { return mix((symbol + 1) * 0xbf58476d1ce4e5b9ull); }

inline uint64_t power(uint64_t base, uint32_t exponent) {
  uint64_t result = 1;
  for (; exponent; exponent >>= 1, base *= base)
    if (exponent & 1) result *= base;
  return result;
}

}  // namespace refine::substring
