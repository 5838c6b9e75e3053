// fastText's hash of words and n-grams, and its end-of-line token.
#pragma once
#include <cstdint>
#include <string_view>

namespace refine {

inline constexpr std::string_view kEndOfLine = "</s>";
inline constexpr uint32_t kFnvBasis = 2166136261u, kFnvPrime = 16777619u;

// FNV-1a, but each byte is sign-extended first: fastText's quirk, which every published model depends on.
inline uint32_t fnv_step(uint32_t hash, uint8_t byte) { return (hash ^ uint32_t(int32_t(int8_t(byte)))) * kFnvPrime; }
inline uint32_t fnv_hash(std::string_view bytes) {
  uint32_t hash = kFnvBasis;
  for (char c : bytes) hash = fnv_step(hash, uint8_t(c));
  return hash;
}

}  // namespace refine
