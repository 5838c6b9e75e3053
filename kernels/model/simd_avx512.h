// Vectors of 16 floats by AVX-512 (F, BW, DQ, VL): the vocabulary the loops in *.inc are written in.
#pragma once
#include "../hash/intrinsics.h"
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12's own _mm256_undefined_pd (GCC bug 105593)
#endif

#define REFINE_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define REFINE_LANES REFINE_TARGET __attribute__((always_inline)) inline

namespace refine::model {
namespace {

using F = __m512;
constexpr int kWidth = 16;

REFINE_LANES __mmask16 head(int n) { return __mmask16((1u << n) - 1); }
REFINE_LANES F zero() { return _mm512_setzero_ps(); }
REFINE_LANES F set(float x) { return _mm512_set1_ps(x); }
REFINE_LANES F load(const float* p) { return _mm512_loadu_ps(p); }
REFINE_LANES F load_n(const float* p, int n) { return _mm512_maskz_loadu_ps(head(n), p); }
REFINE_LANES void store(float* p, F x) { _mm512_storeu_ps(p, x); }
REFINE_LANES void store_n(float* p, F x, int n) { _mm512_mask_storeu_ps(p, head(n), x); }
REFINE_LANES F add(F a, F b) { return _mm512_add_ps(a, b); }
REFINE_LANES F sub(F a, F b) { return _mm512_sub_ps(a, b); }
REFINE_LANES F mul(F a, F b) { return _mm512_mul_ps(a, b); }
REFINE_LANES F div(F a, F b) { return _mm512_div_ps(a, b); }
REFINE_LANES F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
// max(a, b): b where either is NaN.
REFINE_LANES F max(F a, F b) { return _mm512_max_ps(a, b); }
REFINE_LANES F min(F a, F b) { return _mm512_min_ps(a, b); }
REFINE_LANES F nearest(F a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
REFINE_LANES F absolute(F a) { return _mm512_abs_ps(a); }
// a * 2^n for whole n.
REFINE_LANES F scale_by_power(F a, F n) { return _mm512_scalef_ps(a, n); }
// |a| with the sign of b.
REFINE_LANES F copy_sign(F a, F b) { return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_set1_epi32(INT32_MIN), _mm512_castps_si512(b), _mm512_castps_si512(a), 0xCA)); }
// The floats of 32-bit integers p - q.
REFINE_LANES F difference(const int32_t* p, const int32_t* q) { return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_loadu_si512(p), _mm512_loadu_si512(q))); }
// p[at[i] - at[0]] in lane i; at never falls and rises by at most 1, so one vector from p holds them all.
REFINE_LANES F window(const float* p, const int32_t* at) { return _mm512_permutexvar_ps(_mm512_sub_epi32(_mm512_loadu_si512(at), _mm512_set1_epi32(at[0])), load(p)); }
// Each lane rounded to the nearest whole number of a signed byte (a value that is not a number as 0), xor `flip`.
REFINE_LANES void store_bytes(uint8_t* p, F x, uint8_t flip) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_xor_si128(_mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x)), _mm_set1_epi8(char(flip))));
}
// The floats of the two bfloat16 of each lane.
REFINE_LANES F low_half(F x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x), 16)); }
REFINE_LANES F high_half(F x) { return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(int(0xFFFF0000u)))); }
// The sum of the lanes: halves folded until one is left, the same tree in every set of this width.
REFINE_LANES float sum(F a) {
  const __m256 x = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  const __m128 y = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 z = _mm_add_ps(y, _mm_movehl_ps(y, y));
  return _mm_cvtss_f32(_mm_add_ss(z, _mm_shuffle_ps(z, z, 1)));
}
REFINE_LANES float largest(F a) {
  const __m256 x = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  const __m128 y = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 z = _mm_max_ps(y, _mm_movehl_ps(y, y));
  return _mm_cvtss_f32(_mm_max_ss(z, _mm_shuffle_ps(z, z, 1)));
}

}  // namespace
}  // namespace refine::model
