// Vectors of 4 floats by NEON (arm64): the vocabulary the loops in *.inc are written in.
#pragma once
#include "../hash/intrinsics.h"

#define REFINE_TARGET
#define REFINE_LANES __attribute__((always_inline)) inline

namespace refine::model {
namespace {

using F = float32x4_t;
constexpr int kWidth = 4;

REFINE_LANES F zero() { return vdupq_n_f32(0); }
REFINE_LANES F set(float x) { return vdupq_n_f32(x); }
REFINE_LANES F load(const float* p) { return vld1q_f32(p); }
REFINE_LANES F load_n(const float* p, int n) {
  float x[4] = {};
  for (int i = 0; i < n; ++i) x[i] = p[i];
  return vld1q_f32(x);
}
REFINE_LANES void store(float* p, F x) { vst1q_f32(p, x); }
REFINE_LANES void store_n(float* p, F x, int n) {
  float lanes[4];
  vst1q_f32(lanes, x);
  for (int i = 0; i < n; ++i) p[i] = lanes[i];
}
REFINE_LANES F add(F a, F b) { return vaddq_f32(a, b); }
REFINE_LANES F sub(F a, F b) { return vsubq_f32(a, b); }
REFINE_LANES F mul(F a, F b) { return vmulq_f32(a, b); }
REFINE_LANES F div(F a, F b) { return vdivq_f32(a, b); }
REFINE_LANES F fma(F a, F b, F c) { return vfmaq_f32(c, a, b); }
REFINE_LANES F max(F a, F b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
REFINE_LANES F min(F a, F b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
REFINE_LANES F nearest(F a) { return vrndnq_f32(a); }
REFINE_LANES F absolute(F a) { return vabsq_f32(a); }
// In two steps, each within the exponents of a normal float: n from -252 to 254.
REFINE_LANES F scale_by_power(F a, F n) {
  const int32x4_t whole = vcvtq_s32_f32(n), half = vshrq_n_s32(whole, 1), rest = vsubq_s32(whole, half), bias = vdupq_n_s32(127);
  const F first = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, bias), 23));
  return vmulq_f32(vmulq_f32(a, first), vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(rest, bias), 23)));
}
REFINE_LANES F copy_sign(F a, F b) { return vbslq_f32(vdupq_n_u32(0x80000000u), b, a); }
// The floats of 32-bit integers p - q.
REFINE_LANES F difference(const int32_t* p, const int32_t* q) { return vcvtq_f32_s32(vsubq_s32(vld1q_s32(p), vld1q_s32(q))); }
// p[at[i] - at[0]] in lane i; at never falls and rises by at most 1.
REFINE_LANES F window(const float* p, const int32_t* at) {
  const float x[4] = {p[0], p[at[1] - at[0]], p[at[2] - at[0]], p[at[3] - at[0]]};
  return vld1q_f32(x);
}
// Each lane rounded to the nearest whole number of a signed byte (a value that is not a number as 0), xor `flip`.
REFINE_LANES void store_bytes(uint8_t* p, F x, uint8_t flip) {
  int32_t whole[4];
  vst1q_s32(whole, vcvtnq_s32_f32(x));
  for (int i = 0; i < 4; ++i) p[i] = uint8_t(whole[i]) ^ flip;
}
// The floats of the two bfloat16 of each lane.
REFINE_LANES F low_half(F x) { return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(x), 16)); }
REFINE_LANES F high_half(F x) { return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0xFFFF0000u))); }
REFINE_LANES float sum(F a) {
  const float32x2_t halves = vadd_f32(vget_low_f32(a), vget_high_f32(a));
  return vget_lane_f32(halves, 0) + vget_lane_f32(halves, 1);
}
REFINE_LANES float largest(F a) {
  const float32x2_t x = vget_low_f32(a), y = vget_high_f32(a);
  const float32x2_t halves = vbsl_f32(vcgt_f32(x, y), x, y);
  return vget_lane_f32(halves, 0) > vget_lane_f32(halves, 1) ? vget_lane_f32(halves, 0) : vget_lane_f32(halves, 1);
}

}  // namespace
}  // namespace refine::model
