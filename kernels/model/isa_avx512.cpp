// x86-64 with AVX-512 F, BW, DQ and VL.
#include <utility>

#include "kernels.h"
#if defined(__x86_64__)
#include "simd_avx512.h"

namespace refine::model {
namespace {
constexpr int kTileRows = 14, kTileVectors = 2, kValuesAWord = 1;  // 28 sums + 2 of B + 1 of A in 32 registers

// 16 x 16 values: pairs of rows interleaved by 32, then 64 bits, then quarters exchanged.
REFINE_TARGET void transpose(const float* a, int64_t lda, int count, int64_t k, float* out, int64_t stride) {
  for (int64_t i = 0; i < k; i += 16) {
    const int left = k - i < 16 ? int(k - i) : 16;
    __m512 row[16], pair[16];
REFINE_UNROLL(16)
    for (int r = 0; r < 16; ++r) row[r] = r >= count ? zero() : left == 16 ? load(a + r * lda + i) : load_n(a + r * lda + i, left);
REFINE_UNROLL(8)
    for (int r = 0; r < 16; r += 2) {
      pair[r] = _mm512_unpacklo_ps(row[r], row[r + 1]);
      pair[r + 1] = _mm512_unpackhi_ps(row[r], row[r + 1]);
    }
REFINE_UNROLL(4)
    for (int r = 0; r < 16; r += 4) {
      const __m512d x = _mm512_castps_pd(pair[r]), y = _mm512_castps_pd(pair[r + 1]), z = _mm512_castps_pd(pair[r + 2]), w = _mm512_castps_pd(pair[r + 3]);
      row[r] = _mm512_castpd_ps(_mm512_unpacklo_pd(x, z));
      row[r + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(x, z));
      row[r + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(y, w));
      row[r + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(y, w));
    }
    // row[4 g + j] holds, in quarter q, column 4 q + j of rows 4 g .. 4 g + 3.
REFINE_UNROLL(4)
    for (int j = 0; j < 4; ++j) {
      const __m512 x = _mm512_shuffle_f32x4(row[j], row[4 + j], 0x88), y = _mm512_shuffle_f32x4(row[8 + j], row[12 + j], 0x88);
      const __m512 z = _mm512_shuffle_f32x4(row[j], row[4 + j], 0xDD), w = _mm512_shuffle_f32x4(row[8 + j], row[12 + j], 0xDD);
      pair[j] = _mm512_shuffle_f32x4(x, y, 0x88);
      pair[8 + j] = _mm512_shuffle_f32x4(x, y, 0xDD);
      pair[4 + j] = _mm512_shuffle_f32x4(z, w, 0x88);
      pair[12 + j] = _mm512_shuffle_f32x4(z, w, 0xDD);
    }
    if (left == 16) {
REFINE_UNROLL(16)
      for (int j = 0; j < 16; ++j) store(out + (i + j) * stride, pair[j]);
    } else {
      for (int j = 0; j < left; ++j) store(out + (i + j) * stride, pair[j]);
    }
  }
}

}  // namespace
}  // namespace refine::model
#define REFINE_OWN_TRANSPOSE
#include "f32_tiles.inc"
#include "bf16_tiles.inc"
#include "row_functions.inc"
#include "row_loops.inc"

namespace refine::model {
const KernelSet* avx512_kernels() {
  static constexpr auto kRowsOfTile = std::make_integer_sequence<int, kTileRows>{};
  static const KernelSet set{GemmIsa::kAvx512, f32_tiles(kRowsOfTile), bf16_tiles(kRowsOfTile), int8_vnni512() ? *int8_vnni512() : *int8_avx2(), kRowLoops, fma_loop, nullptr};
  return &set;
}
}  // namespace refine::model
#else
namespace refine::model {
const KernelSet* avx512_kernels() { return nullptr; }
}  // namespace refine::model
#endif
