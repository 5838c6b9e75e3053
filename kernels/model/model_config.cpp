// Bounds of a config, so that no later size overflows and no table is read past its end; see model_config.h.
#include "refine/model_config.h"

#include <cmath>

namespace refine {
namespace {

Status bad(const std::string& field, const std::string& found, const std::string& expected) {
  return Status::error("ERR_REFINE_WEIGHTS", "the model's " + field + " is " + found + ", expected " + expected);
}

struct Bound {
  const char* field;
  int32_t value, low, high;  // the largest published models lie well below each `high`; products of any three fit int64
};

bool finite(const std::vector<float>& values) {
  for (const float value : values)
    if (!std::isfinite(value)) return false;
  return true;
}

}  // namespace

Status check_config(const ModelConfig& c) {
  const Bound bounds[] = {
      {"vocabulary", c.vocab, 1, 1 << 24},         {"channels", c.channels, 1, 1 << 17},
      {"layers", c.layers, 0, 4096},               {"heads", c.heads, 1, 4096},
      {"key-value heads", c.kv_heads, 1, 4096},    {"numbers a head", c.head_dim, 1, 4096},
      {"MLP width", c.hidden, 1, 1 << 20},         {"context", c.context, 1, 1 << 27},
      {"rotary numbers", c.rotary_dim, 0, 4096},   {"offset of positions", c.position_offset, 0, 1024},
      {"segments", c.segments, 0, 1024},           {"relative positions", c.relative_span, 0, 1 << 16},
  };
  for (const Bound& bound : bounds)
    if (bound.value < bound.low || bound.value > bound.high)
      return bad(bound.field, std::to_string(bound.value), std::to_string(bound.low) + ".." + std::to_string(bound.high));
  if (int64_t(c.heads) * c.head_dim > (1 << 20)) return bad("heads times numbers a head", std::to_string(int64_t(c.heads) * c.head_dim), "at most 1048576");
  if (c.heads % c.kv_heads != 0) return bad("number of heads", std::to_string(c.heads), "a multiple of its " + std::to_string(c.kv_heads) + " key-value heads");
  if (!(c.norm_eps >= 0 && c.norm_eps < 1)) return bad("norm epsilon", std::to_string(c.norm_eps), "0..1");
  if (!(c.attention_scale > 0 && std::isfinite(c.attention_scale))) return bad("scale of attention scores", std::to_string(c.attention_scale), "a finite number above 0");
  if (!(c.clip_qkv >= 0 && std::isfinite(c.clip_qkv))) return bad("clip_qkv", std::to_string(c.clip_qkv), "0 (none) or a finite bound");
  if (c.relative_span > 0) {
    if (c.causal || c.kv_heads != c.heads || c.layout != BlockLayout::kPostNorm) return bad("disentangled attention", "in another layout", "that of DeBERTa-v2: an encoder with a key for each query head");
    if (c.relative_bucket.size() != size_t(c.context)) return bad("table of relative positions", std::to_string(c.relative_bucket.size()) + " long", std::to_string(c.context));
    for (const int32_t bucket : c.relative_bucket)
      if (bucket < 0 || bucket > c.relative_span) return bad("relative position", std::to_string(bucket), "0.." + std::to_string(c.relative_span));
  }
  if (c.position == Position::kRotary) {
    if (c.rotary_dim % 2 != 0 || c.rotary_dim > c.head_dim) return bad("rotary numbers", std::to_string(c.rotary_dim), "even and at most " + std::to_string(c.head_dim));
    if (c.rotary_frequency.size() != size_t(c.rotary_dim / 2))
      return bad("table of rotary frequencies", std::to_string(c.rotary_frequency.size()) + " long", std::to_string(c.rotary_dim / 2));
    if (!finite(c.rotary_frequency) || !std::isfinite(c.rotary_factor)) return bad("table of rotary frequencies", "not finite", "finite numbers");
  }
  if (c.position == Position::kAlibi) {
    if (c.alibi_slope.size() != size_t(c.heads)) return bad("table of ALiBi slopes", std::to_string(c.alibi_slope.size()) + " long", std::to_string(c.heads));
    if (!finite(c.alibi_slope) || !std::isfinite(c.alibi_scale)) return bad("table of ALiBi slopes", "not finite", "finite numbers");
  }
  return {};
}

}  // namespace refine
