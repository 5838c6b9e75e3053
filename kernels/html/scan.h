// Finding the next of a few bytes, sixteen at a time where SSE2 is there (every x86-64), and what classes of bytes end a
// name or a value. The scalar loop is the same function.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace refine::html {

enum ByteClass : uint8_t { kSpaceByte = 1, kEndsTagName = 2, kEndsAttributeName = 4, kEndsValue = 8 /* unquoted */, kUpperByte = 16 };
inline constexpr auto kByteClass = [] {
  std::array<uint8_t, 256> of{};
  for (const unsigned char c : {' ', '\n', '\t', '\f'}) of[c] = kSpaceByte | kEndsTagName | kEndsAttributeName | kEndsValue;
  of[static_cast<unsigned char>('/')] = kEndsTagName | kEndsAttributeName;
  of[static_cast<unsigned char>('>')] = kEndsTagName | kEndsAttributeName | kEndsValue;
  of[static_cast<unsigned char>('=')] = kEndsAttributeName;
  of[static_cast<unsigned char>('&')] = of[0] = kEndsValue;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) of[c] |= kUpperByte;
  return of;
}();
inline bool is_in(char c, uint8_t classes) { return (kByteClass[static_cast<unsigned char>(c)] & classes) != 0; }
inline bool is_html_space(char c) { return is_in(c, kSpaceByte); }
inline char lower_ascii(char c) { return is_in(c, kUpperByte) ? char(c + 32) : c; }

// The first of the three bytes in [p, end), or end.
inline const char* find_any(const char* p, const char* end, char a, char b, char c) {
#ifdef __SSE2__
  const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b), vc = _mm_set1_epi8(c);
  for (; end - p >= 16; p += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const int found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, va), _mm_cmpeq_epi8(x, vb)), _mm_cmpeq_epi8(x, vc)));
    if (found) return p + __builtin_ctz(unsigned(found));
  }
#endif
  while (p < end && *p != a && *p != b && *p != c) ++p;
  return p;
}

// How often c stands in the text without `next` behind it.
inline size_t count_pairs(std::string_view text, char c, char next) {
  size_t n = 0;
  const char* p = text.data();
  const char* const end = p + text.size();
#ifdef __SSE2__
  const __m128i vc = _mm_set1_epi8(c), vn = _mm_set1_epi8(next);
  while (end - p > 16) {
    __m128i sums = _mm_setzero_si128();
    for (int i = 0; i < 255 && end - p > 16; ++i, p += 16) {
      const __m128i found = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), vc);
      const __m128i followed = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 1)), vn);
      sums = _mm_sub_epi8(sums, _mm_andnot_si128(followed, found));
    }
    const __m128i words = _mm_sad_epu8(sums, _mm_setzero_si128());
    n += size_t(_mm_cvtsi128_si64(words)) + size_t(_mm_cvtsi128_si64(_mm_srli_si128(words, 8)));
  }
#endif
  for (; p < end; ++p) n += *p == c && (p + 1 == end || p[1] != next);
  return n;
}

// Length of the leading white space.
inline size_t space_run(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && is_html_space(text[n])) ++n;
  return n;
}

}  // namespace refine::html
