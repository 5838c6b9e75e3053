// What happens to a tile's sums before they are memory: scales of int8, bias, activation, gate, residuals, rounding, stores of 16 bytes.
// Works on the fragment that mma.sync and wgmma share: a warp's 16 rows x 8 J columns, lane l (g = l / 4, t = l % 4) holding columns
// 8j + 2t, 8j + 2t + 1 of row g in sums[4j], sums[4j + 1], of row g + 8 in sums[4j + 2], sums[4j + 3].
// Stores without shared memory: the four lanes of a row exchange packed pairs (a 4 x 4 transposition, 4 shuffles for 8 columns a lane), so
// that each stores 16 bytes and a row 64 in one sector-aligned piece; residuals come in the same way, reversed.
#pragma once
#include <cmath>

#include "activation_math.h"
#include "gemm.h"
#include "ptx.h"

namespace refine::cuda {

struct alignas(16) Words4 {
  uint32_t word[4];
};
REFINE_DEVICE Words4 load_words4(const void* from) {
#if defined(__CUDA_ARCH__)
  const uint4 words = *reinterpret_cast<const uint4*>(from);
  return {{words.x, words.y, words.z, words.w}};
#else
  Words4 words;
  __builtin_memcpy(&words, from, 16);
  return words;
#endif
}
REFINE_DEVICE void store_words4(void* to, const Words4& words) {
#if defined(__CUDA_ARCH__)
  *reinterpret_cast<uint4*>(to) = make_uint4(words.word[0], words.word[1], words.word[2], words.word[3]);
#else
  __builtin_memcpy(to, &words, 16);
#endif
}

constexpr float kLog2E = 1.44269504088896341f;

// The five activations as three shapes, so that an epilogue holds little code:
//   none, ReLU          x below `least` becomes `least` (-infinity, 0); NaN stays
//   SiLU, GELU by tanh  x / (1 + 2^(x (linear + cubic x^2))): 0.5 x (1 + tanh u) is x / (1 + e^-2u)
//   GELU by erf         erf by Abramowitz and Stegun 7.1.26: |error| < 1.5e-7, far below what bf16 operands carry, in half of erff's instructions
struct ActivationShape {
  int kind = 0;
  float least = 0, linear = 0, cubic = 0;
};
inline ActivationShape activation_shape(GemmActivation activation) {
  constexpr float kTanh = -2.0f * kLog2E * 0.79788456080286536f;
  switch (activation) {
    case GemmActivation::kRelu: return {0, 0.0f, 0, 0};
    case GemmActivation::kSilu: return {1, 0, -kLog2E, 0};
    case GemmActivation::kGeluTanh: return {1, 0, kTanh, kTanh * 0.044715f};
    case GemmActivation::kGelu: return {2, 0, 0, 0};
    case GemmActivation::kNone: break;
  }
  return {0, -__builtin_huge_valf(), 0, 0};
}
REFINE_DEVICE float gelu_fast(float x) {
  const float z = 0.70710678118654752f * fabsf(x), t = divide_fast(1.0f, fmaf(z, 0.3275911f, 1.0f));
  float p = fmaf(1.061405429f, t, -1.453152027f);
  p = fmaf(p, t, 1.421413741f);
  p = fmaf(p, t, -0.284496736f);
  p = fmaf(p, t, 0.254829592f);
  const float tail = 0.5f * p * t * exp2_fast(-kLog2E * z * z);  // erfc(z) / 2
  return x * (x < 0 ? tail : 1.0f - tail);
}
// The shape is the launch's, so the branch is uniform and stands outside the loop over a lane's numbers.
template <int kCount>
REFINE_DEVICE void activate_fast(const ActivationShape& shape, float (&x)[kCount]) {
  if (shape.kind == 0) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) x[i] = x[i] < shape.least ? shape.least : x[i];
  } else if (shape.kind == 1) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) x[i] = divide_fast(x[i], 1.0f + exp2_fast(x[i] * fmaf(shape.cubic * x[i], x[i], shape.linear)));
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i) x[i] = gelu_fast(x[i]);
  }
}

// Lane t of four held word i of its own row in words[i]; now it holds word t of lane i in words[i]. Its own inverse.
REFINE_DEVICE void transpose_quad(uint32_t (&words)[4]) {
  const uint32_t lane = threadIdx.x;
#pragma unroll
  for (int step = 1; step <= 2; step *= 2) {
    const bool upper = (lane & uint32_t(step)) != 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (i & step) continue;
      const uint32_t other = __shfl_xor_sync(kAllLanes, upper ? words[i] : words[i + step], step);
      words[i] = upper ? other : words[i];
      words[i + step] = upper ? words[i + step] : other;
    }
  }
}

// The sink of a product that is stored. kScaled: sums are int32, times row_scale times column_scale.
template <class Out, bool kGated, bool kScaled>
struct StoreSink {
  Out* out;
  const float* bias;
  const Out *residual, *residual2;
  const float *row_scale, *column_scale;
  int64_t m;
  int32_t n;  // of out
  ActivationShape activation;
  bool vectors;  // rows of out and residuals start at 16 bytes (fp32: 8)

  static constexpr bool gated = kGated, rare = std::is_same_v<Out, float>;  // rare: one tile size is enough
  template <int kFragments>
  struct State {};
  template <int kFragments>
  REFINE_DEVICE void begin(State<kFragments>&) const {}
  template <int kFragments>
  REFINE_DEVICE void end(State<kFragments>&, int, int64_t, int32_t) const {}

  // What the columns of a lane's four blocks add and are scaled by. Columns outside read the last one's: they are never stored.
  struct Columns {
    float bias[8], scale[kScaled ? 8 : 1];
  };
  REFINE_DEVICE Columns columns(int32_t first, int32_t matrix) const {
    Columns c;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int32_t column = first + 8 * (i / 2) + i % 2, at = matrix + (column < n ? column : n - 1);
      c.bias[i] = bias ? bias[at] : 0.0f;
      if constexpr (kScaled) c.scale[i] = column_scale[at];
    }
    return c;
  }
  template <class Sum>
  REFINE_DEVICE static float value(Sum sum, [[maybe_unused]] float row, const Columns& c, int i) {
    if constexpr (kScaled) return float(sum) * row * c.scale[i] + c.bias[i];
    else return sum + c.bias[i];
  }

  // Sums of 16 rows from `row0` on and of the columns of out from `column0` on: J blocks of 8, gated J / 2 (gate's blocks first).
  template <int kFragments, int kCount, class Sum>
  REFINE_DEVICE void tile(State<kFragments>&, int /*fragment*/, Sum (&sums)[kCount], int64_t row0, int64_t column0) const {
    constexpr int kBlocks = kGated ? kCount / 8 : kCount / 4;
    static_assert(kBlocks % 4 == 0, "a lane stores a whole block of four");
    const int lane = int(threadIdx.x) % 32, t = lane % 4;
    const int64_t row = row0 + lane / 4;
    float scales[2] = {1, 1};
    if constexpr (kScaled) {
      scales[0] = row < m ? row_scale[row] : 0.0f;
      scales[1] = row + 8 < m ? row_scale[row + 8] : 0.0f;
    }
#pragma unroll
    for (int first = 0; first < kBlocks; first += 4) {
      __syncwarp();  // keeps the compiler from loading all blocks' biases and residuals at once, for which there are no registers
      const int32_t column = int32_t(column0) + 8 * first + 2 * t;
      const Columns own = columns(column, 0);
      Columns up;
      if constexpr (kGated) up = columns(column, n);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float x[8];
#pragma unroll
        for (int i = 0; i < 8; ++i) x[i] = value(sums[4 * (first + i / 2) + 2 * half + i % 2], scales[half], own, i);
        activate_fast(activation, x);
        if constexpr (kGated)
#pragma unroll
          for (int i = 0; i < 8; ++i) x[i] *= value(sums[4 * (kBlocks + first + i / 2) + 2 * half + i % 2], scales[half], up, i);
        if (std::is_same_v<Out, bf16> && vectors) store_vectors(x, row + 8 * half, column + 6 * t);  // block `first` + t
        else store_pairs(x, row + 8 * half, column);
      }
    }
  }

  // x: pairs of the four blocks; `column`: the first of the eight that this lane stores.
  REFINE_DEVICE void store_vectors(float (&x)[8], int64_t row, int32_t column) const {
    const bool inside = row < m && column < n;
    const int64_t at = row * n + column;
#pragma unroll
    for (int which = 0; which < 2; ++which) {
      const Out* from = which == 0 ? residual : residual2;
      if (!from) continue;
      Words4 words{};
      if (inside) words = load_words4(from + at);
      transpose_quad(words.word);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        x[2 * i] += low_bf16(words.word[i]);
        x[2 * i + 1] += high_bf16(words.word[i]);
      }
    }
    Words4 words;
#pragma unroll
    for (int i = 0; i < 4; ++i) words.word[i] = pack_bf16(x[2 * i], x[2 * i + 1]);
    transpose_quad(words.word);
    if (inside) store_words4(out + at, words);
  }

  // Each lane its own pairs: fp32 (8 bytes, 32 a row of lanes), and bf16 whose rows start anywhere.
  REFINE_DEVICE void store_pairs(float (&x)[8], int64_t row, int32_t column) const {
    if (row >= m) return;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int64_t at = row * n + column + 8 * (i / 2) + i % 2;
      if (column + 8 * (i / 2) + i % 2 >= n) continue;
      if (residual) x[i] += to_float(residual[at]);
      if (residual2) x[i] += to_float(residual2[at]);
    }
#pragma unroll
    for (int i = 0; i < 8; i += 2) {
      const int64_t at = row * n + column + 4 * i;
      if (std::is_same_v<Out, float> && vectors) {
        if (column + 4 * i < n) store_float2(out + at, x[i], x[i + 1]);
      } else {
        if (column + 4 * i < n) out[at] = from_float<Out>(x[i]);
        if (column + 4 * i + 1 < n) out[at + 1] = from_float<Out>(x[i + 1]);
      }
    }
  }
  REFINE_DEVICE static void store_float2([[maybe_unused]] void* to, float a, float b) {
#if defined(__CUDA_ARCH__)
    *reinterpret_cast<float2*>(to) = make_float2(a, b);
#else
    const float both[2] = {a, b};
    __builtin_memcpy(to, both, 8);
#endif
  }
};

// The sink of a launch, checked: whether residuals and out allow 16-byte (fp32: 8-byte) accesses.
template <class Out, bool kGated, bool kScaled>
StoreSink<Out, kGated, kScaled> store_sink(Out* out, const Epilogue<Out>& epilogue, const float* row_scale, const float* column_scale, int64_t m, int64_t n) {
  const int64_t out_columns = kGated ? n / 2 : n;
  const uintptr_t addresses = reinterpret_cast<uintptr_t>(out) | reinterpret_cast<uintptr_t>(epilogue.residual) | reinterpret_cast<uintptr_t>(epilogue.residual2);
  constexpr int kBytes = std::is_same_v<Out, float> ? 8 : 16;
  const bool vectors = addresses % kBytes == 0 && out_columns * int64_t(sizeof(Out)) % kBytes == 0;
  return {out, epilogue.bias, epilogue.residual, epilogue.residual2, row_scale, column_scale, m, int32_t(out_columns), activation_shape(epilogue.activation), vectors};
}

}  // namespace refine::cuda
