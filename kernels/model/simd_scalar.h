// Vectors of 4 floats in plain C++ (the compiler may use SSE2): the vocabulary the loops in *.inc are written in, for every machine.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#define REFINE_TARGET
#define REFINE_LANES __attribute__((always_inline)) inline

namespace refine::model {
namespace {

typedef float F __attribute__((vector_size(16)));
typedef int32_t Whole __attribute__((vector_size(16)));
constexpr int kWidth = 4;

REFINE_LANES F zero() { return F{}; }
REFINE_LANES F set(float x) { return F{x, x, x, x}; }
REFINE_LANES F load(const float* p) {
  F x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
REFINE_LANES F load_n(const float* p, int n) {
  F x{};
  for (int i = 0; i < n; ++i) x[i] = p[i];
  return x;
}
REFINE_LANES void store(float* p, F x) { std::memcpy(p, &x, sizeof x); }
REFINE_LANES void store_n(float* p, F x, int n) {
  for (int i = 0; i < n; ++i) p[i] = x[i];
}
REFINE_LANES F add(F a, F b) { return a + b; }
REFINE_LANES F sub(F a, F b) { return a - b; }
REFINE_LANES F mul(F a, F b) { return a * b; }
REFINE_LANES F div(F a, F b) { return a / b; }
REFINE_LANES F fma(F a, F b, F c) { return a * b + c; }  // two roundings
REFINE_LANES F max(F a, F b) { return a > b ? a : b; }
REFINE_LANES F min(F a, F b) { return a < b ? a : b; }
REFINE_LANES F nearest(F a) {
  for (int i = 0; i < kWidth; ++i) a[i] = std::nearbyint(a[i]);
  return a;
}
REFINE_LANES F absolute(F a) { return (F)((Whole)a & INT32_MAX); }
// In two steps, each within the exponents of a normal float: n from -252 to 254.
REFINE_LANES F scale_by_power(F a, F n) {
  const Whole whole = (Whole)(n + 12582912.0f) - 0x4B400000, half = whole >> 1, rest = whole - half;  // 1.5 * 2^23: n in the low bits, without a cast that NaN would break
  return a * (F)((half + 127) << 23) * (F)((rest + 127) << 23);
}
REFINE_LANES F copy_sign(F a, F b) { return (F)(((Whole)a & INT32_MAX) | ((Whole)b & INT32_MIN)); }
// The floats of 32-bit integers p - q.
REFINE_LANES F difference(const int32_t* p, const int32_t* q) { return F{float(p[0] - q[0]), float(p[1] - q[1]), float(p[2] - q[2]), float(p[3] - q[3])}; }
// p[at[i] - at[0]] in lane i; at never falls and rises by at most 1.
REFINE_LANES F window(const float* p, const int32_t* at) {
  const float x[4] = {p[0], p[at[1] - at[0]], p[at[2] - at[0]], p[at[3] - at[0]]};
  return load(x);
}
// Each lane rounded to the nearest whole number of a signed byte (a value that is not a number as 0), xor `flip`.
REFINE_LANES void store_bytes(uint8_t* p, F x, uint8_t flip) {
  const Whole whole = ((Whole)(x + 12582912.0f) - 0x4B400000) & (x == x);  // as in scale_by_power
  for (int i = 0; i < kWidth; ++i) p[i] = uint8_t(whole[i]) ^ flip;
}
// The floats of the two bfloat16 of each lane.
REFINE_LANES F low_half(F x) { return (F)((Whole)x << 16); }
REFINE_LANES F high_half(F x) { return (F)((Whole)x & int32_t(0xFFFF0000u)); }
REFINE_LANES float sum(F a) { return (a[0] + a[2]) + (a[1] + a[3]); }
REFINE_LANES float largest(F a) {
  const float x = a[0] > a[2] ? a[0] : a[2], y = a[1] > a[3] ? a[1] : a[3];
  return x > y ? x : y;
}

}  // namespace
}  // namespace refine::model
