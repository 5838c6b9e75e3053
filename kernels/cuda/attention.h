// Softmax attention over packed documents of any lengths, flash style: scores stay on the chip.
//   q (T, H, D)  k, v (T, G, D)  rows q_stride, k_stride, v_stride apart, so that all three may lie in one (T, (H + 2 G) D)
//   out (T, H, D) rows out_stride apart   lse (H, T) fp32 or nullptr: log-sum-exp of the scaled, biased scores, for the backward
//   tiles (tile_count) on the device, from attention_tiles(): which documents there are and who computes what
//   D in {32, 64, 80, 96, 128}; H a multiple of G, query head h reads key head h / (H / G)
// One block computes 128 queries of one head. Operations: 4 D a visible pair of query and key; traffic: q and out once, k and v once for
// every 128 queries, mostly from L2 (neighbouring blocks are heads of one group and share them).
// A query's bits depend on its own document alone: key tiles are counted from the document's start, rows behind its end read as 0.
// bf16: probabilities are rounded to bf16 before they meet v, sums are fp32. float: plain fp32 arithmetic, for parity.
// Oracle: kernels/model/reference_attention.cpp. Source: Dao 2023 (FlashAttention-2), Shah et al. 2024 (-3); online softmax: Milakov &
// Gimelshein 2018; ALiBi: Press et al. 2021, with Falcon's roundings (refine/model_config.h, alibi_bias).
#pragma once
#include <cstdint>

#include "attention_plan.h"
#include "context.h"
#include "device.h"

namespace refine::cuda {

struct AttentionShape {
  int64_t tokens = 0;
  int32_t heads = 0, kv_heads = 0, head_dim = 0;
  bool causal = true;
  float scale = 1;
  const float* alibi_slope = nullptr;  // (H) on the device, or nullptr
  float alibi_scale = 1;
  bool alibi_bfloat16 = false;
};

template <class T>
struct AttentionCall {
  const T *q = nullptr, *k = nullptr, *v = nullptr;
  T* out = nullptr;
  int64_t q_stride = 0, k_stride = 0, v_stride = 0, out_stride = 0;  // in elements, multiples of 16 bytes
  const AttentionTile* tiles = nullptr;
  int64_t tile_count = 0;
  float* lse = nullptr;
};

// The call for q, k, v packed as (T, (H + 2 G) D) and a dense out (T, H D).
template <class T>
AttentionCall<T> packed_attention(const T* qkv, T* out, const AttentionTile* tiles, int64_t tile_count, const AttentionShape& shape) {
  const int64_t d = shape.head_dim, queries = shape.heads * d, keys = shape.kv_heads * d, stride = queries + 2 * keys;
  const auto at = [qkv](int64_t offset) { return qkv ? qkv + offset : nullptr; };  // no rows: no memory to point into
  return {qkv, at(queries), at(queries + keys), out, stride, stride, stride, queries, tiles, tile_count, nullptr};
}

// Instantiated for bf16 and float.
template <class T>
cudaError_t attention(const Context& ctx, const AttentionCall<T>& call, const AttentionShape& shape);

}  // namespace refine::cuda
