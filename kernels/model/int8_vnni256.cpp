// 8-bit products by AVX512_VNNI in 256 bits: unsigned by signed bytes, four to a 32-bit sum, no saturation. Rows come as q + 128.
#include <utility>

#include "kernels.h"
#if defined(__x86_64__)
#include <cpuid.h>

#include "../hash/intrinsics.h"

#define REFINE_INT8_OPAQUE(x) __asm__("" : "+v"(x))
#define REFINE_INT8_TARGET __attribute__((target("avx2,avx512f,avx512vl,avx512vnni")))
#define REFINE_INT8_LANES REFINE_INT8_TARGET __attribute__((always_inline)) inline

namespace refine::model {
namespace {

using S = __m256i;
constexpr int kSumWidth = 8, kInt8Rows = 12, kInt8Vectors = 2;
REFINE_INT8_LANES S no_sums() { return _mm256_setzero_si256(); }
REFINE_INT8_LANES S load_words(const uint32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const S*>(p)); }
REFINE_INT8_LANES S word(uint32_t x) { return _mm256_set1_epi32(int(x)); }
REFINE_INT8_LANES S dot4(S sum, S a, S w) { return _mm256_dpbusd_epi32(sum, a, w); }
REFINE_INT8_LANES void store_sums(int32_t* p, S x) { _mm256_storeu_si256(reinterpret_cast<S*>(p), x); }

bool has_instruction() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
}

}  // namespace
}  // namespace refine::model
#include "int8_tiles.inc"

namespace refine::model {
const Int8Tiles* int8_vnni256() {
  static const Int8Tiles tiles = int8_tiles(std::make_integer_sequence<int, kInt8Rows>{}, true);
  static const bool has = has_instruction();
  return has ? &tiles : nullptr;
}
}  // namespace refine::model
#else
namespace refine::model {
const Int8Tiles* int8_vnni256() { return nullptr; }
}  // namespace refine::model
#endif
