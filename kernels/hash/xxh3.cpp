// XXH3-64 with the default secret and seed 0, written from the specification (xxHash/doc/xxhash_spec.md). Oracle: PyPI xxhash.
// Inputs past 240 bytes: stripes of 64 bytes into eight lanes, a scramble every 1024 bytes; 64 bytes of input and of secret
// a stripe, lanes in registers, so a core reads at memory speed.
#include "refine/xxh3.h"

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace refine {
namespace {

constexpr uint64_t kP1 = 0x9E3779B185EBCA87ull, kP2 = 0xC2B2AE3D27D4EB4Full, kP3 = 0x165667B19E3779F9ull, kP4 = 0x85EBCA77C2B2AE63ull, kP5 = 0x27D4EB2F165667C5ull;
constexpr uint64_t kQ1 = 0x9E3779B1u, kQ2 = 0x85EBCA77u, kQ3 = 0xC2B2AE3Du;
constexpr size_t kStripe = 64, kStripesPerBlock = 16, kSecretBytes = 192;

alignas(64) constexpr uint8_t kSecret[kSecretBytes] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb,
    0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c, 0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb,
    0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3, 0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d, 0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31,
    0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64, 0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e, 0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc,
    0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, 0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e};

template <class T>
T load(const uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}
uint64_t load64(const uint8_t* p) { return load<uint64_t>(p); }
uint64_t secret64(size_t at) { return load64(kSecret + at); }

uint64_t fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return uint64_t(product) ^ uint64_t(product >> 64);
}
uint64_t avalanche(uint64_t h) {
  h = (h ^ (h >> 37)) * 0x165667919E3779F9ull;
  return h ^ (h >> 32);
}
uint64_t avalanche64(uint64_t h) {  // XXH64's
  h = (h ^ (h >> 33)) * kP2;
  h = (h ^ (h >> 29)) * kP3;
  return h ^ (h >> 32);
}
uint64_t mix16(const uint8_t* p, size_t secret) { return fold(load64(p) ^ secret64(secret), load64(p + 8) ^ secret64(secret + 8)); }

uint64_t upto16(const uint8_t* p, size_t size) {
  if (size > 8) {
    const uint64_t low = load64(p) ^ (secret64(24) ^ secret64(32)), high = load64(p + size - 8) ^ (secret64(40) ^ secret64(48));
    return avalanche(size + __builtin_bswap64(low) + high + fold(low, high));
  }
  if (size >= 4) {
    const uint64_t value = load<uint32_t>(p + size - 4) + (uint64_t(load<uint32_t>(p)) << 32);
    uint64_t h = value ^ (secret64(8) ^ secret64(16));
    h ^= std::rotl(h, 49) ^ std::rotl(h, 24);
    h *= 0x9FB21C651E98DF25ull;
    h = (h ^ ((h >> 35) + size)) * 0x9FB21C651E98DF25ull;
    return h ^ (h >> 28);
  }
  if (size > 0) {
    const uint32_t value = (uint32_t(p[0]) << 16) | (uint32_t(p[size >> 1]) << 24) | p[size - 1] | (uint32_t(size) << 8);
    return avalanche64(value ^ uint64_t(load<uint32_t>(kSecret) ^ load<uint32_t>(kSecret + 4)));
  }
  return avalanche64(secret64(56) ^ secret64(64));
}

uint64_t upto240(const uint8_t* p, size_t size) {
  uint64_t sum = size * kP1;
  if (size <= 128) {
    for (size_t i = (size - 1) / 32 + 1; i-- > 0;) sum += mix16(p + 16 * i, 32 * i) + mix16(p + size - 16 * (i + 1), 32 * i + 16);
    return avalanche(sum);
  }
  for (size_t i = 0; i < 8; ++i) sum += mix16(p + 16 * i, 16 * i);
  sum = avalanche(sum);
  for (size_t i = 8; i < size / 16; ++i) sum += mix16(p + 16 * i, 16 * (i - 8) + 3);
  return avalanche(sum + mix16(p + size - 16, 136 - 17));
}

void stripe_scalar(uint64_t* lanes, const uint8_t* p, const uint8_t* secret) {
  for (size_t i = 0; i < 8; ++i) {
    const uint64_t value = load64(p + 8 * i), key = value ^ load64(secret + 8 * i);
    lanes[i ^ 1] += value;
    lanes[i] += uint64_t(uint32_t(key)) * (key >> 32);
  }
}

void stripes_scalar(uint64_t* lanes, const uint8_t* p, size_t stripes, bool scramble) {
  for (size_t n = 0; n < stripes; ++n) stripe_scalar(lanes, p + n * kStripe, kSecret + 8 * n);
  if (!scramble) return;
  for (size_t i = 0; i < 8; ++i) lanes[i] = (lanes[i] ^ (lanes[i] >> 47) ^ secret64(kSecretBytes - kStripe + 8 * i)) * kQ1;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void stripes_avx2(uint64_t* lanes, const uint8_t* p, size_t stripes, bool scramble) {
  __m256i sum[2];
  for (int v = 0; v < 2; ++v) sum[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lanes + 4 * v));
  for (size_t n = 0; n < stripes; ++n) {
    for (int v = 0; v < 2; ++v) {
      const __m256i value = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + n * kStripe + 32 * size_t(v)));
      const __m256i key = _mm256_xor_si256(value, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kSecret + 8 * n + 32 * size_t(v))));
      const __m256i product = _mm256_mul_epu32(key, _mm256_srli_epi64(key, 32));
      sum[v] = _mm256_add_epi64(sum[v], _mm256_add_epi64(product, _mm256_shuffle_epi32(value, 0x4E)));  // 0x4E swaps a pair's halves
    }
  }
  for (int v = 0; v < 2; ++v) {
    if (scramble) {
      const __m256i secret = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kSecret + kSecretBytes - kStripe + 32 * size_t(v)));
      const __m256i mixed = _mm256_xor_si256(_mm256_xor_si256(sum[v], _mm256_srli_epi64(sum[v], 47)), secret);
      const __m256i prime = _mm256_set1_epi64x(int64_t(kQ1));
      sum[v] = _mm256_add_epi64(_mm256_mul_epu32(mixed, prime), _mm256_slli_epi64(_mm256_mul_epu32(_mm256_srli_epi64(mixed, 32), prime), 32));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes + 4 * v), sum[v]);
  }
}
#endif

uint64_t past240(const uint8_t* p, size_t size, [[maybe_unused]] Isa isa) {
  uint64_t lanes[8] = {kQ3, kP1, kP2, kP3, kP4, kQ2, kP5, kQ1};
  auto* stripes = stripes_scalar;
#if defined(__x86_64__)
  if (isa != Isa::kScalar) stripes = stripes_avx2;
#endif
  constexpr size_t kBlock = kStripe * kStripesPerBlock;
  const size_t blocks = (size - 1) / kBlock;
  for (size_t block = 0; block < blocks; ++block) stripes(lanes, p + block * kBlock, kStripesPerBlock, true);
  stripes(lanes, p + blocks * kBlock, (size - 1 - blocks * kBlock) / kStripe, false);
  stripe_scalar(lanes, p + size - kStripe, kSecret + kSecretBytes - kStripe - 7);
  uint64_t sum = size * kP1;
  for (size_t i = 0; i < 4; ++i) sum += fold(lanes[2 * i] ^ secret64(11 + 16 * i), lanes[2 * i + 1] ^ secret64(19 + 16 * i));
  return avalanche(sum);
}
}  // namespace

uint64_t xxh3_64(std::string_view bytes, Isa isa) {
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
  if (bytes.size() <= 16) return upto16(p, bytes.size());
  return bytes.size() <= 240 ? upto240(p, bytes.size()) : past240(p, bytes.size(), isa);
}

// read, not mmap: a file that shrinks meanwhile is an error here and would be a SIGBUS there.
Status file_chunk_hashes(const std::string& path, std::vector<uint64_t>& out) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Status::error("ERR_REFINE_DISK", "cannot be opened: " + std::string(std::strerror(errno)));
  const auto chunk = std::make_unique_for_overwrite<char[]>(kFileChunkBytes);
  Status status;
  for (size_t held = 0;;) {
    const ssize_t got = read(file, chunk.get() + held, kFileChunkBytes - held);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      status = Status::error("ERR_REFINE_DISK", "cannot be read: " + std::string(std::strerror(errno)));
      break;
    }
    held += size_t(got);
    if (got > 0 && held < kFileChunkBytes) continue;
    if (held > 0) out.push_back(xxh3_64({chunk.get(), held}));
    held = 0;
    if (got == 0) break;
  }
  close(file);
  return status;
}

}  // namespace refine
