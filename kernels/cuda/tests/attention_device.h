// Attention against float64 on packed documents: lengths around tiles of 64 and 128, empty documents between them, one, several and all query heads of
// a key head, every head dimension, causal and full, ALiBi plain and with Falcon's roundings, q, k, v packed in one row and apart, log-sum-exp. A
// neighbour's infinities and NaN stay its own; a document's bits do not depend on what stands beside it.
#pragma once
#include "../attention.h"
#include "reference_rows.h"
#include "suite.h"

namespace refine::cuda::testing {

struct AttentionCase {
  std::vector<int64_t> lengths;
  int32_t heads, kv_heads, dim;
  bool causal;
  int alibi = 0;  // 1 plain, 2 with Falcon's roundings
};

struct AttentionInputs {
  std::vector<int32_t> offsets{0};
  std::vector<float> qkv, slopes;  // qkv (T, (H + 2 G) D)
  float alibi_scale = 1;
  int64_t stride = 0;
};

template <class T>
AttentionInputs draw_attention(Suite& suite, const AttentionCase& c) {
  AttentionInputs in;
  for (const int64_t length : c.lengths) in.offsets.push_back(in.offsets.back() + int32_t(length));
  in.stride = int64_t(c.heads + 2 * c.kv_heads) * c.dim;
  in.qkv = draw<T>(suite.random, size_t(in.offsets.back() * in.stride), 1.5f);
  for (int32_t h = 0; h < c.heads; ++h) in.slopes.push_back(float(std::pow(2.0, -8.0 * (h + 1) / c.heads)));
  if (c.alibi == 2) in.alibi_scale = 1 / std::sqrt(float(c.dim));
  return in;
}

// out (T, H D) and lse (H, T) in float64.
inline void reference_attention(Suite& suite, const AttentionCase& c, const AttentionInputs& in, std::vector<double>* out, std::vector<double>* lse) {
  const int64_t tokens = in.offsets.back(), dim = c.dim, group = c.heads / c.kv_heads;
  const double scale = double(1 / std::sqrt(float(c.dim)));
  out->assign(size_t(tokens * c.heads * dim), 0);
  lse->assign(size_t(tokens * c.heads), 0);
  for (size_t b = 0; b < c.lengths.size(); ++b)
    suite.parallel(c.lengths[b] * c.heads, [&, b](int64_t item) {
      const int64_t t = item / c.heads, h = item % c.heads, begin = in.offsets[b], keys = c.causal ? t + 1 : c.lengths[b];
      const float* const q = in.qkv.data() + (begin + t) * in.stride + h * dim;
      std::vector<double> weights(static_cast<size_t>(keys));
      double highest = -1e300, total = 0;
      for (int64_t s = 0; s < keys; ++s) {
        const float* const k = in.qkv.data() + (begin + s) * in.stride + (c.heads + h / group) * dim;
        double score = 0;
        for (int64_t d = 0; d < dim; ++d) score += double(q[d]) * double(k[d]);
        score *= scale;
        const float slope = in.slopes[size_t(h)];
        if (c.alibi == 1) score += double(slope * float(s));
        if (c.alibi == 2) score += double(in.alibi_scale * round_bf16(slope * round_bf16(float(s))));
        weights[size_t(s)] = score;
        highest = std::max(highest, score);
      }
      double* const row = out->data() + ((begin + t) * c.heads + h) * dim;
      for (int64_t s = 0; s < keys; ++s) {
        const double weight = std::exp(weights[size_t(s)] - highest);
        const float* const v = in.qkv.data() + (begin + s) * in.stride + (c.heads + c.kv_heads + h / group) * dim;
        total += weight;
        for (int64_t d = 0; d < dim; ++d) row[d] += weight * double(v[d]);
      }
      for (int64_t d = 0; d < dim; ++d) row[d] /= total;
      (*lse)[size_t(h * tokens + begin + t)] = highest + std::log(total);
    });
}

template <class T>
bool run_attention(Suite& suite, const std::string& label, const AttentionCase& c, const AttentionInputs& in, std::vector<float>* out, std::vector<float>* lse) {
  const int64_t tokens = in.offsets.back();
  const auto tiles = attention_tiles(in.offsets.data(), int64_t(c.lengths.size()), c.causal);
  suite.that(label + ": tiles within their bound", int64_t(tiles.size()) <= attention_tiles_bound(tokens, int64_t(c.lengths.size())));
  auto qkv = suite.upload_as<T>(in.qkv), result = suite.output<T>(size_t(tokens * c.heads * c.dim));
  auto slopes = suite.upload(in.slopes), sums = suite.output<float>(size_t(tokens * c.heads));
  auto device_tiles = suite.upload(tiles);
  AttentionShape shape;
  shape.tokens = tokens;
  shape.heads = c.heads;
  shape.kv_heads = c.kv_heads;
  shape.head_dim = c.dim;
  shape.causal = c.causal;
  shape.scale = 1 / std::sqrt(float(c.dim));
  shape.alibi_slope = c.alibi ? slopes.data() : nullptr;
  shape.alibi_scale = in.alibi_scale;
  shape.alibi_bfloat16 = c.alibi == 2;
  AttentionCall<T> call = packed_attention<T>(qkv, result, device_tiles, int64_t(tiles.size()), shape);
  call.lse = sums;
  if (!suite.launched(label, attention<T>(suite.context(), call, shape))) return false;
  *out = suite.download_floats(result);
  *lse = suite.download(sums);
  return true;
}

template <class T>
void check_attention_case(Suite& suite, const AttentionCase& c) {
  const AttentionInputs in = draw_attention<T>(suite, c);
  const std::string label = std::string(type_name<T>()) + (c.causal ? " causal" : " full") + ", " + std::to_string(c.lengths.size()) + " documents, " + std::to_string(in.offsets.back()) + " tokens, " +
                            std::to_string(c.heads) + "/" + std::to_string(c.kv_heads) + " heads of " + std::to_string(c.dim) + (c.alibi ? ", alibi " + std::to_string(c.alibi) : "");
  std::vector<float> out, lse;
  if (!run_attention<T>(suite, label, c, in, &out, &lse)) return;
  std::vector<double> reference, sums;
  reference_attention(suite, c, in, &reference, &sums);
  suite.close(label, out, reference, sizeof(T) == 4 ? kFp32 : kBf16);
  suite.close(label + ": lse", lse, sums, sizeof(T) == 4 ? kFp32 : Limits{1e-4, 64});
}

// Documents beside one another give each the bits that it has alone, whatever stands in the neighbour.
template <class T>
void check_attention_neighbours(Suite& suite, int32_t dim, bool causal) {
  const std::string label = std::string(type_name<T>()) + " neighbours of " + std::to_string(dim);
  AttentionCase c{{70, 130, 5}, 2, 1, dim, causal};
  AttentionInputs in = draw_attention<T>(suite, c);
  const AttentionCase alone_case{{70}, 2, 1, dim, causal};
  AttentionInputs alone_in = in;
  alone_in.offsets = {0, 70};
  alone_in.qkv.resize(size_t(70 * in.stride));
  for (size_t i = alone_in.qkv.size(); i < in.qkv.size(); ++i)
    if (i % 3 == 0) in.qkv[i] = i % 2 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  std::vector<float> together, alone, lse;
  if (!run_attention<T>(suite, label, c, in, &together, &lse) || !run_attention<T>(suite, label, alone_case, alone_in, &alone, &lse)) return;
  together.resize(alone.size());
  suite.equal(label + ": the first document's bits", together, alone);
}

// Few blocks and many works: on Hopper a block's barriers and stages go round several times.
inline void check_attention_blocks(Suite& suite) {
  const int multiprocessors = suite.context().multiprocessors;
  AttentionCase c{{200, 1, 129, 64, 300}, 3, 1, 64, true};
  const AttentionInputs in = draw_attention<bf16>(suite, c);
  std::vector<float> many, few, lse;
  if (!run_attention<bf16>(suite, "as many blocks as there are", c, in, &many, &lse)) return;
  for (const int blocks : {1, 2, 5}) {
    suite.context().multiprocessors = blocks;
    const std::string label = std::to_string(blocks) + " blocks";
    if (run_attention<bf16>(suite, label, c, in, &few, &lse)) suite.equal(label + ": the same bits", few, many);
  }
  suite.context().multiprocessors = multiprocessors;
}

inline void check_attention(Suite& suite) {
  check_attention_blocks(suite);
  std::vector<int64_t> lengths{0, 1, 0};
  lengths.insert(lengths.end(), suite.sizes().begin(), suite.sizes().end());
  for (const bool causal : {true, false}) {
    for (const int32_t dim : {32, 64, 80, 96, 128}) check_attention_case<bf16>(suite, {lengths, 2, 1, dim, causal});
    for (const int32_t dim : {32, 80}) check_attention_case<float>(suite, {lengths, 2, 1, dim, causal});
    check_attention_case<bf16>(suite, {{127, 128, 129, 0, 257}, 3, 1, 64, causal});
    check_attention_case<bf16>(suite, {{300, 17}, 1, 1, 128, causal});
    check_attention_case<float>(suite, {{129, 3}, 3, 3, 64, causal});
    for (const int alibi : {1, 2}) {
      check_attention_case<bf16>(suite, {{65, 260, 1}, 4, 2, 64, causal, alibi});
      check_attention_case<float>(suite, {{65, 140}, 3, 1, 64, causal, alibi});
    }
    check_attention_case<bf16>(suite, {{131}, 2, 2, 128, causal, 1});
    check_attention_neighbours<bf16>(suite, 64, causal);
    check_attention_neighbours<bf16>(suite, 80, causal);
  }
  check_attention_neighbours<bf16>(suite, 128, false);
  check_attention_neighbours<float>(suite, 96, true);
  check_attention_case<bf16>(suite, {{40, 30}, 7, 1, 32, true});

  AttentionShape shape;
  shape.heads = shape.kv_heads = 2;
  shape.head_dim = 64;
  AttentionCall<bf16> nothing = packed_attention<bf16>(nullptr, nullptr, nullptr, 0, shape);
  suite.that("no documents", attention<bf16>(suite.context(), nothing, shape) == cudaSuccess);
  shape.head_dim = 48;
  suite.refused("a head of 48", attention<bf16>(suite.context(), nothing, shape));
  shape.head_dim = 64;
  shape.kv_heads = 3;
  suite.refused("heads that do not divide", attention<bf16>(suite.context(), nothing, shape));
  shape.kv_heads = 2;
  nothing.tile_count = 1;
  suite.refused("no pointers", attention<bf16>(suite.context(), nothing, shape));
}

}  // namespace refine::cuda::testing
