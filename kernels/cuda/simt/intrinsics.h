// CUDA's intrinsics that are one thread's own. The fast approximations (__expf and the like) are the C library's here: a test whose
// tolerance needs the approximation's error cannot see it without a card.
#pragma once
#include <atomic>

using std::max;
using std::min;
inline unsigned min(unsigned a, int b) { return std::min(a, unsigned(b)); }
inline unsigned min(int a, unsigned b) { return std::min(unsigned(a), b); }
inline unsigned max(unsigned a, int b) { return std::max(a, unsigned(b)); }
inline unsigned max(int a, unsigned b) { return std::max(unsigned(a), b); }
inline long long min(long long a, int b) { return std::min<long long>(a, b); }
inline long long min(int a, long long b) { return std::min<long long>(a, b); }
inline long long max(long long a, int b) { return std::max<long long>(a, b); }
inline long long max(int a, long long b) { return std::max<long long>(a, b); }
inline long min(long a, int b) { return std::min<long>(a, b); }
inline long min(int a, long b) { return std::min<long>(a, b); }
inline long max(long a, int b) { return std::max<long>(a, b); }
inline long max(int a, long b) { return std::max<long>(a, b); }

inline unsigned __float_as_uint(float value) { return __builtin_bit_cast(unsigned, value); }
inline int __float_as_int(float value) { return __builtin_bit_cast(int, value); }
inline float __uint_as_float(unsigned bits) { return __builtin_bit_cast(float, bits); }
inline float __int_as_float(int bits) { return __builtin_bit_cast(float, bits); }
inline long long __double_as_longlong(double value) { return __builtin_bit_cast(long long, value); }
inline double __longlong_as_double(long long bits) { return __builtin_bit_cast(double, bits); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)(x)) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
  unsigned result = 0;
  for (int bit = 0; bit < 32; ++bit) result |= ((x >> bit) & 1u) << (31 - bit);
  return result;
}
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned((unsigned long long)(a) * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return (unsigned long long)((unsigned __int128)(a) * b >> 64); }
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return unsigned((((unsigned long long)(high) << 32 | low) << (shift & 31)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) { return unsigned(((unsigned long long)(high) << 32 | low) >> (shift & 31)); }
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  const unsigned long long both = (unsigned long long)(y) << 32 | x;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i) result |= unsigned(both >> (8 * (selector >> (4 * i) & 7)) & 0xff) << (8 * i);
  return result;
}
inline int __dp4a(int a, int b, int c) {
  for (int i = 0; i < 4; ++i) c += int(int8_t(unsigned(a) >> (8 * i))) * int8_t(unsigned(b) >> (8 * i));
  return c;
}

template <class T>
T __ldg(const T* address) {
  return *address;
}
template <class T>
T __ldcs(const T* address) {
  return *address;
}
template <class T>
T __ldcg(const T* address) {
  return *address;
}
template <class T>
void __stcs(T* address, T value) {
  *address = value;
}
template <class T>
void __stcg(T* address, T value) {
  *address = value;
}

inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline float __log2f(float x) { return std::log2(x); }
inline float __exp10f(float x) { return std::pow(10.f, x); }
inline float __powf(float x, float y) { return std::pow(x, y); }
inline float __sinf(float x) { return std::sin(x); }
inline float __cosf(float x) { return std::cos(x); }
inline float __tanhf(float x) { return std::tanh(x); }
inline void __sincosf(float x, float* s, float* c) {
  *s = std::sin(x);
  *c = std::cos(x);
}
inline float rsqrtf(float x) { return 1.f / std::sqrt(x); }
inline double rsqrt(double x) { return 1. / std::sqrt(x); }
inline float __frsqrt_rn(float x) { return float(1. / std::sqrt(double(x))); }
inline float __fsqrt_rn(float x) { return std::sqrt(x); }
inline float __frcp_rn(float x) { return 1.f / x; }
inline float __fdividef(float x, float y) { return x / y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fmaf_rn(float x, float y, float z) { return std::fma(x, y, z); }
inline double __dmul_rn(double x, double y) { return x * y; }
inline double __dadd_rn(double x, double y) { return x + y; }
inline float __saturatef(float x) { return x > 0.f ? (x < 1.f ? x : 1.f) : 0.f; }  // NaN gives 0, as on the device
// Conversions saturate; NaN gives 0.
inline int __float2int_rn(float x) { return x != x ? 0 : x >= 2147483648.f ? INT32_MAX : x <= -2147483648.f ? INT32_MIN : int(std::nearbyint(x)); }
inline int __float2int_rz(float x) { return x != x ? 0 : x >= 2147483648.f ? INT32_MAX : x <= -2147483648.f ? INT32_MIN : int(x); }
inline int __float2int_rd(float x) { return __float2int_rz(std::floor(x)); }
inline int __float2int_ru(float x) { return __float2int_rz(std::ceil(x)); }
inline unsigned __float2uint_rn(float x) { return !(x > 0.f) ? 0u : x >= 4294967296.f ? UINT32_MAX : unsigned(std::nearbyint(x)); }
inline float __int2float_rn(int x) { return float(x); }
inline float __uint2float_rn(unsigned x) { return float(x); }
inline float __ll2float_rn(long long x) { return float(x); }

template <class T>
__attribute__((no_sanitize("thread"))) T atomicAdd(T* address, T value) {
  const T before = *address;
  *address = before + value;
  return before;
}
inline unsigned long long atomicAdd(unsigned long long* address, unsigned long value) { return atomicAdd<unsigned long long>(address, value); }
template <class T>
__attribute__((no_sanitize("thread"))) T atomicMax(T* address, T value) {
  const T before = *address;
  *address = std::max(before, value);
  return before;
}
template <class T>
__attribute__((no_sanitize("thread"))) T atomicMin(T* address, T value) {
  const T before = *address;
  *address = std::min(before, value);
  return before;
}
template <class T>
__attribute__((no_sanitize("thread"))) T atomicOr(T* address, T value) {
  const T before = *address;
  *address = before | value;
  return before;
}
template <class T>
__attribute__((no_sanitize("thread"))) T atomicExch(T* address, T value) {
  const T before = *address;
  *address = value;
  return before;
}
template <class T>
__attribute__((no_sanitize("thread"))) T atomicCAS(T* address, T compare, T value) {
  const T before = *address;
  if (before == compare) *address = value;
  return before;
}
inline long long clock64() { return 0; }
