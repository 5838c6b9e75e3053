// XXH32, Yann Collet; written from the specification (xxHash/doc/xxhash_spec.md). Oracle: npm hash-wasm.
#include <bit>
#include <cstring>

#include "refine/hash.h"

namespace refine {
namespace {
constexpr uint32_t kP1 = 0x9E3779B1u, kP2 = 0x85EBCA77u, kP3 = 0xC2B2AE3Du, kP4 = 0x27D4EB2Fu, kP5 = 0x165667B1u;

uint32_t load(const char* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
}  // namespace

uint32_t xxh32(std::string_view bytes, uint32_t seed) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  uint32_t hash;
  if (bytes.size() >= 16) {
    uint32_t lanes[4] = {seed + kP1 + kP2, seed + kP2, seed, seed - kP1};
    for (; end - p >= 16; p += 16)
      for (int i = 0; i < 4; ++i) lanes[i] = std::rotl(lanes[i] + load(p + 4 * i) * kP2, 13) * kP1;
    hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
  } else {
    hash = seed + kP5;
  }
  hash += uint32_t(bytes.size());
  for (; end - p >= 4; p += 4) hash = std::rotl(hash + load(p) * kP3, 17) * kP4;
  for (; p < end; ++p) hash = std::rotl(hash + uint8_t(*p) * kP5, 11) * kP1;
  hash = (hash ^ (hash >> 15)) * kP2;
  hash = (hash ^ (hash >> 13)) * kP3;
  return hash ^ (hash >> 16);
}

}  // namespace refine
