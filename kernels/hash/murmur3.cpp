// MurmurHash3_x64_128, Austin Appleby, public domain algorithm. Oracle: SMHasher's verification value, and mmh3.
#include <bit>
#include <cstring>

#include "refine/hash.h"
#include "refine/normalize.h"

namespace refine {
namespace {
constexpr uint64_t kC1 = 0x87c37b91114253d5ull, kC2 = 0x4cf5ad432745937full;

uint64_t load64(const char* p) {  // the core supports little-endian machines only; views.h's buffers are Arrow's
  uint64_t value;
  std::memcpy(&value, p, 8);
  return value;
}
uint64_t finish(uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccdull;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53ull;
  k ^= k >> 33;
  return k;
}
uint64_t scramble1(uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
uint64_t scramble2(uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }
}  // namespace

static_assert(std::endian::native == std::endian::little, "hashes and columns are little-endian");

Hash128 murmur3_128(std::string_view bytes, uint32_t seed) {
  uint64_t h1 = seed, h2 = seed;
  const size_t whole = bytes.size() & ~size_t(15);
  const char* p = bytes.data();
  for (const char* end = p + whole; p < end; p += 16) {
    h1 ^= scramble1(load64(p));
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729;
    h2 ^= scramble2(load64(p + 8));
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5;
  }
  const size_t left = bytes.size() - whole;
  if (left) {
    char tail[16] = {};  // absent bytes act as zeros; a zero half scrambles to zero
    std::memcpy(tail, p, left);
    h2 ^= scramble2(load64(tail + 8));
    h1 ^= scramble1(load64(tail));
  }
  h1 ^= bytes.size();
  h2 ^= bytes.size();
  h1 += h2;
  h2 += h1;
  h1 = finish(h1);
  h2 = finish(h2);
  h1 += h2;
  h2 += h1;
  return {h1, h2};
}

Hash128 content_hash(std::string_view text, Normalise normalise, std::string& buffer) {
  if (normalise == Normalise::kNone) return murmur3_128(text, 0);
  buffer.clear();
  normalize_default(text, buffer);
  return buffer.empty() ? murmur3_128(text, 1) : murmur3_128(buffer, 0);
}

}  // namespace refine
