// The configuration that crosses the C ABI as the core knows it.
#pragma once
#include "library.h"
#include "refine/model_config.h"

namespace refine::cuda {

inline ModelConfig config_of(const refine_cuda_config& from) {
  ModelConfig c;
  c.vocab = from.vocab;
  c.channels = from.channels;
  c.layers = from.layers;
  c.heads = from.heads;
  c.kv_heads = from.kv_heads;
  c.head_dim = from.head_dim;
  c.hidden = from.hidden;
  c.context = from.context;
  c.layout = BlockLayout(from.layout);
  c.two_norms = from.two_norms != 0;
  c.norm = Norm(from.norm);
  c.norm_eps = from.norm_eps;
  c.norm_affine = from.norm_affine != 0;
  c.activation = Activation(from.activation);
  c.gated = from.gated != 0;
  c.position = Position(from.position);
  c.rotary_dim = from.rotary_dim;
  if (c.position == Position::kRotary) c.rotary_frequency.assign(from.rotary_frequency, from.rotary_frequency + from.rotary_dim / 2);
  c.rotary_factor = from.rotary_factor;
  if (c.position == Position::kAlibi) c.alibi_slope.assign(from.alibi_slope, from.alibi_slope + from.heads);
  c.alibi_scale = from.alibi_scale;
  c.alibi_bfloat16 = from.alibi_bfloat16 != 0;
  c.attention_scale = from.attention_scale;
  c.clip_qkv = from.clip_qkv;
  c.qk_norm = from.qk_norm != 0;
  c.relative_span = from.relative_span;
  c.causal = from.causal != 0;
  c.position_offset = from.position_offset;
  c.segments = from.segments;
  c.embedding_norm = from.embedding_norm != 0;
  c.final_norm = from.final_norm != 0;
  return c;
}

}  // namespace refine::cuda
