// Softmax attention of rows of one document over its keys, in tiles: a tile's rows of queries meet the keys block by block,
// keeping per row the highest score so far, the sum of weights relative to it, and the weighted sum of values.
// Invariant: blocks begin at multiples of kKeyBlock from the document's first key, and keys a row may not see weigh exactly 0,
// so a row's bits depend on its query and the keys it sees alone.
// Source: Milakov and Gimelshein 2018 (online softmax); Dao et al. 2022 (FlashAttention).
#pragma once
#include <cstdint>

#include "kernels.h"

namespace refine::model {

inline constexpr int64_t kKeyBlock = 512;

struct AttentionTask {
  const float* queries = nullptr;  // (rows, heads, D), rows `query_stride` apart
  int64_t query_stride = 0, rows = 0;
  int64_t first = 0;               // position of row 0 among the keys
  const float *keys = nullptr, *values = nullptr;  // (length, groups, D), rows key_stride and value_stride apart
  int64_t key_stride = 0, value_stride = 0, length = 0;
  int32_t heads = 0, groups = 0, dim = 0;
  float scale = 1;
  bool causal = true;
  bool narrow = false;             // both products take bfloat16, where the set multiplies it; scores, weights and sums stay fp32
  const float* alibi = nullptr;    // (heads, alibi_stride): a bias per key
  int64_t alibi_stride = 0;
  float* out = nullptr;            // (rows, heads, D), rows `out_stride` apart; may be the queries
  int64_t out_stride = 0;
};

void attend(const KernelSet& kernels, const AttentionTask& task);

}  // namespace refine::model
