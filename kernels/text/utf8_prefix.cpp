// How many bytes of the input are valid UTF-8: 32 bytes a step where the machine has AVX2, else eight of ASCII or a
// character a step. Invariant: both ways give the same number, which always ends on a character's end.
// Source: Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte" (2021), by its description: three
// table look-ups on the nibbles of neighbouring bytes leave a bit set for each way in which the pair is wrong.
#include "utf8_prefix.h"

#include <cstring>

#include "refine/utf8.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace refine {
namespace {

const uint8_t* scalar_from(const uint8_t* p, const uint8_t* end) {
  while (p < end) {
    if (*p < 0x80) {
      uint64_t word;
      if (end - p >= 8 && (std::memcpy(&word, p, 8), (word & 0x8080808080808080ull) == 0)) p += 8;
      else ++p;
      continue;
    }
    const uint8_t* q = p;
    if (decode_utf8(q, end) == kReplacement && !(q - p == 3 && p[0] == 0xEF && p[1] == 0xBF && p[2] == 0xBD)) return p;
    p = q;
  }
  return end;
}

#if defined(__x86_64__)
// Ways in which two neighbouring bytes are wrong, a bit each; kTwoContinuations is right where a third byte is due.
enum : uint8_t {
  kTooShort = 1 << 0, kTooLong = 1 << 1, kOverlong3 = 1 << 2, kTooLarge = 1 << 3, kSurrogate = 1 << 4, kOverlong2 = 1 << 5,
  kTooLarge1000 = 1 << 6, kOverlong4 = 1 << 6, kTwoContinuations = 1 << 7, kCarry = kTooShort | kTooLong | kTwoContinuations
};
alignas(16) constexpr uint8_t kFirstHigh[16] = {
  kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong,
  kTwoContinuations, kTwoContinuations, kTwoContinuations, kTwoContinuations,
  kTooShort | kOverlong2, kTooShort, kTooShort | kOverlong3 | kSurrogate, kTooShort | kTooLarge | kTooLarge1000 | kOverlong4};
alignas(16) constexpr uint8_t kFirstLow[16] = {
  kCarry | kOverlong3 | kOverlong2 | kOverlong4, kCarry | kOverlong2, kCarry, kCarry, kCarry | kTooLarge,
  kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000,
  kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000,
  kCarry | kTooLarge | kTooLarge1000 | kSurrogate, kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000};
alignas(16) constexpr uint8_t kSecondHigh[16] = {
  kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort,
  kTooLong | kOverlong2 | kTwoContinuations | kOverlong3 | kTooLarge1000 | kOverlong4, kTooLong | kOverlong2 | kTwoContinuations | kOverlong3 | kTooLarge,
  kTooLong | kOverlong2 | kTwoContinuations | kSurrogate | kTooLarge, kTooLong | kOverlong2 | kTwoContinuations | kSurrogate | kTooLarge,
  kTooShort, kTooShort, kTooShort, kTooShort};

// Whole blocks of 32 from p on that show no error; a character may be open at the end of the last.
__attribute__((target("avx2"))) const uint8_t* good_blocks_avx2(const uint8_t* p, const uint8_t* end) {
  const __m256i first_high = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kFirstHigh)));
  const __m256i first_low = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kFirstLow)));
  const __m256i second_high = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kSecondHigh)));
  const __m256i nibble = _mm256_set1_epi8(0x0F);
  __m256i before = _mm256_setzero_si256();
  while (end - p >= 32) {
    const __m256i now = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    if (_mm256_movemask_epi8(_mm256_or_si256(now, before)) == 0) { p += 32; before = now; continue; }  // ASCII after ASCII
    const __m256i seam = _mm256_permute2x128_si256(before, now, 0x21);
    const __m256i back1 = _mm256_alignr_epi8(now, seam, 15), back2 = _mm256_alignr_epi8(now, seam, 14), back3 = _mm256_alignr_epi8(now, seam, 13);
    const __m256i wrong = _mm256_and_si256(
      _mm256_and_si256(_mm256_shuffle_epi8(first_high, _mm256_and_si256(_mm256_srli_epi16(back1, 4), nibble)),
                       _mm256_shuffle_epi8(first_low, _mm256_and_si256(back1, nibble))),
      _mm256_shuffle_epi8(second_high, _mm256_and_si256(_mm256_srli_epi16(now, 4), nibble)));
    // A third or fourth byte is due where the lead stands two or three back: there two continuations are right.
    const __m256i third = _mm256_subs_epu8(back2, _mm256_set1_epi8(char(0xE0 - 0x80))), fourth = _mm256_subs_epu8(back3, _mm256_set1_epi8(char(0xF0 - 0x80)));
    const __m256i due = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(char(0x80)));
    const __m256i error = _mm256_xor_si256(due, wrong);
    if (!_mm256_testz_si256(error, error)) break;
    before = now;
    p += 32;
  }
  return p;
}
#endif

}  // namespace

namespace detail {

size_t valid_utf8_prefix_scalar(std::string_view bytes) {
  const auto p = reinterpret_cast<const uint8_t*>(bytes.data());
  return size_t(scalar_from(p, p + bytes.size()) - p);
}

#if defined(__x86_64__)
bool has_avx2() { static const bool has = __builtin_cpu_supports("avx2"); return has; }
size_t valid_utf8_prefix_avx2(std::string_view bytes) {
  const auto start = reinterpret_cast<const uint8_t*>(bytes.data()), end = start + bytes.size();
  const uint8_t* stop = good_blocks_avx2(start, end);
  // The character that is open at `stop`, if any, begins at most three bytes before it.
  for (const uint8_t* p = stop; p > start && stop - p < 3;) {
    if (*--p < 0x80) break;
    if (*p >= 0xC0) { stop = p; break; }
  }
  return size_t(scalar_from(stop, end) - start);
}
#else
bool has_avx2() { return false; }
size_t valid_utf8_prefix_avx2(std::string_view bytes) { return valid_utf8_prefix_scalar(bytes); }
#endif

}  // namespace detail

size_t valid_utf8_prefix(std::string_view bytes) { return detail::has_avx2() ? detail::valid_utf8_prefix_avx2(bytes) : detail::valid_utf8_prefix_scalar(bytes); }

bool is_valid_utf8(std::string_view bytes) { return valid_utf8_prefix(bytes) == bytes.size(); }

}  // namespace refine
