// exp, log, sin, cos, tanh and erf whose bits do not depend on the platform's libm: only IEEE double +, -, *, / in a written
// order (the build forbids contraction). exp and log are within 2 ulp of the true value; the error of each other stands
// beside it. Used where a probability becomes an output byte, and by the reference transformer.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace refine {

// e^x. Range reduction by ln 2 in two parts (Cody & Waite 1980), then the Taylor series on |r| <= ln2/2: its 14th term is below 2^-60.
inline double fixed_exp(double x) {
  if (x != x) return x;
  if (x > 709.782712893384) return std::numeric_limits<double>::infinity();
  if (x < -708.0) return 0.0;  // results below 2^-1021 flush to zero
  constexpr double kInvLn2 = 1.4426950408889634, kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  const double scaled = x * kInvLn2;
  const auto n = static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double r = (x - double(n) * kLn2High) - double(n) * kLn2Low;
  double sum = 1.0 / 87178291200.0;  // 1/14!
  constexpr double kInverseFactorial[] = {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0,
                                          1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0};
  for (double c : kInverseFactorial) sum = sum * r + c;
  if (n == 1024) return sum * 2.0 * std::bit_cast<double>(uint64_t(1023 + 1023) << 52);
  return sum * std::bit_cast<double>(uint64_t(n + 1023) << 52);
}

// Natural logarithm of a finite x > 0; -inf at 0, NaN below. x = m 2^e with m in [sqrt(1/2), sqrt(2)), then
// log m = 2 atanh(s), s = (m-1)/(m+1), |s| < 0.1716: the series' 12th term is below 2^-58.
inline double fixed_log(double x) {
  if (x == 0) return -std::numeric_limits<double>::infinity();
  if (!(x > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (x == std::numeric_limits<double>::infinity()) return x;
  int64_t exponent = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984.0;  // 2^54: subnormals
    exponent -= 54;
  }
  const auto bits = std::bit_cast<uint64_t>(x);
  exponent += int64_t(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFull) | (uint64_t(1023) << 52));
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1.0) / (m + 1.0), square = s * s;
  double series = 0.0;
  for (int k = 23; k >= 3; k -= 2) series = (series + 1.0 / k) * square;
  constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  return double(exponent) * kLn2High + (2.0 * (s + s * series) + double(exponent) * kLn2Low);
}

// sin and cos of |x| <= 2^27; absolute error below 1e-15 (x itself is what the caller rounded). Reduction by pi/2 in three
// parts of which the first two have 26 bits, so that their multiples are exact (Cody & Waite 1980), then Taylor on |r| <= pi/4.
// NaN past 2^40 and for NaN.
struct SinCos {
  double sin, cos;
};
inline SinCos fixed_sin_cos(double x) {
  constexpr double kTwoOverPi = 0.6366197723675814, kHigh = 0x1.921fb5p+0, kMiddle = 0x1.110b46p-26, kLow = 0x1.1a62633145c07p-54;
  if (!(x > -0x1p40 && x < 0x1p40)) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  const double scaled = x * kTwoOverPi;
  const auto n = static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double r = ((x - double(n) * kHigh) - double(n) * kMiddle) - double(n) * kLow, square = r * r;
  double sine = 0, cosine = 0;  // divided by the factorials' quotients, from the innermost term (r^19, r^18) outwards
  for (int k = 18; k >= 2; k -= 2) sine = (1.0 + sine) * (-square / double(k * (k + 1)));
  for (int k = 18; k >= 2; k -= 2) cosine = (1.0 + cosine) * (-square / double(k * (k - 1)));
  sine = r + r * sine;
  cosine = 1.0 + cosine;
  switch (n & 3) {
    case 0: return {sine, cosine};
    case 1: return {cosine, -sine};
    case 2: return {-sine, -cosine};
    default: return {-cosine, sine};
  }
}

// Relative error below 1e-12: near 0 the series, elsewhere one exponential.
inline double fixed_tanh(double x) {
  const double square = x * x;
  if (square < 1e-6) return x * (1.0 - square * (1.0 / 3.0 - square * (2.0 / 15.0)));
  const double e = fixed_exp(x < 0 ? 2.0 * x : -2.0 * x), magnitude = (1.0 - e) / (1.0 + e);
  return x < 0 ? -magnitude : magnitude;
}

// Absolute error below 4e-15. 2/sqrt(pi) exp(-x^2) (x + 2x^3/3 + 4x^5/15 + ...): Abramowitz & Stegun 7.1.6, all terms of one
// sign; beyond 6 the value rounds to 1. At most about 110 terms.
inline double fixed_erf(double x) {
  if (x != x) return x;
  if (x > 6.0) return 1.0;
  if (x < -6.0) return -1.0;
  const double twice = 2.0 * x * x;
  double term = 1.0, sum = 1.0;
  for (int odd = 3; term > sum * 0x1p-56; odd += 2) {
    term *= twice / odd;
    sum += term;
  }
  return 1.1283791670955126 * x * fixed_exp(-x * x) * sum;
}

}  // namespace refine
