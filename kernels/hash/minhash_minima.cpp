// (a x + b) mod 2^61-1 and its minimum, exactly: scalar with a 128-bit product, AVX2, AVX-512 and NEON with four 32-bit
// products. Traffic: the shingles once for each block of hashes; a, b and the minima stay in registers.
//
// Vector form, with x = xh 2^32 + xl (xh < 2^29) and a likewise, p = 2^61-1, so 2^61 = 1 and 2^64 = 8 (mod p):
//   hh = ah xh < 2^58, mid = ah xl + al xh < 2^62, ll = al xl < 2^64
//   a x = hh 2^64 + mid 2^32 + ll
//       = 8 hh + (mid >> 29) + ((mid mod 2^29) << 32) + (ll mod 2^61) + (ll >> 61)   (mod p)
// With b the sum stays below 2^63 + 2^34, so no lane wraps; one fold and one conditional subtraction end in 0..p-1.
#include "intrinsics.h"
#include "minhash_minima.h"

namespace refine {
namespace {

void minima_scalar(const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t* lowest) {
  for (size_t k = 0; k < hashes; k += 4) {
    uint64_t low[4] = {lowest[k], lowest[k + 1], lowest[k + 2], lowest[k + 3]};
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < 4; ++j) {
        const auto product = static_cast<unsigned __int128>(a[k + j]) * shingles[i];
        uint64_t value = (uint64_t(product) & kMersenne61) + uint64_t(product >> 61) + b[k + j];
        value = (value & kMersenne61) + (value >> 61);
        if (value >= kMersenne61) value -= kMersenne61;
        low[j] = value < low[j] ? value : low[j];
      }
    }
    for (size_t j = 0; j < 4; ++j) lowest[k + j] = low[j];
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) inline __m256i affine_avx2(__m256i a, __m256i a_high, __m256i b, __m256i x, __m256i x_high, __m256i p, __m256i low29) {
  const __m256i hh = _mm256_mul_epu32(a_high, x_high);
  const __m256i mid = _mm256_add_epi64(_mm256_mul_epu32(a_high, x), _mm256_mul_epu32(a, x_high));
  const __m256i ll = _mm256_mul_epu32(a, x);
  __m256i sum = _mm256_add_epi64(_mm256_slli_epi64(hh, 3), _mm256_srli_epi64(mid, 29));
  sum = _mm256_add_epi64(sum, _mm256_slli_epi64(_mm256_and_si256(mid, low29), 32));
  sum = _mm256_add_epi64(sum, _mm256_add_epi64(_mm256_and_si256(ll, p), _mm256_srli_epi64(ll, 61)));
  sum = _mm256_add_epi64(sum, b);
  const __m256i folded = _mm256_add_epi64(_mm256_and_si256(sum, p), _mm256_srli_epi64(sum, 61));
  const __m256i less = _mm256_sub_epi64(folded, p);  // negative where folded < p: then folded stands
  return _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(less), _mm256_castsi256_pd(folded), _mm256_castsi256_pd(less)));
}

__attribute__((target("avx2"))) void minima_avx2(const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t* lowest) {
  const __m256i p = _mm256_set1_epi64x(int64_t(kMersenne61)), low29 = _mm256_set1_epi64x((1 << 29) - 1), top = _mm256_set1_epi64x(INT64_MAX);
  for (size_t k = 0; k < hashes; k += 8) {
    __m256i av[2], ah[2], bv[2], low[2];
    for (int v = 0; v < 2; ++v) {
      av[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + k + 4 * v));
      ah[v] = _mm256_srli_epi64(av[v], 32);
      bv[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + k + 4 * v));
      low[v] = top;  // signed comparison: every value is below 2^61
    }
    for (size_t i = 0; i < n; ++i) {
      const __m256i x = _mm256_set1_epi64x(int64_t(shingles[i])), xh = _mm256_srli_epi64(x, 32);
      for (int v = 0; v < 2; ++v) {
        const __m256i value = affine_avx2(av[v], ah[v], bv[v], x, xh, p, low29);
        low[v] = _mm256_blendv_epi8(low[v], value, _mm256_cmpgt_epi64(low[v], value));
      }
    }
    alignas(32) uint64_t found[8];
    for (int v = 0; v < 2; ++v) _mm256_store_si256(reinterpret_cast<__m256i*>(found + 4 * v), low[v]);
    for (int j = 0; j < 8; ++j)
      if (n > 0 && found[j] < lowest[k + size_t(j)]) lowest[k + size_t(j)] = found[j];
  }
}

__attribute__((target("avx512f"))) inline __m512i affine_avx512(__m512i a, __m512i a_high, __m512i b, __m512i x, __m512i x_high, __m512i p, __m512i low29) {
  const __m512i hh = _mm512_mul_epu32(a_high, x_high);
  const __m512i mid = _mm512_add_epi64(_mm512_mul_epu32(a_high, x), _mm512_mul_epu32(a, x_high));
  const __m512i ll = _mm512_mul_epu32(a, x);
  __m512i sum = _mm512_add_epi64(_mm512_slli_epi64(hh, 3), _mm512_srli_epi64(mid, 29));
  sum = _mm512_add_epi64(sum, _mm512_slli_epi64(_mm512_and_si512(mid, low29), 32));
  sum = _mm512_add_epi64(sum, _mm512_add_epi64(_mm512_and_si512(ll, p), _mm512_srli_epi64(ll, 61)));
  sum = _mm512_add_epi64(sum, b);
  const __m512i folded = _mm512_add_epi64(_mm512_and_si512(sum, p), _mm512_srli_epi64(sum, 61));
  return _mm512_min_epu64(folded, _mm512_sub_epi64(folded, p));  // below p the difference wraps to a huge value
}

__attribute__((target("avx512f"))) void minima_avx512(const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t* lowest) {
  const __m512i p = _mm512_set1_epi64(int64_t(kMersenne61)), low29 = _mm512_set1_epi64((1 << 29) - 1);
  for (size_t k = 0; k < hashes; k += 16) {
    __m512i av[2], ah[2], bv[2], low[2];
    for (int v = 0; v < 2; ++v) {
      av[v] = _mm512_loadu_si512(a + k + 8 * v);
      ah[v] = _mm512_srli_epi64(av[v], 32);
      bv[v] = _mm512_loadu_si512(b + k + 8 * v);
      low[v] = _mm512_loadu_si512(lowest + k + 8 * v);
    }
    for (size_t i = 0; i < n; ++i) {
      const __m512i x = _mm512_set1_epi64(int64_t(shingles[i])), xh = _mm512_srli_epi64(x, 32);
      for (int v = 0; v < 2; ++v) low[v] = _mm512_min_epu64(low[v], affine_avx512(av[v], ah[v], bv[v], x, xh, p, low29));
    }
    for (int v = 0; v < 2; ++v) _mm512_storeu_si512(lowest + k + 8 * v, low[v]);
  }
}
#endif

#if defined(__aarch64__)
inline uint64x2_t affine_neon(uint32x2_t a, uint32x2_t a_high, uint64x2_t b, uint32x2_t x, uint32x2_t x_high, uint64x2_t p, uint64x2_t low29) {
  const uint64x2_t hh = vmull_u32(a_high, x_high), mid = vmlal_u32(vmull_u32(a_high, x), a, x_high), ll = vmull_u32(a, x);
  uint64x2_t sum = vaddq_u64(vshlq_n_u64(hh, 3), vshrq_n_u64(mid, 29));
  sum = vaddq_u64(sum, vshlq_n_u64(vandq_u64(mid, low29), 32));
  sum = vaddq_u64(sum, vaddq_u64(vandq_u64(ll, p), vshrq_n_u64(ll, 61)));
  sum = vaddq_u64(sum, b);
  const uint64x2_t folded = vaddq_u64(vandq_u64(sum, p), vshrq_n_u64(sum, 61));
  return vbslq_u64(vcgeq_u64(folded, p), vsubq_u64(folded, p), folded);
}

void minima_neon(const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t* lowest) {
  const uint64x2_t p = vdupq_n_u64(kMersenne61), low29 = vdupq_n_u64((1 << 29) - 1);
  for (size_t k = 0; k < hashes; k += 8) {
    uint32x2_t al[4], ah[4];
    uint64x2_t bv[4], low[4];
    for (int v = 0; v < 4; ++v) {
      const uint64x2_t whole = vld1q_u64(a + k + 2 * v);
      al[v] = vmovn_u64(whole);
      ah[v] = vshrn_n_u64(whole, 32);
      bv[v] = vld1q_u64(b + k + 2 * v);
      low[v] = vld1q_u64(lowest + k + 2 * v);
    }
    for (size_t i = 0; i < n; ++i) {
      const uint32x2_t x = vdup_n_u32(uint32_t(shingles[i])), xh = vdup_n_u32(uint32_t(shingles[i] >> 32));
      for (int v = 0; v < 4; ++v) {
        const uint64x2_t value = affine_neon(al[v], ah[v], bv[v], x, xh, p, low29);
        low[v] = vbslq_u64(vcltq_u64(value, low[v]), value, low[v]);
      }
    }
    for (int v = 0; v < 4; ++v) vst1q_u64(lowest + k + 2 * v, low[v]);
  }
}
#endif

}  // namespace

bool has_isa(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx2) return __builtin_cpu_supports("avx2");
  if (isa == Isa::kAvx512) return __builtin_cpu_supports("avx512f");
#elif defined(__aarch64__)
  if (isa == Isa::kNeon) return true;  // part of the architecture
#endif
  return isa == Isa::kScalar;
}

Isa best_isa() {
  static const Isa best = has_isa(Isa::kAvx512) ? Isa::kAvx512 : has_isa(Isa::kAvx2) ? Isa::kAvx2 : has_isa(Isa::kNeon) ? Isa::kNeon : Isa::kScalar;
  return best;
}

void minhash_minima(Isa isa, const uint64_t* shingles, size_t n, const uint64_t* a, const uint64_t* b, size_t hashes, uint64_t* lowest) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return minima_avx512(shingles, n, a, b, hashes, lowest);
  if (isa == Isa::kAvx2) return minima_avx2(shingles, n, a, b, hashes, lowest);
#elif defined(__aarch64__)
  if (isa == Isa::kNeon) return minima_neon(shingles, n, a, b, hashes, lowest);
#endif
  (void)isa;
  minima_scalar(shingles, n, a, b, hashes, lowest);
}

}  // namespace refine
