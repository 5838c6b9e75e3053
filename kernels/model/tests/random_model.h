// Random configs of every layout, odd sizes included, and weights for them: what the tests of reference, fast forward and
// trainer run on. Deterministic in the seed (mt19937_64 is fixed by the standard; distributions are not and are not used).
#pragma once
#include <cmath>
#include <random>

#include "refine/model_reference.h"

namespace refine::testing {

struct Draw {
  std::mt19937_64 bits;
  explicit Draw(uint64_t seed) : bits(seed * 0x9E3779B97F4A7C15ull + 1) {}
  double uniform() { return double(bits() >> 11) * 0x1p-53; }
  int32_t between(int32_t low, int32_t high) { return low + int32_t(bits() % uint64_t(high - low + 1)); }
  bool chance(double p) { return uniform() < p; }
  float centred(double scale) {  // a sum of 4 uniforms: bell-shaped, standard deviation about `scale`
    return float((uniform() + uniform() + uniform() + uniform() - 2) * 1.7320508 * scale);
  }
};

inline ModelConfig random_config(uint64_t seed) {
  Draw draw(seed);
  ModelConfig c;
  c.vocab = draw.between(2, 70);
  c.layers = draw.between(1, 3);
  c.kv_heads = draw.between(1, 3);
  c.heads = c.kv_heads * draw.between(1, 4);
  c.head_dim = draw.between(1, 19);
  c.channels = draw.between(1, 70);
  c.hidden = draw.between(1, 90);
  c.context = 40;
  c.layout = BlockLayout(draw.between(0, 3));
  c.two_norms = draw.chance(0.5);
  c.norm = draw.chance(0.5) ? Norm::kLayer : Norm::kRms;
  c.norm_affine = draw.chance(0.85);
  c.activation = Activation(draw.between(0, 3));
  c.gated = draw.chance(0.5);
  c.position = Position(draw.between(0, 3));
  if (c.position == Position::kRotary) {
    c.rotary_dim = draw.between(0, c.head_dim / 2) * 2;
    for (int32_t i = 0; i < c.rotary_dim / 2; ++i) c.rotary_frequency.push_back(float(std::pow(100.0, -2.0 * i / c.rotary_dim)));
    if (draw.chance(0.2)) c.rotary_factor = 1.25f;
  }
  if (c.position == Position::kAlibi) {
    for (int32_t h = 0; h < c.heads; ++h) c.alibi_slope.push_back(float(std::pow(2.0, -8.0 * (h + 1) / c.heads)));
    c.alibi_bfloat16 = draw.chance(0.5);
    if (draw.chance(0.5)) c.alibi_scale = float(1 / std::sqrt(double(c.head_dim)));
  }
  c.attention_scale = float(1 / std::sqrt(double(c.head_dim)));
  if (draw.chance(0.2)) c.clip_qkv = 0.5f;
  c.qk_norm = draw.chance(0.25);
  if (draw.chance(0.2)) c.position_offset = 2;
  if (draw.chance(0.2)) c.segments = 2;
  c.embedding_norm = draw.chance(0.2);
  c.final_norm = draw.chance(0.8);
  return c;
}

// Past every tile and block of the fast forward: depths over 384, columns over 512, a vocabulary over two blocks, heads wider
// than a panel. Positions come to `context`.
inline ModelConfig wide_config(uint64_t seed, int32_t context) {
  ModelConfig c = random_config(seed);
  Draw draw(seed ^ 0x77AD5EEDull);
  c.layers = 1;
  c.vocab = draw.between(1025, 1100);
  c.channels = draw.between(385, 450);
  c.hidden = draw.between(513, 580);
  c.kv_heads = draw.between(1, 2);
  c.heads = c.kv_heads * draw.between(1, 2);
  c.head_dim = draw.between(65, 140);
  c.context = context;
  c.attention_scale = float(1 / std::sqrt(double(c.head_dim)));
  c.rotary_frequency.clear();
  if (c.position == Position::kRotary) {
    c.rotary_dim = draw.between(17, c.head_dim / 2) * 2;
    for (int32_t i = 0; i < c.rotary_dim / 2; ++i) c.rotary_frequency.push_back(float(std::pow(10000.0, -2.0 * i / c.rotary_dim)));
  }
  if (c.position == Position::kAlibi) c.alibi_slope.assign(size_t(c.heads), 0.0625f);
  return c;
}

inline MemoryWeights random_weights(const ModelConfig& config, uint64_t seed) {
  Draw draw(seed ^ 0x5DEECE66Dull);
  MemoryWeights weights;
  for (const RoleShape& shape : model_roles(config)) {
    if (shape.optional && draw.chance(0.5)) continue;
    MemoryWeights::Entry entry{shape.rows, shape.cols, std::vector<float>(size_t(shape.rows * shape.cols))};
    const bool norm_weight = shape.role.find("norm") != std::string::npos && shape.role.ends_with(".weight");
    const double scale = shape.rows == 1 ? 0.2 : 1 / std::sqrt(double(shape.cols));
    for (float& value : entry.values) value = draw.centred(scale) + (norm_weight ? 1.0f : 0.0f);
    weights.entries.emplace(shape.role, std::move(entry));
  }
  return weights;
}

inline std::vector<uint32_t> random_ids(const ModelConfig& config, size_t length, uint64_t seed) {
  Draw draw(seed + 77);
  std::vector<uint32_t> ids(length);
  for (uint32_t& id : ids) id = uint32_t(draw.between(0, config.vocab - 1));
  return ids;
}

}  // namespace refine::testing
