// Hashes for tables that hold a hostile document's strings: salted with the document's own bytes, and the salt is a factor
// of every multiplication. With a fixed factor a flip of the top bit passes through any multiplication unchanged, so blocks
// that cancel such flips collide under every salt, and 2^n words of n blocks make a table quadratic.
// Invariant: no result depends on these values; equality is always compared. Source: wyhash's folded multiplication (Wang Yi).
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace refine {

inline uint64_t mix64(uint64_t h) {  // SplitMix64's finaliser
  h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9ull;
  h = (h ^ (h >> 27)) * 0x94D049BB133111EBull;
  return h ^ (h >> 31);
}

inline uint64_t hash_bytes(std::string_view bytes, uint64_t salt) {
  const uint64_t factor = mix64(salt + 0x9E3779B97F4A7C15ull) | 1;
  const auto fold = [factor](uint64_t x) {
    const auto product = static_cast<unsigned __int128>(x) * factor;
    return uint64_t(product) ^ uint64_t(product >> 64);
  };
  uint64_t h = salt ^ (bytes.size() * 0x9E3779B97F4A7C15ull);
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; p += 8, left -= 8) {
    uint64_t chunk;
    std::memcpy(&chunk, p, 8);
    h = fold(h ^ chunk) + 0xD6E8FEB86659FD93ull;
  }
  if (left > 0) {
    uint64_t chunk = 0;
    std::memcpy(&chunk, p, left);
    h = fold(h ^ chunk);
  }
  return mix64(h);
}

}  // namespace refine
