// Arithmetic modulo the prime 2^61 - 1 on values below it, and a finaliser of 64 bits.
#pragma once
#include <cstdint>

namespace refine {

constexpr uint64_t kPrime61 = (uint64_t(1) << 61) - 1;

inline uint64_t reduce61(uint64_t x) {
  x = (x & kPrime61) + (x >> 61);
  return x >= kPrime61 ? x - kPrime61 : x;
}
inline uint64_t add61(uint64_t a, uint64_t b) { return reduce61(a + b); }
inline uint64_t sub61(uint64_t a, uint64_t b) { return a >= b ? a - b : a + kPrime61 - b; }
inline uint64_t mul61(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return reduce61((uint64_t(product) & kPrime61) + uint64_t(product >> 61));
}

// MurmurHash3's fmix64: a bijection whose every output bit depends on every input bit.
inline uint64_t mix64(uint64_t x) {
  x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCDull;
  x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53ull;
  return x ^ (x >> 33);
}

}  // namespace refine
