// The loops of a model's forward pass, one set for each instruction set (isa_*.cpp include simd_*.h and the loops in *.inc).
// Tiles multiply packed operands; the row loops are the elementwise parts. A set is chosen once, when weights are packed.
// Packed operands are matrices of 32-bit words: one float, two bfloat16 or four 8-bit numbers of ascending k, so that one
// transpose packs every kind.
#pragma once
#include <cstdint>

#include "refine/gemm.h"

// Loops over a tile's registers are unrolled whole; under a sanitizer, which instruments every copy, they stay loops.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_UNDEFINED__)
#define REFINE_UNROLL(n)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer) || __has_feature(thread_sanitizer)
#define REFINE_UNROLL(n)
#endif
#endif
#ifndef REFINE_UNROLL
#define REFINE_PRAGMA(x) _Pragma(#x)
#define REFINE_UNROLL(n) REFINE_PRAGMA(GCC unroll n)
#endif

namespace refine::model {

inline constexpr int kMaxTileRows = 32, kMaxTileColumns = 64;

// Peak loops: `steps` rounds of independent multiply-adds in registers.
using PeakLoop = double (*)(int64_t steps, int64_t* operations);

// C (rows in use, cols) = [C +] A B over `steps` words, in ascending k. A: steps of `rows` words, B: steps of `columns` words.
// `first`: begin at zero instead of at C. tile[r - 1] does r rows.
using F32Tile = void (*)(int64_t steps, const float* a, const float* b, float* c, int64_t ldc, int cols, bool first);
struct F32Tiles {
  int rows, columns;
  const F32Tile* tile;
};
// `count` rows of A, `steps` words each and `stride` words apart, as a tile takes them; rows the tile lacks are zero.
using RowPacker = void (*)(const float* words, int64_t stride, int count, int64_t steps, float* out);
// bf16 weights: B's words are pairs. With `narrow` A's words are pairs of bfloat16 too, which it rounds from floats; without,
// A holds two float words a step.
struct Bf16Tiles {
  int rows, columns;
  const F32Tile* tile;
  void (*narrow)(const float* x, int64_t stride, int64_t rows, int64_t count, int64_t words, uint16_t* out);  // out: rows of `words` pairs, zero-filled
  // Panels of B, `words` steps each, whose words pair rows 2 w and 2 w + 1 of x (rows, count); zeros where there is no such row or column.
  void (*narrow_pairs)(const float* x, int64_t stride, int64_t rows, int64_t count, int64_t words, float* panels, int columns);
  int whole = 1;                     // a tile takes this many steps at a time: operands end in zeros up to a multiple of it
  RowPacker pack_rows = nullptr;     // nullptr: A's words transposed, as above
};
// 8-bit numbers: sums (rows, columns) of 32 bits. `offset`: A holds q + 128 as unsigned bytes, so that 128 times the sum of
// a channel's weights is to be taken off.
using Int8Tile = void (*)(int64_t steps, const uint32_t* a, const uint32_t* b, int32_t* sums);
struct Int8Tiles {
  int rows, columns;
  const Int8Tile* tile;
  bool offset;
  PeakLoop peak;
  int whole = 1;                     // as in Bf16Tiles
  RowPacker pack_rows = nullptr;
  // Products of up to `few_rows` rows go to these tiles instead: the same columns and offset, so the same panels of B; sums are exact, so the same.
  const Int8Tiles* few = nullptr;
  int few_rows = 0;
};

// A tile's 8-bit products: value = float(sum - offset) * row scale * channel scale. Readable to whole tiles and panels.
struct Int8Sums {
  const int32_t* sums = nullptr;  // (rows, stride)
  int stride = 0;
  const float *row_scales = nullptr, *scales = nullptr;
  const int32_t* offsets = nullptr;
  bool accumulate = false;  // add to what C holds
};
// As Epilogue, the pointers at the tile's first element.
struct TileEpilogue {
  const float* bias;
  GemmActivation activation;
  const float *multiply, *residual;
  Int8Sums int8;  // without sums the values are C's
};

struct RowLoops {
  // C (rows, cols).
  void (*epilogue)(float* c, int64_t ldc, int rows, int cols, const TileEpilogue& epilogue);
  // out[i * stride + r] = a[r * lda + i] for r < count <= 16, i < k. May write the rest of 16 words after each step's `count`, steps in
  // ascending order, so `stride` may be less than 16 and the output needs 16 words of room past its end.
  void (*transpose)(const float* a, int64_t lda, int count, int64_t k, float* out, int64_t stride);
  // LayerNorm, or RMSNorm where `rms`: y = (x - mean) / sqrt(variance + eps) * weight + bias; weight, bias may be nullptr; y may be x.
  void (*norm)(bool rms, float eps, const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float* y);
  // Pairs (i, i + half) of one head turned by the angles whose cosines and sines are given.
  void (*rotate)(float* x, int half, const float* cosine, const float* sine);
  // One block of keys of one row: scores x scale + bias, the row's highest and total brought up to date, scores replaced by their
  // weights relative to the highest, zeros from `valid` to `width`. Returns what the row's older sums are to be multiplied by.
  float (*softmax)(float* scores, int64_t valid, int64_t width, float scale, const float* bias, float* highest, float* total);
  // The same for a block of a vocabulary, without keeping weights.
  void (*log_sum)(const float* scores, int64_t count, float* highest, float* total);
  void (*scale)(float* x, int64_t count, float by);
  void (*add)(float* x, const float* y, int64_t count);
  void (*clip)(float* x, int64_t count, float bound);
  void (*widen)(const uint16_t* bfloat, int64_t count, float* out);
  // out[i] = table[at[i] - first], added to what out holds where `accumulate`. `at` never falls and rises by at most 1, at[0] >= first;
  // at, table and out are read, and out is written, in whole vectors: up to 16 past the last.
  void (*pick)(float* out, const float* table, const int32_t* at, int32_t first, int64_t count, bool accumulate);
  // A row in 8 bits, symmetric: q = nearest(x * 127 / max|x|), xor `flip`, zeros (xor flip) up to a multiple of 4. Returns max|x| / 127; NaN where a value is not finite.
  float (*quantise)(const float* x, int64_t count, uint8_t flip, uint8_t* q);
};

// Every set of exact 8-bit tiles; nullptr where the compiler's target, or this processor, has none.
const Int8Tiles* int8_scalar();
const Int8Tiles* int8_neon();
const Int8Tiles* int8_neon_dot();
const Int8Tiles* int8_avx2();
const Int8Tiles* int8_avx_vnni();  // 256 bits, VEX
const Int8Tiles* int8_vnni256();   // 256 bits, AVX512_VNNI and VL
const Int8Tiles* int8_vnni512();

struct KernelSet {
  GemmIsa isa;
  F32Tiles f32;
  Bf16Tiles bf16;
  Int8Tiles int8;
  RowLoops rows;
  PeakLoop f32_peak, bf16_peak;  // nullptr where this set has no such instruction
  // Tile registers, where the set has them: a thread configures them before a bf16 or int8 tile and releases them after its last (TileScope).
  void (*configure)() = nullptr;
  void (*release)() = nullptr;
};

const KernelSet& kernel_set(GemmIsa isa);  // one the machine has
// For tests: until it is given nullptr, kernel_set(set->isa) is this set, whatever the machine has. No other thread may use models meanwhile.
void stand_in_for_tests(const KernelSet* set);

// Each null where the compiler's target, or this processor, has no such set.
const KernelSet* scalar_kernels();
const KernelSet* neon_kernels();
const KernelSet* avx2_kernels();
const KernelSet* avx512_kernels();
const KernelSet* avx512_bf16_kernels();
bool amx_is_built();  // the assembler knew its instructions
const KernelSet* amx_kernels();  // and null where the Linux kernel grants no tiles, or their sums are not those of Intel's manual

}  // namespace refine::model
