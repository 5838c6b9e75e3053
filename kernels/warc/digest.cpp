// MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4): scalar, and with x86's SHA instructions where the processor has them.
#include "refine/digest.h"

#include <cstring>

#include "cpu.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace refine {
namespace {

constexpr uint32_t kMd5Sines[64] = {  // floor(2^32 * |sin(i + 1)|)
    0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
    0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
    0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
    0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
    0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
    0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
    0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
    0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391,
};
alignas(16) constexpr uint32_t kSha256Roots[64] = {  // fractions of the cube roots of the first 64 primes
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};
constexpr uint32_t kMd5Start[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
constexpr uint32_t kSha1Start[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
constexpr uint32_t kSha256Start[8] = {  // fractions of the square roots of the first 8 primes
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
};

inline uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }
inline uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }
inline uint32_t be32(const uint8_t* p) { return uint32_t(p[0]) << 24 | uint32_t(p[1]) << 16 | uint32_t(p[2]) << 8 | p[3]; }
inline uint32_t le32(const uint8_t* p) { return uint32_t(p[3]) << 24 | uint32_t(p[2]) << 16 | uint32_t(p[1]) << 8 | p[0]; }

void md5_blocks(uint32_t* state, const uint8_t* p, size_t blocks) {
  static constexpr uint8_t kShift[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  for (; blocks > 0; --blocks, p += 64) {
    uint32_t w[16];
    for (int i = 0; i < 16; ++i) w[i] = le32(p + 4 * i);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (int i = 0; i < 64; ++i) {
      const int round = i >> 4;
      uint32_t f;
      int g;
      if (round == 0) f = (b & c) | (~b & d), g = i;
      else if (round == 1) f = (d & b) | (~d & c), g = (5 * i + 1) & 15;
      else if (round == 2) f = b ^ c ^ d, g = (3 * i + 5) & 15;
      else f = c ^ (b | ~d), g = (7 * i) & 15;
      f += a + kMd5Sines[i] + w[g];
      a = d;
      d = c;
      c = b;
      b += rotl(f, kShift[round][i & 3]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
  }
}

void sha1_blocks_scalar(uint32_t* state, const uint8_t* p, size_t blocks) {
  for (; blocks > 0; --blocks, p += 64) {
    uint32_t w[80];
    for (int i = 0; i < 16; ++i) w[i] = be32(p + 4 * i);
    for (int i = 16; i < 80; ++i) w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 80; ++i) {
      uint32_t f;
      if (i < 20) f = ((b & c) | (~b & d)) + 0x5A827999;
      else if (i < 40) f = (b ^ c ^ d) + 0x6ED9EBA1;
      else if (i < 60) f = ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC;
      else f = (b ^ c ^ d) + 0xCA62C1D6;
      f += rotl(a, 5) + e + w[i];
      e = d;
      d = c;
      c = rotl(b, 30);
      b = a;
      a = f;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
  }
}

void sha256_blocks_scalar(uint32_t* state, const uint8_t* p, size_t blocks) {
  for (; blocks > 0; --blocks, p += 64) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; ++i) w[i] = be32(p + 4 * i);
    for (int i = 16; i < 64; ++i) {
      const uint32_t x = w[i - 15], y = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3)) + (rotr(y, 17) ^ rotr(y, 19) ^ (y >> 10));
    }
    std::memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; ++i) {
      const uint32_t t1 = s[7] + (rotr(s[4], 6) ^ rotr(s[4], 11) ^ rotr(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + kSha256Roots[i] + w[i];
      const uint32_t t2 = (rotr(s[0], 2) ^ rotr(s[0], 13) ^ rotr(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
      std::memmove(s + 1, s, 7 * sizeof(uint32_t));
      s[4] += t1;
      s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; ++i) state[i] += s[i];
  }
}

#if defined(__x86_64__)
#define REFINE_SHA __attribute__((target("sha,sse4.1,ssse3")))

// `kLanes` independent streams, interleaved: sha1rnds4 waits for its predecessor, so a second stream is almost free.
template <int kLanes>
REFINE_SHA void sha1_blocks_ni(uint32_t* const* states, const uint8_t* const* data, size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
  __m128i abcd[kLanes], e0[kLanes];
  const uint8_t* p[kLanes];
  for (int k = 0; k < kLanes; ++k) {
    abcd[k] = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(states[k])), 0x1B);
    e0[k] = _mm_set_epi32(int(states[k][4]), 0, 0, 0);
    p[k] = data[k];
  }
  for (; blocks > 0; --blocks) {
    __m128i abcd_in[kLanes], previous[kLanes], w[kLanes][4];
    for (int k = 0; k < kLanes; ++k) abcd_in[k] = abcd[k];
#define REFINE_SHA1_GROUP(g)                                                                                              \
  for (int k = 0; k < kLanes; ++k) {                                                                                      \
    __m128i& word = w[k][(g) & 3];                                                                                        \
    if ((g) < 4) word = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p[k] + 16 * (g))), swap);        \
    else word = _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(word, w[k][((g) + 1) & 3]), w[k][((g) + 2) & 3]), w[k][((g) + 3) & 3]); \
    const __m128i e = (g) == 0 ? _mm_add_epi32(e0[k], word) : _mm_sha1nexte_epu32(previous[k], word);                     \
    previous[k] = abcd[k];                                                                                                \
    abcd[k] = _mm_sha1rnds4_epu32(abcd[k], e, (g) / 5);                                                                   \
  }
    REFINE_SHA1_GROUP(0) REFINE_SHA1_GROUP(1) REFINE_SHA1_GROUP(2) REFINE_SHA1_GROUP(3) REFINE_SHA1_GROUP(4)
    REFINE_SHA1_GROUP(5) REFINE_SHA1_GROUP(6) REFINE_SHA1_GROUP(7) REFINE_SHA1_GROUP(8) REFINE_SHA1_GROUP(9)
    REFINE_SHA1_GROUP(10) REFINE_SHA1_GROUP(11) REFINE_SHA1_GROUP(12) REFINE_SHA1_GROUP(13) REFINE_SHA1_GROUP(14)
    REFINE_SHA1_GROUP(15) REFINE_SHA1_GROUP(16) REFINE_SHA1_GROUP(17) REFINE_SHA1_GROUP(18) REFINE_SHA1_GROUP(19)
#undef REFINE_SHA1_GROUP
    for (int k = 0; k < kLanes; ++k) {
      e0[k] = _mm_sha1nexte_epu32(previous[k], e0[k]);
      abcd[k] = _mm_add_epi32(abcd[k], abcd_in[k]);
      p[k] += 64;
    }
  }
  for (int k = 0; k < kLanes; ++k) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(states[k]), _mm_shuffle_epi32(abcd[k], 0x1B));
    states[k][4] = uint32_t(_mm_extract_epi32(e0[k], 3));
  }
}

REFINE_SHA void sha256_blocks_ni(uint32_t* state, const uint8_t* p, size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state)), 0xB1);
  __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4)), 0x1B);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
  for (; blocks > 0; --blocks, p += 64) {
    const __m128i abef_in = abef, cdgh_in = cdgh;
    __m128i w[4];
#pragma GCC unroll 16
    for (int g = 0; g < 16; ++g) {
      __m128i& word = w[g & 3];
      if (g < 4) word = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * g)), swap);
      else word = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(word, w[(g + 1) & 3]), _mm_alignr_epi8(w[(g + 3) & 3], w[(g + 2) & 3], 4)), w[(g + 3) & 3]);
      const __m128i m = _mm_add_epi32(word, _mm_load_si128(reinterpret_cast<const __m128i*>(kSha256Roots + 4 * g)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, m);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(m, 0x0E));
    }
    abef = _mm_add_epi32(abef, abef_in);
    cdgh = _mm_add_epi32(cdgh, cdgh_in);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}
#endif

void blocks_of(DigestKind kind, uint32_t* state, const uint8_t* p, size_t blocks) {
  switch (kind) {
    case DigestKind::kMd5:
      return md5_blocks(state, p, blocks);
    case DigestKind::kSha1:
#if defined(__x86_64__)
      if (cpu::has_sha()) {
        uint32_t* const states[1] = {state};
        const uint8_t* const data[1] = {p};
        return sha1_blocks_ni<1>(states, data, blocks);
      }
#endif
      return sha1_blocks_scalar(state, p, blocks);
    case DigestKind::kSha256:
#if defined(__x86_64__)
      if (cpu::has_sha()) return sha256_blocks_ni(state, p, blocks);
#endif
      return sha256_blocks_scalar(state, p, blocks);
  }
}

size_t state_words(DigestKind kind) { return digest_size(kind) / 4; }

// The last blocks: what is left, a 1 bit, zeros and the length in bits.
std::string finish_state(DigestKind kind, uint32_t* state, const uint8_t* rest, uint64_t total) {
  uint8_t tail[128] = {};
  const size_t left = total & 63;
  if (left) std::memcpy(tail, rest, left);
  tail[left] = 0x80;
  const size_t size = left < 56 ? 64 : 128;
  for (int i = 0; i < 8; ++i) tail[kind == DigestKind::kMd5 ? size - 8 + size_t(i) : size - 1 - size_t(i)] = uint8_t((total << 3) >> (8 * i));
  blocks_of(kind, state, tail, size / 64);
  std::string raw(digest_size(kind), 0);
  for (size_t i = 0; i < raw.size(); ++i) raw[i] = char(state[i >> 2] >> (kind == DigestKind::kMd5 ? 8 * (i & 3) : 24 - 8 * (i & 3)));
  return raw;
}

}  // namespace

Hasher::Hasher(DigestKind kind) : kind_(kind) {
  const uint32_t* start = kind == DigestKind::kMd5 ? kMd5Start : kind == DigestKind::kSha1 ? kSha1Start : kSha256Start;
  std::memcpy(state_, start, 4 * state_words(kind));
}

void Hasher::update(const uint8_t* data, size_t size) {
  if (size == 0) return;
  const size_t held = total_ & 63;
  total_ += size;
  if (held) {
    const size_t take = size < 64 - held ? size : 64 - held;
    std::memcpy(block_ + held, data, take);
    data += take;
    size -= take;
    if (held + take < 64) return;
    blocks_of(kind_, state_, block_, 1);
  }
  if (size >= 64) blocks_of(kind_, state_, data, size / 64);
  if (size & 63) std::memcpy(block_, data + (size & ~size_t(63)), size & 63);
}

std::string Hasher::finish() { return finish_state(kind_, state_, block_, total_); }

void sha1_pair(std::string_view a, std::string_view b, std::string* digest_a, std::string* digest_b) {
#if defined(__x86_64__)
  if (cpu::has_sha()) {
    uint32_t state[2][5];
    std::memcpy(state[0], kSha1Start, sizeof kSha1Start);
    std::memcpy(state[1], kSha1Start, sizeof kSha1Start);
    const uint8_t* p[2] = {reinterpret_cast<const uint8_t*>(a.data()), reinterpret_cast<const uint8_t*>(b.data())};
    size_t blocks[2] = {a.size() / 64, b.size() / 64};
    const size_t both = blocks[0] < blocks[1] ? blocks[0] : blocks[1];
    uint32_t* const states[2] = {state[0], state[1]};
    if (both) sha1_blocks_ni<2>(states, p, both);
    std::string* const out[2] = {digest_a, digest_b};
    const size_t sizes[2] = {a.size(), b.size()};
    for (int k = 0; k < 2; ++k) {
      if (blocks[k] > both) blocks_of(DigestKind::kSha1, state[k], p[k] + 64 * both, blocks[k] - both);
      *out[k] = finish_state(DigestKind::kSha1, state[k], p[k] + 64 * blocks[k], sizes[k]);
    }
    return;
  }
#endif
  Hasher first(DigestKind::kSha1), second(DigestKind::kSha1);
  first.update(a);
  second.update(b);
  *digest_a = first.finish();
  *digest_b = second.finish();
}

}  // namespace refine
