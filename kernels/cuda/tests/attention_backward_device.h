// The backward of attention against float64 derivatives, on the forward's own results: lengths around tiles of 32, 64 and 128, empty documents, grouped
// heads, every head dimension; the same bits twice; a document's gradients do not depend on its neighbours.
#pragma once
#include "../attention_backward.h"
#include "attention_device.h"

namespace refine::cuda::testing {

// dqkv (T, (H + 2 G) D) in float64.
inline std::vector<double> reference_attention_backward(Suite& suite, const AttentionCase& c, const AttentionInputs& in, const std::vector<float>& dout) {
  const int64_t dim = c.dim, group = c.heads / c.kv_heads, stride = in.stride;
  const double scale = double(1 / std::sqrt(float(c.dim)));
  std::vector<double> gradient(in.qkv.size());
  for (size_t b = 0; b < c.lengths.size(); ++b)
    suite.parallel(c.kv_heads, [&, b](int64_t g) {
      const int64_t begin = in.offsets[b], length = c.lengths[b];
      for (int64_t h = g * group; h < (g + 1) * group; ++h)
        for (int64_t t = 0; t < length; ++t) {
          const int64_t keys = c.causal ? t + 1 : length;
          const float* const q = in.qkv.data() + (begin + t) * stride + h * dim;
          const float* const up = dout.data() + ((begin + t) * c.heads + h) * dim;
          std::vector<double> p(static_cast<size_t>(keys)), dp(p.size());
          double highest = -1e300, total = 0, along = 0;
          for (int64_t s = 0; s < keys; ++s) {
            const float* const k = in.qkv.data() + (begin + s) * stride + (c.heads + g) * dim;
            const float* const v = k + c.kv_heads * dim;
            for (int64_t d = 0; d < dim; ++d) p[size_t(s)] += scale * double(q[d]) * double(k[d]), dp[size_t(s)] += double(up[d]) * double(v[d]);
            highest = std::max(highest, p[size_t(s)]);
          }
          for (double& value : p) total += value = std::exp(value - highest);
          for (size_t s = 0; s < p.size(); ++s) along += (p[s] /= total) * dp[s];
          for (int64_t s = 0; s < keys; ++s) {
            const float* const k = in.qkv.data() + (begin + s) * stride + (c.heads + g) * dim;
            double* const dq = gradient.data() + (begin + t) * stride + h * dim;
            double* const dk = gradient.data() + (begin + s) * stride + (c.heads + g) * dim;
            double* const dv = dk + c.kv_heads * dim;
            const double ds = scale * p[size_t(s)] * (dp[size_t(s)] - along);
            for (int64_t d = 0; d < dim; ++d) dq[d] += ds * double(k[d]), dk[d] += ds * double(q[d]), dv[d] += p[size_t(s)] * double(up[d]);
          }
        }
    });
  return gradient;
}

template <class T>
bool run_attention_backward(Suite& suite, const std::string& label, const AttentionCase& c, const AttentionInputs& in, const std::vector<float>& dout, std::vector<float>* gradient) {
  const int64_t tokens = in.offsets.back(), documents = int64_t(c.lengths.size());
  const auto tiles = attention_tiles(in.offsets.data(), documents, c.causal), key_tiles = attention_key_tiles(in.offsets.data(), documents, c.causal);
  auto qkv = suite.upload_as<T>(in.qkv), out = suite.output<T>(size_t(tokens * c.heads * c.dim)), dqkv = suite.output<T>(in.qkv.size()), device_dout = suite.upload_as<T>(dout);
  auto lse = suite.output<float>(size_t(tokens * c.heads)), delta = suite.output<float>(size_t(tokens * c.heads));
  auto device_tiles = suite.upload(tiles), device_key_tiles = suite.upload(key_tiles);
  AttentionShape shape;
  shape.tokens = tokens;
  shape.heads = c.heads;
  shape.kv_heads = c.kv_heads;
  shape.head_dim = c.dim;
  shape.causal = c.causal;
  shape.scale = 1 / std::sqrt(float(c.dim));
  AttentionBackwardCall<T> call;
  call.forward = packed_attention<T>(qkv, out, device_tiles, int64_t(tiles.size()), shape);
  call.forward.lse = lse;
  if (!suite.launched(label + ": forward", attention<T>(suite.context(), call.forward, shape))) return false;
  call.dout = device_dout;
  call.dout_stride = int64_t(c.heads) * c.dim;
  call.dq = dqkv;
  call.dk = call.dq + int64_t(c.heads) * c.dim;
  call.dv = call.dk + int64_t(c.kv_heads) * c.dim;
  call.dq_stride = call.dk_stride = call.dv_stride = in.stride;
  call.key_tiles = device_key_tiles;
  call.delta = delta;
  if (!suite.launched(label, attention_backward<T>(suite.context(), call, shape))) return false;
  *gradient = suite.download_floats(dqkv);
  dqkv.poison();
  if (!suite.launched(label, attention_backward<T>(suite.context(), call, shape))) return false;
  suite.equal(label + ": twice the same bits", suite.download_floats(dqkv), *gradient);
  return true;
}

template <class T>
void check_attention_backward_case(Suite& suite, const AttentionCase& c) {
  const AttentionInputs in = draw_attention<T>(suite, c);
  const std::string label = std::string(type_name<T>()) + (c.causal ? " causal" : " full") + ", " + std::to_string(in.offsets.back()) + " tokens, " + std::to_string(c.heads) + "/" +
                            std::to_string(c.kv_heads) + " heads of " + std::to_string(c.dim);
  const auto dout = draw<T>(suite.random, size_t(int64_t(in.offsets.back()) * c.heads * c.dim));
  std::vector<float> gradient;
  if (!run_attention_backward<T>(suite, label, c, in, dout, &gradient)) return;
  const auto reference = reference_attention_backward(suite, c, in, dout);
  suite.close(label, gradient, reference, sizeof(T) == 4 ? Limits{1e-5, 64} : Limits{1e-2, 16});
}

inline void check_attention_backward(Suite& suite) {
  std::vector<int64_t> lengths{0, 1, 0};
  for (const int64_t size : suite.sizes())
    if (size <= 1000) lengths.push_back(size);
  for (const bool causal : {true, false}) {
    for (const int32_t dim : {32, 64, 80, 96, 128}) check_attention_backward_case<bf16>(suite, {lengths, 2, 1, dim, causal});
    check_attention_backward_case<float>(suite, {lengths, 2, 1, 64, causal});
    check_attention_backward_case<float>(suite, {{33, 5}, 2, 2, 80, causal});
    check_attention_backward_case<bf16>(suite, {{129, 0, 200}, 3, 1, 64, causal});
    check_attention_backward_case<bf16>(suite, {{140, 3}, 2, 2, 128, causal});
  }
  AttentionShape shape;
  shape.heads = shape.kv_heads = 2;
  shape.head_dim = 64;
  AttentionBackwardCall<bf16> nothing;
  nothing.forward = packed_attention<bf16>(nullptr, nullptr, nullptr, 0, shape);
  nothing.dout_stride = nothing.dq_stride = nothing.dk_stride = nothing.dv_stride = 384;
  suite.that("no documents", attention_backward<bf16>(suite.context(), nothing, shape) == cudaSuccess);
  const float slope = 1;
  shape.alibi_slope = &slope;
  suite.refused("ALiBi", attention_backward<bf16>(suite.context(), nothing, shape));
  shape.alibi_slope = nullptr;
  shape.tokens = 1;
  nothing.forward.tile_count = 1;
  suite.refused("no pointers", attention_backward<bf16>(suite.context(), nothing, shape));
}

}  // namespace refine::cuda::testing
