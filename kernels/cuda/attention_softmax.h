// What the attention kernels of both matrix paths share: the online softmax over a warp's 16 x kN scores as mma and wgmma leave them in
// registers, ALiBi, probabilities as the next product's A, and 16-byte stores of a warp's 16 x D results.
// Lane l holds rows g = l / 4 and g + 8 of the warp's 16: s[4 j + i] is row g + 8 (i / 2), key 8 j + 2 (l % 4) + i % 2.
// Scores are kept in units of log2, so that one ex2 a score is the whole exponential. Source: Milakov & Gimelshein 2018; Dao 2023.
#pragma once
#include <cstdint>

#include "attention_kernels.h"
#include "device.h"

namespace refine::cuda {

constexpr float kLog2E = 1.44269504088896341f, kLn2 = 0.69314718055994531f;

// The product as the oracle rounds it, never part of a fused multiply-add.
REFINE_DEVICE float rounded_product(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}

// alibi_bias of refine/model_config.h, less its value at `reference`, a key of the same tile of queries: a softmax does not see what is taken from all
// scores of a row, and small numbers keep their digits at position 8,000.
struct AlibiBias {
  float slope = 0, scale = 0;  // scale times log2(e) in the kernels that use exp2
  bool rounded = false;
  float at_reference = 0;

  REFINE_DEVICE float raw(int position) const {
    if (!rounded) return rounded_product(slope, float(position));
    return to_float(to_bf16(slope * to_float(to_bf16(float(position)))));
  }
  REFINE_DEVICE float at(int position) const { return scale * (raw(position) - at_reference); }
};

REFINE_DEVICE float quad_max(float value) {
  value = fmaxf(value, __shfl_xor_sync(kAllLanes, value, 1));
  return fmaxf(value, __shfl_xor_sync(kAllLanes, value, 2));
}
REFINE_DEVICE float quad_sum(float value) {
  value += __shfl_xor_sync(kAllLanes, value, 1);
  return value + __shfl_xor_sync(kAllLanes, value, 2);
}

// One tile of keys: scores become weights exp2(score - highest so far); `rescale` is what everything summed before is to be multiplied by.
// unit: scale * log2(e), applied here to q . k. last[r]: the last key row r may see; read where `masked`. Key 0 is in the first tile and visible to
// every row, so `highest` is finite from then on.
template <int kN, bool kAlibi>
REFINE_DEVICE void softmax_tile(float (&s)[kN / 2], float unit, const AlibiBias& alibi, int first_key, bool masked, const int (&last)[2], float (&highest)[2], float (&sum)[2],
                                float (&rescale)[2]) {
  const int own = first_key + 2 * int(threadIdx.x % 4);
  if constexpr (kAlibi) {
#pragma unroll
    for (int j = 0; j < kN / 8; ++j)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const float bias = alibi.at(own + 8 * j + i);
        s[4 * j + i] = s[4 * j + i] * unit + bias;
        s[4 * j + 2 + i] = s[4 * j + 2 + i] * unit + bias;
      }
    unit = 1;
  }
  if (masked) {
#pragma unroll
    for (int j = 0; j < kN / 8; ++j)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (own + 8 * j + i % 2 > last[i / 2]) s[4 * j + i] = float_of(0xff800000u);  // -inf
  }
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    float most = highest[r];
#pragma unroll
    for (int j = 0; j < kN / 8; ++j) most = fmaxf(most, fmaxf(s[4 * j + 2 * r], s[4 * j + 2 * r + 1]));
    most = quad_max(most);
    rescale[r] = exp2_fast((highest[r] - most) * unit);
    highest[r] = most;
    const float base = most * unit;
    float total = 0;
#pragma unroll
    for (int j = 0; j < kN / 8; ++j)
#pragma unroll
      for (int i = 2 * r; i < 2 * r + 2; ++i) {
        s[4 * j + i] = exp2_fast(s[4 * j + i] * unit - base);
        total += s[4 * j + i];
      }
    sum[r] = sum[r] * rescale[r] + total;  // of this lane's keys; the quad's four sums meet at the end
  }
}

// Weights of keys 16 step .. 16 step + 15 as the A of m16n8k16.
template <int kN>
REFINE_DEVICE void weights_as_a(uint32_t (&a)[4], const float (&s)[kN / 2], int step) {
  a[0] = pack_bf16(s[8 * step + 0], s[8 * step + 1]);
  a[1] = pack_bf16(s[8 * step + 2], s[8 * step + 3]);
  a[2] = pack_bf16(s[8 * step + 4], s[8 * step + 5]);
  a[3] = pack_bf16(s[8 * step + 6], s[8 * step + 7]);
}

// v[i] of lane t of a quad becomes v[t] of lane i.
REFINE_DEVICE void quad_transpose(uint32_t (&v)[4]) {
  const bool odd = threadIdx.x & 1, upper = threadIdx.x & 2;
#pragma unroll
  for (int i = 0; i < 4; i += 2) {
    const uint32_t got = __shfl_xor_sync(kAllLanes, odd ? v[i] : v[i + 1], 1);
    (odd ? v[i] : v[i + 1]) = got;
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const uint32_t got = __shfl_xor_sync(kAllLanes, upper ? v[i] : v[i + 2], 2);
    (upper ? v[i] : v[i + 2]) = got;
  }
}

// A warp's 16 rows of kD results, times factor[r] each, as bf16: rows[r] is where row g + 8 r of this lane begins, nullptr where it is no row.
template <int kD>
REFINE_DEVICE void store_rows(const float (&o)[kD / 2], const float (&factor)[2], bf16* const (&rows)[2]) {
  const int lane = int(threadIdx.x % 4);
#pragma unroll
  for (int r = 0; r < 2; ++r) {
#pragma unroll
    for (int j = 0; j + 4 <= kD / 8; j += 4) {
      uint32_t v[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) v[i] = pack_bf16(o[4 * (j + i) + 2 * r] * factor[r], o[4 * (j + i) + 2 * r + 1] * factor[r]);
      quad_transpose(v);
      if (rows[r]) *reinterpret_cast<uint4*>(rows[r] + 8 * (j + lane)) = make_uint4(v[0], v[1], v[2], v[3]);
    }
#pragma unroll
    for (int j = kD / 32 * 4; j < kD / 8; ++j)  // head dim 80
      if (rows[r]) *reinterpret_cast<uint32_t*>(rows[r] + 8 * j + 2 * lane) = pack_bf16(o[4 * j + 2 * r] * factor[r], o[4 * j + 2 * r + 1] * factor[r]);
  }
}

// The end of a warp's 16 rows: results over the sum of their weights, and the log of that sum in nats where it is asked for.
template <int kD, bool kAlibi>
REFINE_DEVICE void finish_rows(const AttentionArguments<bf16>& call, const AttentionTile& tile, int head, const int (&rows)[2], const float (&o)[kD / 2], const float (&highest)[2],
                               const float (&sum)[2], float unit, const AlibiBias& alibi) {
  float factor[2];
  bf16* targets[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const float total = quad_sum(sum[r]);
    factor[r] = 1.0f / total;
    targets[r] = rows[r] < tile.length ? call.out + (tile.begin + rows[r]) * call.out_stride + int64_t(head) * kD : nullptr;
    if (call.lse && threadIdx.x % 4 == 0 && rows[r] < tile.length)
      call.lse[head * call.tokens + tile.begin + rows[r]] = kLn2 * (highest[r] * (kAlibi ? 1.0f : unit) + log2f(total)) + (kAlibi ? call.alibi_scale * alibi.at_reference : 0.0f);
  }
  store_rows<kD>(o, factor, targets);
}

}  // namespace refine::cuda
