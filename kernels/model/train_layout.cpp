// Where the trainer's parameters lie, their first values, and the rotary tables.
#include <cmath>

#include "refine/fixed_math.h"
#include "train_state.h"

namespace refine::train {
namespace {

uint64_t mixed(uint64_t x) {  // splitmix64's finaliser (Steele 2014)
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// About normal with deviation 1: four 16-bit uniforms summed, so that no logarithm of a platform enters the weights.
float bell(uint64_t seed, uint64_t parameter, uint64_t n) {
  const uint64_t bits = mixed(mixed(seed ^ mixed(parameter)) + n);
  const int32_t sum = int32_t(bits & 0xFFFF) + int32_t((bits >> 16) & 0xFFFF) + int32_t((bits >> 32) & 0xFFFF) + int32_t(bits >> 48);
  return float(sum - 2 * 65535) * (1.7320508f / 65536.0f);  // a uniform's variance is 1/12; four sum to 1/3
}

struct Builder {
  Shape& shape;
  size_t add(std::string role, size_t rows, size_t columns, bool matrix) {
    const size_t offset = shape.count;
    shape.parameters.push_back({std::move(role), int32_t(rows), int32_t(columns), matrix, offset});
    shape.count += rows * columns;
    return offset;
  }
  size_t matrix(std::string role, size_t rows, size_t columns) { return add(std::move(role), rows, columns, true); }
  size_t vector(std::string role, size_t n) { return add(std::move(role), 1, n, false); }
  void norm(const std::string& role, size_t* weight, size_t* bias) {
    if (!shape.config.norm_affine) return;
    *weight = vector(role + ".weight", shape.C);
    if (shape.config.norm == Norm::kLayer) *bias = vector(role + ".bias", shape.C);
  }
};

}  // namespace

void lay_out(Shape& shape) {
  const auto& config = shape.config;
  shape.C = size_t(config.channels), shape.H = size_t(config.heads), shape.G = size_t(config.kv_heads), shape.D = size_t(config.head_dim);
  shape.F = size_t(config.hidden), shape.V = size_t(config.vocab), shape.R = shape.H / shape.G;
  shape.Q = (shape.H + 2 * shape.G) * shape.D, shape.U = config.gated ? 2 * shape.F : shape.F;
  const size_t C = shape.C, F = shape.F, HD = shape.H * shape.D, GD = shape.G * shape.D;
  const bool biased = shape.options.linear_bias;
  Builder build{shape};
  auto& at = shape.at;
  at.embed = build.matrix("embed", shape.V, C);
  if (config.position == Position::kLearned) at.positions = build.matrix("positions", size_t(config.context + config.position_offset), C);
  if (config.segments > 0) at.segments = build.matrix("segments", size_t(config.segments), C);
  if (config.embedding_norm) build.norm("embed_norm", &at.embed_norm, &at.embed_norm_bias);
  for (int32_t l = 0; l < config.layers; ++l) {
    const auto name = "layers." + std::to_string(l) + ".";
    LayerOffsets p;
    build.norm(name + "norm1", &p.norm1, &p.norm1_bias);
    if (config.layout != BlockLayout::kParallel || config.two_norms) build.norm(name + "norm2", &p.norm2, &p.norm2_bias);
    p.qkv = build.matrix(name + "q.weight", HD, C);
    build.matrix(name + "k.weight", GD, C);
    build.matrix(name + "v.weight", GD, C);
    if (biased) {
      p.qkv_bias = build.vector(name + "q.bias", HD);
      build.vector(name + "k.bias", GD);
      build.vector(name + "v.bias", GD);
    }
    p.o = build.matrix(name + "o.weight", C, HD);
    if (biased) p.o_bias = build.vector(name + "o.bias", C);
    if (config.gated) p.up = build.matrix(name + "gate.weight", F, C);
    const size_t up = build.matrix(name + "up.weight", F, C);
    if (!config.gated) p.up = up;
    if (biased) {
      if (config.gated) p.up_bias = build.vector(name + "gate.bias", F);
      const size_t up_bias = build.vector(name + "up.bias", F);
      if (!config.gated) p.up_bias = up_bias;
    }
    p.down = build.matrix(name + "down.weight", C, F);
    if (biased) p.down_bias = build.vector(name + "down.bias", C);
    at.layers.push_back(p);
  }
  if (config.final_norm) build.norm("final_norm", &at.final_norm, &at.final_norm_bias);
  if (shape.options.goal == TrainGoal::kNextToken) {
    at.head = shape.options.tied_head ? at.embed : build.matrix("head", shape.V, C);
  } else {
    if (!config.causal) {
      at.pooler = build.matrix("pooler.weight", C, C);
      at.pooler_bias = build.vector("pooler.bias", C);
    }
    at.classifier = build.matrix("classifier.weight", size_t(shape.options.labels), C);
    at.classifier_bias = build.vector("classifier.bias", size_t(shape.options.labels));
  }
  if (config.position == Position::kRotary) {
    const size_t half = size_t(config.rotary_dim) / 2;
    for (int32_t t = 0; t < config.context; ++t)
      for (size_t i = 0; i < half; ++i) {
        const double angle = double(float(t) * config.rotary_frequency[i]);
        shape.cosine.push_back(float(std::cos(angle)) * config.rotary_factor);
        shape.sine.push_back(float(std::sin(angle)) * config.rotary_factor);
      }
  }
}

// Deviations: 0.02 for embeddings; 0.02 * sqrt(768 / inputs) for matrices (GPT-2's at its width), what ends in the residual
// stream divided by sqrt(2 L) as GPT-2 does; norms 1, biases 0.
void initialise(const Shape& shape, float* weights) {
  for (size_t p = 0; p < shape.parameters.size(); ++p) {
    const auto& parameter = shape.parameters[p];
    const size_t n = size_t(parameter.rows) * size_t(parameter.columns);
    float* w = weights + parameter.offset;
    const auto ends = [&](const char* tail) { return parameter.role.size() >= std::char_traits<char>::length(tail) && parameter.role.ends_with(tail); };
    if (!parameter.matrix) {
      const float value = ends("norm.weight") || ends("norm1.weight") || ends("norm2.weight") ? 1.0f : 0.0f;
      for (size_t i = 0; i < n; ++i) w[i] = value;
      continue;
    }
    float deviation = 0.02f;
    if (ends(".weight")) deviation *= std::sqrt(768.0f / float(parameter.columns));
    if (ends(".o.weight") || ends(".down.weight")) deviation /= std::sqrt(2.0f * float(shape.config.layers));
    for (size_t i = 0; i < n; ++i) w[i] = deviation * bell(shape.options.seed, p, i);
  }
}

}  // namespace refine::train
