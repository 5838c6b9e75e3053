// 8-bit products by NEON's dot products (ARMv8.2 dotprod).
#include <utility>

#include "kernels.h"
#if defined(__aarch64__)
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#include "../hash/intrinsics.h"

#define REFINE_INT8_OPAQUE(x) __asm__("" : "+w"(x))
#define REFINE_INT8_TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#define REFINE_INT8_LANES REFINE_INT8_TARGET __attribute__((always_inline)) inline

namespace refine::model {
namespace {

using S = int32x4_t;
constexpr int kSumWidth = 4, kInt8Rows = 6, kInt8Vectors = 4;
REFINE_INT8_LANES S no_sums() { return vdupq_n_s32(0); }
REFINE_INT8_LANES int8x16_t load_words(const uint32_t* p) { return vreinterpretq_s8_u32(vld1q_u32(p)); }
REFINE_INT8_LANES int8x16_t word(uint32_t x) { return vreinterpretq_s8_u32(vdupq_n_u32(x)); }
REFINE_INT8_LANES S dot4(S sum, int8x16_t a, int8x16_t w) { return vdotq_s32(sum, a, w); }
REFINE_INT8_LANES void store_sums(int32_t* p, S x) { vst1q_s32(p, x); }

}  // namespace
}  // namespace refine::model
#include "int8_tiles.inc"

namespace refine::model {
const Int8Tiles* int8_neon_dot() {
  static const Int8Tiles tiles = int8_tiles(std::make_integer_sequence<int, kInt8Rows>{}, false);
  #if defined(__linux__)
  static const bool has = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  static const bool has = true;  // every Apple core of this architecture
#endif
  return has ? &tiles : nullptr;
}
}  // namespace refine::model
#else
namespace refine::model {
const Int8Tiles* int8_neon_dot() { return nullptr; }
}  // namespace refine::model
#endif
