// XXH64, Yann Collet; written from the specification (xxHash/doc/xxhash_spec.md). Oracle: npm xxhashjs and hash-wasm.
#include <bit>
#include <cstring>

#include "refine/hash.h"

namespace refine {
namespace {
constexpr uint64_t kP1 = 0x9E3779B185EBCA87ull, kP2 = 0xC2B2AE3D27D4EB4Full, kP3 = 0x165667B19E3779F9ull, kP4 = 0x85EBCA77C2B2AE63ull, kP5 = 0x27D4EB2F165667C5ull;

template <class T>
T load(const char* p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}
uint64_t round64(uint64_t lane, uint64_t input) { return std::rotl(lane + input * kP2, 31) * kP1; }
uint64_t merge(uint64_t hash, uint64_t lane) { return (hash ^ round64(0, lane)) * kP1 + kP4; }
}  // namespace

uint64_t xxh64(std::string_view bytes, uint64_t seed) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  uint64_t hash;
  if (bytes.size() >= 32) {
    uint64_t lanes[4] = {seed + kP1 + kP2, seed + kP2, seed, seed - kP1};
    for (; end - p >= 32; p += 32)
      for (int i = 0; i < 4; ++i) lanes[i] = round64(lanes[i], load<uint64_t>(p + 8 * i));
    hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (uint64_t lane : lanes) hash = merge(hash, lane);
  } else {
    hash = seed + kP5;
  }
  hash += bytes.size();
  for (; end - p >= 8; p += 8) hash = std::rotl(hash ^ round64(0, load<uint64_t>(p)), 27) * kP1 + kP4;
  if (end - p >= 4) {
    hash = std::rotl(hash ^ (load<uint32_t>(p) * kP1), 23) * kP2 + kP3;
    p += 4;
  }
  for (; p < end; ++p) hash = std::rotl(hash ^ (uint8_t(*p) * kP5), 11) * kP1;
  hash = (hash ^ (hash >> 33)) * kP2;
  hash = (hash ^ (hash >> 29)) * kP3;
  return hash ^ (hash >> 32);
}

}  // namespace refine
