// Vectors of 8 floats by AVX2 and FMA: the vocabulary the loops in *.inc are written in.
#pragma once
#include "../hash/intrinsics.h"

#define REFINE_TARGET __attribute__((target("avx2,fma,f16c")))
#define REFINE_LANES REFINE_TARGET __attribute__((always_inline)) inline

namespace refine::model {
namespace {

using F = __m256;
constexpr int kWidth = 8;

alignas(32) constexpr int32_t kHead[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
REFINE_LANES __m256i head(int n) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kHead + 8 - n)); }
REFINE_LANES F zero() { return _mm256_setzero_ps(); }
REFINE_LANES F set(float x) { return _mm256_set1_ps(x); }
REFINE_LANES F load(const float* p) { return _mm256_loadu_ps(p); }
REFINE_LANES F load_n(const float* p, int n) { return _mm256_maskload_ps(p, head(n)); }
REFINE_LANES void store(float* p, F x) { _mm256_storeu_ps(p, x); }
REFINE_LANES void store_n(float* p, F x, int n) { _mm256_maskstore_ps(p, head(n), x); }
REFINE_LANES F add(F a, F b) { return _mm256_add_ps(a, b); }
REFINE_LANES F sub(F a, F b) { return _mm256_sub_ps(a, b); }
REFINE_LANES F mul(F a, F b) { return _mm256_mul_ps(a, b); }
REFINE_LANES F div(F a, F b) { return _mm256_div_ps(a, b); }
REFINE_LANES F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
REFINE_LANES F max(F a, F b) { return _mm256_max_ps(a, b); }
REFINE_LANES F min(F a, F b) { return _mm256_min_ps(a, b); }
REFINE_LANES F nearest(F a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
REFINE_LANES F absolute(F a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
// In two steps, each within the exponents of a normal float: n from -252 to 254.
REFINE_LANES F scale_by_power(F a, F n) {
  const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1), rest = _mm256_sub_epi32(whole, half), bias = _mm256_set1_epi32(127);
  const __m256 first = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  return _mm256_mul_ps(_mm256_mul_ps(a, first), _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23)));
}
REFINE_LANES F copy_sign(F a, F b) { return _mm256_or_ps(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a), _mm256_and_ps(_mm256_set1_ps(-0.0f), b)); }
// The floats of 32-bit integers p - q.
REFINE_LANES F difference(const int32_t* p, const int32_t* q) {
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q))));
}
// p[at[i] - at[0]] in lane i; at never falls and rises by at most 1, so one vector from p holds them all.
REFINE_LANES F window(const float* p, const int32_t* at) {
  return _mm256_permutevar8x32_ps(load(p), _mm256_sub_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), _mm256_set1_epi32(at[0])));
}
// Each lane rounded to the nearest whole number of a signed byte (a value that is not a number as 0), xor `flip`.
REFINE_LANES void store_bytes(uint8_t* p, F x, uint8_t flip) {
  const __m256i whole = _mm256_and_si256(_mm256_cvtps_epi32(x), _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_ORD_Q)));
  const __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_xor_si128(_mm_packs_epi16(half, half), _mm_set1_epi8(char(flip))));
}
// The floats of the two bfloat16 of each lane.
REFINE_LANES F low_half(F x) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 16)); }
REFINE_LANES F high_half(F x) { return _mm256_castsi256_ps(_mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(int(0xFFFF0000u)))); }
REFINE_LANES float sum(F x) {
  const __m128 y = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 z = _mm_add_ps(y, _mm_movehl_ps(y, y));
  return _mm_cvtss_f32(_mm_add_ss(z, _mm_shuffle_ps(z, z, 1)));
}
REFINE_LANES float largest(F x) {
  const __m128 y = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 z = _mm_max_ps(y, _mm_movehl_ps(y, y));
  return _mm_cvtss_f32(_mm_max_ss(z, _mm_shuffle_ps(z, z, 1)));
}

}  // namespace
}  // namespace refine::model
