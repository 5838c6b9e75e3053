// CRC-32 (reflected, polynomial 0xEDB88320) and Adler-32. With carry-less multiplication four 128-bit lanes are folded a
// round (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel 2009); else slicing by 8.
#include <cstring>

#include "cpu.h"
#include "refine/digest.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace refine {
namespace {

struct Tables {
  uint32_t at[8][256];
  constexpr Tables() : at() {
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c >> 1) ^ (c & 1 ? 0xEDB88320u : 0);
      at[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; ++i)
      for (int t = 1; t < 8; ++t) at[t][i] = (at[t - 1][i] >> 8) ^ at[0][at[t - 1][i] & 0xFF];
  }
};
constexpr Tables kTables;

uint32_t crc_scalar(uint32_t crc, const uint8_t* p, size_t size) {  // on the inverted register
  const auto& t = kTables.at;
  for (; size >= 8; size -= 8, p += 8) {
    const uint32_t low = crc ^ (uint32_t(p[0]) | uint32_t(p[1]) << 8 | uint32_t(p[2]) << 16 | uint32_t(p[3]) << 24);
    crc = t[7][low & 0xFF] ^ t[6][(low >> 8) & 0xFF] ^ t[5][(low >> 16) & 0xFF] ^ t[4][low >> 24] ^ t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
  }
  for (; size > 0; --size) crc = (crc >> 8) ^ t[0][(crc ^ *p++) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
// size is a multiple of 16 and at least 64. Constants: x^n mod P, bit-reflected, from the paper's section for this polynomial.
__attribute__((target("pclmul,sse4.1"))) uint32_t crc_pclmul(uint32_t crc, const uint8_t* p, size_t size) {
  const auto load = [](const uint8_t* at) __attribute__((target("pclmul,sse4.1"))) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
  const __m128i k1k2 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4), k3k4 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i k5 = _mm_set_epi64x(0, 0x0163cd6124), poly = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  __m128i x[4];
  for (int i = 0; i < 4; ++i) x[i] = load(p + 16 * i);
  x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128(int(crc)));
  p += 64;
  size -= 64;
  for (; size >= 64; size -= 64, p += 64)
    for (int i = 0; i < 4; ++i)
      x[i] = _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x[i], k1k2, 0x00), _mm_clmulepi64_si128(x[i], k1k2, 0x11)), load(p + 16 * i));
  __m128i a = x[0];
  for (int i = 1; i < 4; ++i) a = _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(a, k3k4, 0x00), _mm_clmulepi64_si128(a, k3k4, 0x11)), x[i]);
  for (; size >= 16; size -= 16, p += 16)
    a = _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(a, k3k4, 0x00), _mm_clmulepi64_si128(a, k3k4, 0x11)), load(p));
  const __m128i mask = _mm_setr_epi32(-1, 0, -1, 0);
  a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, k3k4, 0x10));
  a = _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, mask), k5, 0x00));
  __m128i b = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(a, mask), poly, 0x10), mask);  // Barrett reduction
  a = _mm_xor_si128(a, _mm_clmulepi64_si128(b, poly, 0x00));
  return uint32_t(_mm_extract_epi32(a, 1));
}
#endif

}  // namespace

uint32_t crc32(uint32_t crc, const uint8_t* data, size_t size) {
  crc = ~crc;
#if defined(__x86_64__)
  if (size >= 64 && cpu::has_pclmul()) {
    const size_t whole = size & ~size_t(15);
    crc = crc_pclmul(crc, data, whole);
    data += whole;
    size -= whole;
  }
#endif
  return ~crc_scalar(crc, data, size);
}

uint32_t adler32(uint32_t adler, const uint8_t* data, size_t size) {
  uint32_t a = adler & 0xFFFF, b = adler >> 16;
  while (size > 0) {
    size_t run = size < 5552 ? size : 5552;  // the longest run that cannot overflow b
    size -= run;
    for (; run > 0; --run) {
      a += *data++;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b << 16 | a;
}

void use_instruction_sets(bool on) { cpu::enabled = on; }

}  // namespace refine
