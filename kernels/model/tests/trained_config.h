// The shapes that the tests of both trainers take steps with: two layers, widths by heads, rotary positions over a whole head.
#pragma once
#include <cmath>

#include "refine/model_config.h"

namespace refine::testing {

inline ModelConfig trained_config(int32_t vocab, int32_t heads, int32_t groups, int32_t head_dim, int32_t hidden, int32_t context) {
  ModelConfig c;
  c.vocab = vocab, c.channels = heads * head_dim, c.layers = 2, c.heads = heads, c.kv_heads = groups, c.head_dim = head_dim, c.hidden = hidden, c.context = context;
  c.attention_scale = 1 / std::sqrt(float(head_dim));
  c.rotary_dim = head_dim;
  for (int i = 0; i < head_dim / 2; ++i) c.rotary_frequency.push_back(float(std::pow(10000.0, -2.0 * i / head_dim)));
  return c;
}
// Half of a head turns.
inline ModelConfig llama_like(ModelConfig c) {
  c.norm = Norm::kRms;
  c.gated = true;
  c.activation = Activation::kSilu;
  c.rotary_dim = c.head_dim / 2;
  c.rotary_frequency.resize(size_t(c.rotary_dim / 2));
  return c;
}

}  // namespace refine::testing
