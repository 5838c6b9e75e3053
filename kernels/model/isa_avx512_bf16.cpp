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

REFINE_TARGET void narrow(const float* x, int64_t stride, int64_t rows, int64_t count, uint16_t* out) {
  const int64_t pairs = (count + 1) / 2 * 2, whole = count / 16 * 16;
  for (int64_t r = 0; r < rows; ++r, x += stride, out += pairs) {
    for (int64_t i = 0; i < whole; i += 16) _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), (__m256i)_mm512_cvtneps_pbh(load(x + i)));
    if (whole == count) continue;
    alignas(32) uint16_t last[16];  // masked stores of 16-bit lanes are slow
    _mm256_store_si256(reinterpret_cast<__m256i*>(last), (__m256i)_mm512_cvtneps_pbh(load_n(x + whole, int(count - whole))));
    __builtin_memcpy(out + whole, last, size_t(pairs - whole) * sizeof(uint16_t));
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
    copy.bf16 = {pairs.rows, pairs.columns, pairs.tile, narrow};
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
