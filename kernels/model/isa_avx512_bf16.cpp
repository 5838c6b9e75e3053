// x86-64 with AVX-512 and AVX512_BF16: a word holds two bfloat16, and one instruction adds both products to the float sum. The
// instruction rounds each product's addition to nearest even and takes denormals for zero (Intel SDM, VDPBF16PS).
#include <utility>

#include "kernels.h"
#if defined(__x86_64__)
#include "simd_avx512.h"

#undef REFINE_TARGET
#define REFINE_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))

namespace refine::model {
namespace {
constexpr int kTileRows = 14, kTileVectors = 2, kValuesAWord = 2;

REFINE_LANES F product(F a, F w, F sum) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)w); }

// 32 values to bfloat16.
REFINE_LANES __m512i narrowed(F low, F high) { return (__m512i)_mm512_cvtne2ps_pbh(high, low); }

REFINE_TARGET void narrow(const float* x, int64_t stride, int64_t rows, int64_t count, int64_t words, uint16_t* out) {
  const int64_t pairs = (count + 1) / 2 * 2, whole = count / 16 * 16;
  for (int64_t r = 0; r < rows; ++r, x += stride, out += words * 2) {
    if (pairs < words * 2) __builtin_memset(out + pairs, 0, size_t(words * 2 - pairs) * sizeof(uint16_t));
    int64_t i = 0;
    for (; i + 32 <= count; i += 32) _mm512_storeu_si512(out + i, narrowed(load(x + i), load(x + i + 16)));
    if (i < whole) _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), (__m256i)_mm512_cvtneps_pbh(load(x + i)));
    if (whole == count) continue;
    alignas(32) uint16_t last[16];  // masked stores of 16-bit lanes are slow
    _mm256_store_si256(reinterpret_cast<__m256i*>(last), (__m256i)_mm512_cvtneps_pbh(load_n(x + whole, int(count - whole))));
    __builtin_memcpy(out + whole, last, size_t(pairs - whole) * sizeof(uint16_t));
  }
}

REFINE_TARGET void narrow_pairs(const float* x, int64_t stride, int64_t rows, int64_t count, int64_t words, float* panels, int columns) {
  const __m512i interleave = _mm512_add_epi16(_mm512_set1_epi32(0x00100000), _mm512_set_epi16(15, 15, 14, 14, 13, 13, 12, 12, 11, 11, 10, 10, 9, 9, 8, 8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0));
  for (int64_t d = 0; d < (count + columns - 1) / columns * columns; d += 16) {
    const int left = count - d < 0 ? 0 : count - d < 16 ? int(count - d) : 16;
    float* to = panels + d / columns * columns * words + d % columns;
    int64_t w = 0;
    for (; 2 * w < rows; ++w, to += columns) {
      const float* even = x + 2 * w * stride + d;
      const F low = load_n(even, left), high = 2 * w + 1 < rows ? load_n(even + stride, left) : zero();
      store(to, _mm512_castsi512_ps(_mm512_permutexvar_epi16(interleave, narrowed(low, high))));
    }
    for (; w < words; ++w, to += columns) store(to, zero());
  }
}

}  // namespace
}  // namespace refine::model
#define REFINE_PRODUCT product
#define REFINE_OWN_TRANSPOSE
#include "f32_tiles.inc"

namespace refine::model {
const KernelSet* avx512_bf16_kernels() {
  static const KernelSet set = [] {
    KernelSet copy = *avx512_kernels();
    const F32Tiles pairs = f32_tiles(std::make_integer_sequence<int, kTileRows>{});
    copy.isa = GemmIsa::kAvx512Bf16;
    copy.bf16 = {pairs.rows, pairs.columns, pairs.tile, narrow, narrow_pairs};
    copy.bf16_peak = fma_loop;
    return copy;
  }();
  return &set;
}
}  // namespace refine::model
#else
namespace refine::model {
const KernelSet* avx512_bf16_kernels() { return nullptr; }
}  // namespace refine::model
#endif
