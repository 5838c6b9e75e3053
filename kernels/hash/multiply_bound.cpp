// The machine's rate of 32 x 32 -> 64 bit products, which bounds the affine hashes: four of them make one. Independent chains, so
// that what counts is how many a cycle starts. For the bench.
#include "intrinsics.h"
#include "minhash_minima.h"

namespace refine {
namespace {

constexpr size_t kChains = 12;

uint64_t chain_scalar(size_t rounds) {
  uint64_t x[kChains], sum = 0;
  for (size_t i = 0; i < kChains; ++i) x[i] = 0x9E3779B1u + i;
  for (size_t round = 0; round < rounds; ++round)
    for (auto& value : x) value = uint64_t(uint32_t(value)) * 0x85EBCA77u;
  for (const uint64_t value : x) sum += value;
  return sum;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) uint64_t chain_avx2(size_t rounds) {
  __m256i x[kChains];
  const __m256i y = _mm256_set1_epi64x(0x85EBCA77);
  for (size_t i = 0; i < kChains; ++i) x[i] = _mm256_set1_epi64x(int64_t(0x9E3779B1u + i));
  for (size_t round = 0; round < rounds; ++round)
    for (auto& value : x) value = _mm256_mul_epu32(value, y);
  for (size_t i = 1; i < kChains; ++i) x[0] = _mm256_add_epi64(x[0], x[i]);
  return uint64_t(_mm256_extract_epi64(x[0], 0));
}
__attribute__((target("avx512f"))) uint64_t chain_avx512(size_t rounds) {
  __m512i x[kChains];
  const __m512i y = _mm512_set1_epi64(0x85EBCA77);
  for (size_t i = 0; i < kChains; ++i) x[i] = _mm512_set1_epi64(int64_t(0x9E3779B1u + i));
  for (size_t round = 0; round < rounds; ++round)
    for (auto& value : x) value = _mm512_mul_epu32(value, y);
  for (size_t i = 1; i < kChains; ++i) x[0] = _mm512_add_epi64(x[0], x[i]);
  return uint64_t(_mm512_reduce_add_epi64(x[0]));
}
#elif defined(__aarch64__)
uint64_t chain_neon(size_t rounds) {
  uint64x2_t x[kChains];
  const uint32x2_t y = vdup_n_u32(0x85EBCA77u);
  for (size_t i = 0; i < kChains; ++i) x[i] = vdupq_n_u64(0x9E3779B1u + i);
  for (size_t round = 0; round < rounds; ++round)
    for (auto& value : x) value = vmull_u32(vmovn_u64(value), y);
  for (size_t i = 1; i < kChains; ++i) x[0] = vaddq_u64(x[0], x[i]);
  return vgetq_lane_u64(x[0], 0);
}
#endif

}  // namespace

uint64_t multiply_products(Isa isa, size_t rounds, uint64_t* checksum) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return *checksum = chain_avx512(rounds), rounds * kChains * 8;
  if (isa == Isa::kAvx2) return *checksum = chain_avx2(rounds), rounds * kChains * 4;
#elif defined(__aarch64__)
  if (isa == Isa::kNeon) return *checksum = chain_neon(rounds), rounds * kChains * 2;
#endif
  (void)isa;
  return *checksum = chain_scalar(rounds), rounds * kChains;
}

}  // namespace refine
