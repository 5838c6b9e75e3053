// Weights checked and packed for the fast forward; see refine/model_fast.h.
#include <algorithm>
#include <cstring>

#include "disentangled.h"
#include "fast.h"

namespace refine {

// Where weights come from: a lookup that outlives the call, or files, whose numbers are converted one role at a time.
struct FastModel::Source {
  const RoleLookup* lookup = nullptr;
  const ModelWeights* weights = nullptr;

  RoleMatrix shape(const std::string& role) const {
    if (lookup) return (*lookup)(role);
    const auto found = weights->shape(role);
    return {nullptr, int64_t(found.rows), int64_t(found.columns)};
  }
  bool has(const std::string& role) const { return lookup ? (*lookup)(role).data != nullptr : weights->has(role); }
  std::vector<float> read(const std::string& role) const {
    if (!has(role)) return {};
    if (!lookup) return weights->read(role);
    const RoleMatrix found = (*lookup)(role);
    return {found.data, found.data + found.rows * found.cols};
  }
};

namespace {

std::string shape_text(int64_t rows, int64_t cols) { return rows == 1 ? std::to_string(cols) : std::to_string(rows) + " x " + std::to_string(cols); }

void join(std::vector<float>& out, const std::vector<float>& more) { out.insert(out.end(), more.begin(), more.end()); }

size_t bytes_of(const std::vector<float>& values) { return values.size() * sizeof(float); }

}  // namespace

Status FastModel::fill(const Source& source) {
  for (const RoleShape& wanted : model_roles(config_)) {
    if (!source.has(wanted.role)) {
      if (wanted.optional) continue;
      return Status::error("ERR_REFINE_WEIGHTS", "the model has no weight \"" + wanted.role + "\" (" + shape_text(wanted.rows, wanted.cols) + "), which its config asks for");
    }
    const RoleMatrix found = source.shape(wanted.role);
    if (found.rows != wanted.rows || found.cols != wanted.cols)
      return Status::error("ERR_REFINE_WEIGHTS", "weight \"" + wanted.role + "\" is " + shape_text(found.rows, found.cols) + ", its config asks for " + shape_text(wanted.rows, wanted.cols));
  }
  const auto& c = config_;
  const int64_t channels = c.channels, queries = int64_t(c.heads) * c.head_dim, keys = int64_t(c.kv_heads) * c.head_dim;
  const int64_t deepest = std::max({channels, queries, int64_t(c.hidden)});
  if (options_.kind == GemmKind::kInt8 && deepest > kMaxInt8Depth)
    return Status::error("ERR_REFINE_WEIGHTS", "a layer of " + std::to_string(deepest) + " inputs in int8, whose sums hold " + std::to_string(kMaxInt8Depth) + "; use bf16 or f32");
  const auto norm_of = [&source](const std::string& name) { return NormWeights{source.read(name + ".weight"), source.read(name + ".bias")}; };
  const auto packed = [this](const std::vector<float>& w, int64_t n, int64_t k) { return pack(w.data(), n, k, options_.kind, options_.isa); };
  const auto linear_of = [&](const std::string& name, int64_t n, int64_t k) { return Linear{packed(source.read(name + ".weight"), n, k), source.read(name + ".bias")}; };

  auto embed = source.read("embed");
  if (c.causal || source.has("head")) head_ = packed(source.has("head") ? source.read("head") : embed, c.vocab, channels);
  if (options_.kind != GemmKind::kF32) {
    embed_narrow_.resize(embed.size());
    for (size_t i = 0; i < embed.size(); ++i) embed_narrow_[i] = bf16_of_f32(embed[i]);
  } else if (source.weights) {
    embed_ = source.weights->f32("embed");
  } else {
    embed_copy_ = std::move(embed);
    embed_ = embed_copy_.data();
  }
  positions_ = source.read("positions");
  segments_ = source.read("segments");
  embed_norm_ = norm_of("embed_norm");
  final_norm_ = norm_of("final_norm");
  layers_.resize(size_t(c.layers));
  for (int32_t n = 0; n < c.layers; ++n) {
    const std::string name = "layers." + std::to_string(n) + ".";
    Layer& layer = layers_[size_t(n)];
    layer.norm1 = norm_of(name + "norm1");
    layer.norm2 = norm_of(name + "norm2");
    layer.q_norm = norm_of(name + "q_norm");
    layer.k_norm = norm_of(name + "k_norm");
    auto qkv = source.read(name + "q.weight");
    join(qkv, source.read(name + "k.weight"));
    join(qkv, source.read(name + "v.weight"));
    layer.qkv.weight = packed(qkv, queries + 2 * keys, channels);
    if (source.has(name + "q.bias") || source.has(name + "k.bias") || source.has(name + "v.bias")) {
      for (const char* part : {"q", "k", "v"}) {
        auto bias = source.read(name + part + ".bias");
        if (bias.empty()) bias.assign(size_t(*part == 'q' ? queries : keys), 0.0f);
        join(layer.qkv.bias, bias);
      }
    }
    layer.o = linear_of(name + "o", channels, queries);
    layer.up = linear_of(name + "up", c.hidden, channels);
    if (c.gated) layer.gate = linear_of(name + "gate", c.hidden, channels);
    layer.down = linear_of(name + "down", channels, c.hidden);
  }
  if (c.relative_span > 0) fill_places(source);
  return {};
}

// Keys and queries of places depend on weights alone. They are made in fp32 whatever the kind: once a model, not once a text.
void FastModel::fill_places(const Source& source) {
  const auto& c = config_;
  const int64_t channels = c.channels, width = int64_t(c.heads) * c.head_dim;
  slots_ = std::make_shared<model::PlaceSlots>(c);
  const int64_t slots = slots_->count;
  auto relative = source.read("relative");
  if (source.has("relative_norm.weight")) norm({source.read("relative_norm.weight"), source.read("relative_norm.bias")}, relative.data(), 2 * int64_t(c.relative_span), channels, relative.data());
  std::vector<float> ahead(size_t(slots * channels)), behind(ahead.size()), products(size_t(slots * width));  // of both orders of slots
  for (int64_t s = 0; s < slots; ++s) {
    const float* row = relative.data() + slots_->rows[size_t(s)] * channels;
    std::copy(row, row + channels, ahead.data() + s * channels);
    std::copy(row, row + channels, behind.data() + (slots - 1 - s) * channels);
  }
  for (int32_t n = 0; n < c.layers; ++n) {
    const auto packed = [&](const std::vector<float>& rows, const std::string& shared, const std::string& own) {
      const std::string name = "layers." + std::to_string(n) + ".", from = name + (source.has(name + own + ".weight") ? own : shared);
      const auto weight = source.read(from + ".weight"), bias = source.read(from + ".bias");
      gemm(rows.data(), slots, pack(weight.data(), width, channels, GemmKind::kF32, options_.isa), products.data(), {bias.empty() ? nullptr : bias.data(), GemmActivation::kNone, nullptr, nullptr});
      return model::pack_places(*kernels_, options_.kind != GemmKind::kF32, products.data(), slots, c.heads, c.head_dim);
    };
    auto places = std::make_shared<model::Places>();
    if (c.content_to_position) places->keys = packed(behind, "k", "place_k");
    if (c.position_to_content) places->queries = packed(ahead, "q", "place_q");
    layers_[size_t(n)].places = std::move(places);
  }
}

Status FastModel::bind(const ModelConfig& config, const RoleLookup& weights, const FastOptions& options, std::shared_ptr<FastModel>* out) {
  if (auto status = check_config(config); !status.ok()) return status;
  auto model = std::make_shared<FastModel>();
  model->config_ = config;
  model->options_ = options;
  model->kernels_ = &model::kernel_set(options.isa);
  model->turns_ = std::make_shared<Turns>();
  if (auto status = model->fill({&weights, nullptr}); !status.ok()) return status;
  *out = std::move(model);
  return {};
}

Status FastModel::bind(const ModelConfig& config, const std::shared_ptr<const ModelWeights>& weights, const FastOptions& options, std::shared_ptr<FastModel>* out) {
  if (auto status = check_config(config); !status.ok()) return status;
  auto model = std::make_shared<FastModel>();
  model->config_ = config;
  model->options_ = options;
  model->kernels_ = &model::kernel_set(options.isa);
  model->turns_ = std::make_shared<Turns>();
  if (auto status = model->fill({nullptr, weights.get()}); !status.ok()) return status;
  if (options.kind == GemmKind::kF32) model->kept_ = weights;
  *out = std::move(model);
  return {};
}

size_t FastModel::bytes() const {
  size_t total = bytes_of(embed_copy_) + embed_narrow_.size() * sizeof(uint16_t) + bytes_of(positions_) + bytes_of(segments_) + head_.bytes();
  const auto norm_bytes = [](const NormWeights& norm) { return bytes_of(norm.weight) + bytes_of(norm.bias); };
  total += norm_bytes(embed_norm_) + norm_bytes(final_norm_);
  for (const Layer& layer : layers_) {
    for (const NormWeights* norm : {&layer.norm1, &layer.norm2, &layer.q_norm, &layer.k_norm}) total += norm_bytes(*norm);
    for (const Linear* linear : {&layer.qkv, &layer.o, &layer.up, &layer.gate, &layer.down}) total += linear->weight.bytes() + bytes_of(linear->bias);
    if (layer.places) total += layer.places->keys.bytes + layer.places->queries.bytes;
  }
  return total;
}

}  // namespace refine
