// datatrove's hashes, whose product wraps at 2^64 before it is taken modulo 2^61-1, and their minima. Vector forms make the
// low 64 bits of a product of three 32-bit ones: al xl + ((al xh + ah xl) << 32).
#include "intrinsics.h"
#include "minhash_minima.h"

namespace refine {
namespace {

void wrapped_scalar(const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t mask, uint64_t* lowest) {
  for (size_t k = 0; k < hashes; k += 4) {
    uint64_t low[4] = {lowest[k], lowest[k + 1], lowest[k + 2], lowest[k + 3]};
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < 4; ++j) {
        const uint64_t value = reduce_m61(a[k + j] * shingles[i] + b[k + j]) & mask;
        low[j] = value < low[j] ? value : low[j];
      }
    }
    for (size_t j = 0; j < 4; ++j) lowest[k + j] = low[j];
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void wrapped_avx2(const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t mask, uint64_t* lowest) {
  const __m256i p = _mm256_set1_epi64x(int64_t(kMersenne61)), keep = _mm256_set1_epi64x(int64_t(mask)), top = _mm256_set1_epi64x(INT64_MAX);
  for (size_t k = 0; k < hashes; k += 4) {
    const __m256i av = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + k)), ah = _mm256_srli_epi64(av, 32);
    const __m256i bv = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + k));
    __m256i low = top;  // signed comparison: every value is below 2^61
    for (size_t i = 0; i < n; ++i) {
      const __m256i x = _mm256_set1_epi64x(int64_t(shingles[i])), xh = _mm256_srli_epi64(x, 32);
      const __m256i middle = _mm256_add_epi64(_mm256_mul_epu32(av, xh), _mm256_mul_epu32(ah, x));
      const __m256i wrapped = _mm256_add_epi64(_mm256_add_epi64(_mm256_mul_epu32(av, x), _mm256_slli_epi64(middle, 32)), bv);
      const __m256i folded = _mm256_add_epi64(_mm256_and_si256(wrapped, p), _mm256_srli_epi64(wrapped, 61)), less = _mm256_sub_epi64(folded, p);
      const __m256i reduced = _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(less), _mm256_castsi256_pd(folded), _mm256_castsi256_pd(less)));
      const __m256i value = _mm256_and_si256(reduced, keep);
      low = _mm256_blendv_epi8(low, value, _mm256_cmpgt_epi64(low, value));
    }
    alignas(32) uint64_t found[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(found), low);
    for (int j = 0; j < 4; ++j)
      if (n > 0 && found[j] < lowest[k + size_t(j)]) lowest[k + size_t(j)] = found[j];
  }
}

__attribute__((target("avx512f"))) void wrapped_avx512(const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t mask, uint64_t* lowest) {
  const __m512i p = _mm512_set1_epi64(int64_t(kMersenne61)), keep = _mm512_set1_epi64(int64_t(mask));
  for (size_t k = 0; k < hashes; k += 8) {
    const __m512i av = _mm512_loadu_si512(a + k), ah = _mm512_srli_epi64(av, 32), bv = _mm512_loadu_si512(b + k);
    __m512i low = _mm512_loadu_si512(lowest + k);
    for (size_t i = 0; i < n; ++i) {
      const __m512i x = _mm512_set1_epi64(int64_t(shingles[i])), xh = _mm512_srli_epi64(x, 32);
      const __m512i middle = _mm512_add_epi64(_mm512_mul_epu32(av, xh), _mm512_mul_epu32(ah, x));
      const __m512i wrapped = _mm512_add_epi64(_mm512_add_epi64(_mm512_mul_epu32(av, x), _mm512_slli_epi64(middle, 32)), bv);
      const __m512i folded = _mm512_add_epi64(_mm512_and_si512(wrapped, p), _mm512_srli_epi64(wrapped, 61));
      low = _mm512_min_epu64(low, _mm512_and_si512(_mm512_min_epu64(folded, _mm512_sub_epi64(folded, p)), keep));
    }
    _mm512_storeu_si512(lowest + k, low);
  }
}
#elif defined(__aarch64__)
void wrapped_neon(const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t mask, uint64_t* lowest) {
  const uint64x2_t p = vdupq_n_u64(kMersenne61), keep = vdupq_n_u64(mask);
  for (size_t k = 0; k < hashes; k += 2) {
    const uint64x2_t whole = vld1q_u64(a + k), bv = vld1q_u64(b + k);
    const uint32x2_t al = vmovn_u64(whole), ah = vshrn_n_u64(whole, 32);
    uint64x2_t low = vld1q_u64(lowest + k);
    for (size_t i = 0; i < n; ++i) {
      const uint32x2_t x = vdup_n_u32(uint32_t(shingles[i])), xh = vdup_n_u32(uint32_t(shingles[i] >> 32));
      const uint64x2_t middle = vmlal_u32(vmull_u32(al, xh), ah, x);
      const uint64x2_t wrapped = vaddq_u64(vmlal_u32(vshlq_n_u64(middle, 32), al, x), bv);
      const uint64x2_t folded = vaddq_u64(vandq_u64(wrapped, p), vshrq_n_u64(wrapped, 61));
      const uint64x2_t value = vandq_u64(vbslq_u64(vcgeq_u64(folded, p), vsubq_u64(folded, p), folded), keep);
      low = vbslq_u64(vcltq_u64(value, low), value, low);
    }
    vst1q_u64(lowest + k, low);
  }
}
#endif

}  // namespace

void wrapped_minima(Isa isa, const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t mask, uint64_t* lowest) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return wrapped_avx512(shingles, n, a, b, hashes, mask, lowest);
  if (isa == Isa::kAvx2) return wrapped_avx2(shingles, n, a, b, hashes, mask, lowest);
#elif defined(__aarch64__)
  if (isa == Isa::kNeon) return wrapped_neon(shingles, n, a, b, hashes, mask, lowest);
#endif
  (void)isa;
  wrapped_scalar(shingles, n, a, b, hashes, mask, lowest);
}

}  // namespace refine
