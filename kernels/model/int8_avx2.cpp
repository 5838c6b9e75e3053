// 8-bit products by AVX2. No instruction there multiplies signed by signed bytes, so a row's bytes give their sign to the
// weights. |a| and |w| are at most 127: a pair of products is at most 32,258, so 16 bits never saturate and sums stay exact.
#include <utility>

#include "kernels.h"
#if defined(__x86_64__)
#include "../hash/intrinsics.h"

#define REFINE_INT8_OPAQUE(x) __asm__("" : "+x"(x))
#define REFINE_INT8_TARGET __attribute__((target("avx2")))
#define REFINE_INT8_LANES REFINE_INT8_TARGET __attribute__((always_inline)) inline

namespace refine::model {
namespace {

using S = __m256i;
constexpr int kSumWidth = 8, kInt8Rows = 4, kInt8Vectors = 2;  // 8 sums, 2 of B and their signed copies in 16 registers
REFINE_INT8_LANES S no_sums() { return _mm256_setzero_si256(); }
REFINE_INT8_LANES S load_words(const uint32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
REFINE_INT8_LANES S word(uint32_t x) { return _mm256_set1_epi32(int(x)); }
REFINE_INT8_LANES S dot4(S sum, S a, S w) {
  const S pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8(w, a));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
REFINE_INT8_LANES void store_sums(int32_t* p, S x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }

}  // namespace
}  // namespace refine::model
#include "int8_tiles.inc"

namespace refine::model {
const Int8Tiles* int8_avx2() {
  static const Int8Tiles tiles = int8_tiles(std::make_integer_sequence<int, kInt8Rows>{}, false);
  static const bool has = (__builtin_cpu_init(), __builtin_cpu_supports("avx2"));
  return has ? &tiles : nullptr;
}
}  // namespace refine::model
#else
namespace refine::model {
const Int8Tiles* int8_avx2() { return nullptr; }
}  // namespace refine::model
#endif
