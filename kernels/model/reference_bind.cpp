// Roles of a config and their binding: every weight is found and its shape checked before a forward may touch it.
// See model_reference.h.
#include "reference.h"
#include "refine/model_reference.h"

namespace refine {
namespace {

void add_norm(std::vector<RoleShape>& roles, const ModelConfig& c, const std::string& name, int64_t size) {
  if (!c.norm_affine) return;
  roles.push_back({name + ".weight", 1, size, false});
  if (c.norm == Norm::kLayer) roles.push_back({name + ".bias", 1, size, true});
}

void add_linear(std::vector<RoleShape>& roles, const std::string& name, int64_t out, int64_t in) {
  roles.push_back({name + ".weight", out, in, false});
  roles.push_back({name + ".bias", 1, out, true});
}

std::string shape_text(int64_t rows, int64_t cols) { return rows == 1 ? std::to_string(cols) : std::to_string(rows) + " x " + std::to_string(cols); }

}  // namespace

std::vector<RoleShape> model_roles(const ModelConfig& c) {
  const int64_t channels = c.channels, queries = int64_t(c.heads) * c.head_dim, keys = int64_t(c.kv_heads) * c.head_dim;
  std::vector<RoleShape> roles;
  roles.push_back({"embed", c.vocab, channels, false});
  if (c.position == Position::kLearned) roles.push_back({"positions", int64_t(c.context) + c.position_offset, channels, false});
  if (c.segments > 0) roles.push_back({"segments", c.segments, channels, false});
  if (c.embedding_norm) add_norm(roles, c, "embed_norm", channels);
  if (c.relative_span > 0) {
    roles.push_back({"relative", 2 * int64_t(c.relative_span), channels, false});
    roles.push_back({"relative_norm.weight", 1, channels, true});
    roles.push_back({"relative_norm.bias", 1, channels, true});
  }
  for (int32_t n = 0; n < c.layers; ++n) {
    const std::string layer = "layers." + std::to_string(n) + ".";
    add_norm(roles, c, layer + "norm1", channels);
    if (c.layout != BlockLayout::kParallel || c.two_norms) add_norm(roles, c, layer + "norm2", channels);
    if (c.qk_norm) {
      add_norm(roles, c, layer + "q_norm", queries);
      add_norm(roles, c, layer + "k_norm", keys);
    }
    add_linear(roles, layer + "q", queries, channels);
    add_linear(roles, layer + "k", keys, channels);
    add_linear(roles, layer + "v", keys, channels);
    if (c.relative_span > 0) {  // own projections of places; where they are absent the contents' serve
      for (const char* own : {"place_q", "place_k"}) {
        roles.push_back({layer + own + ".weight", queries, channels, true});
        roles.push_back({layer + own + ".bias", 1, queries, true});
      }
    }
    add_linear(roles, layer + "o", channels, queries);
    if (c.gated) add_linear(roles, layer + "gate", c.hidden, channels);
    add_linear(roles, layer + "up", c.hidden, channels);
    add_linear(roles, layer + "down", channels, c.hidden);
  }
  if (c.final_norm) add_norm(roles, c, "final_norm", channels);
  roles.push_back({"head", c.vocab, channels, true});
  return roles;
}

RoleLookup MemoryWeights::lookup() const {
  return [this](const std::string& role) -> RoleMatrix {
    const auto found = entries.find(role);
    if (found == entries.end()) return {};
    return {found->second.values.data(), found->second.rows, found->second.cols};
  };
}

Status ReferenceModel::bind(const ModelConfig& config, const RoleLookup& weights, ReferenceModel* out) {
  if (auto status = check_config(config); !status.ok()) return status;
  std::map<std::string, const float*> found;
  for (const RoleShape& wanted : model_roles(config)) {
    const RoleMatrix matrix = weights(wanted.role);
    if (matrix.data == nullptr && wanted.optional) continue;
    if (matrix.data == nullptr)
      return Status::error("ERR_REFINE_WEIGHTS", "the model has no weight \"" + wanted.role + "\" (" + shape_text(wanted.rows, wanted.cols) + "), which its config asks for");
    if (matrix.rows != wanted.rows || matrix.cols != wanted.cols)
      return Status::error("ERR_REFINE_WEIGHTS", "weight \"" + wanted.role + "\" is " + shape_text(matrix.rows, matrix.cols) + ", its config asks for " + shape_text(wanted.rows, wanted.cols));
    found[wanted.role] = matrix.data;
  }
  const auto data = [&found](const std::string& role) -> const float* {
    const auto entry = found.find(role);
    return entry == found.end() ? nullptr : entry->second;
  };
  const auto norm = [&data](const std::string& name) { return NormWeights{data(name + ".weight"), data(name + ".bias")}; };
  const auto linear = [&data](const std::string& name) { return Linear{data(name + ".weight"), data(name + ".bias")}; };

  *out = ReferenceModel();
  out->config_ = config;
  out->embed_ = data("embed");
  out->positions_ = data("positions");
  out->segments_ = data("segments");
  if (config.relative_span > 0) {
    const float* const rows = data("relative");
    out->relative_.assign(rows, rows + 2 * int64_t(config.relative_span) * config.channels);
    if (data("relative_norm.weight"))
      reference::norm(config.norm, config.norm_eps, rows, 2 * int64_t(config.relative_span), config.channels, data("relative_norm.weight"), data("relative_norm.bias"), out->relative_.data());
  }
  out->head_ = data("head") ? data("head") : out->embed_;
  out->embed_norm_ = norm("embed_norm");
  out->final_norm_ = norm("final_norm");
  for (int32_t n = 0; n < config.layers; ++n) {
    const std::string name = "layers." + std::to_string(n) + ".";
    Layer layer;
    layer.norm1 = norm(name + "norm1");
    layer.norm2 = norm(name + "norm2");
    layer.q_norm = norm(name + "q_norm");
    layer.k_norm = norm(name + "k_norm");
    layer.q = linear(name + "q");
    layer.k = linear(name + "k");
    layer.v = linear(name + "v");
    layer.place_q = linear(name + (data(name + "place_q.weight") ? "place_q" : "q"));
    layer.place_k = linear(name + (data(name + "place_k.weight") ? "place_k" : "k"));
    layer.o = linear(name + "o");
    layer.gate = linear(name + "gate");
    layer.up = linear(name + "up");
    layer.down = linear(name + "down");
    out->layers_.push_back(layer);
  }
  return {};
}

}  // namespace refine
