// The reference forward: embeddings, blocks in their four layouts, the final norm; see refine/model_reference.h.
#include <algorithm>

#include "reference.h"
#include "refine/model_reference.h"

namespace refine {
namespace {

using Rows = std::vector<float>;  // (T, width) of one document

void add(Rows& x, const Rows& y) {
  for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
}

void clip(Rows& x, float bound) {
  for (float& value : x) value = std::min(std::max(value, -bound), bound);
}

}  // namespace

// What a forward needs beside the weights: the document's length, where it stands, its cache of keys and values.
struct ReferenceModel::Pass {
  const ModelConfig& config;
  int64_t length, past;
  KeyValueCache& cache;
  const std::vector<float>& relative;

  Rows linear(const Rows& x, const Linear& layer, int64_t out) const {
    Rows y(size_t(length * out));
    reference::linear(x.data(), length, layer.weight, layer.bias, out, int64_t(x.size()) / length, y.data());
    return y;
  }

  Rows norm(const Rows& x, const NormWeights& weights) const {
    Rows y(x.size());
    reference::norm(config.norm, config.norm_eps, x.data(), length, int64_t(x.size()) / length, weights.weight, weights.bias, y.data());
    return y;
  }

  Rows attention(const Rows& x, const Layer& layer, size_t n) const {
    const int64_t queries = int64_t(config.heads) * config.head_dim, keys = int64_t(config.kv_heads) * config.head_dim;
    Rows q = linear(x, layer.q, queries), k = linear(x, layer.k, keys), v = linear(x, layer.v, keys);
    if (config.clip_qkv > 0)
      for (Rows* clipped : {&q, &k, &v}) clip(*clipped, config.clip_qkv);
    if (config.qk_norm) {
      q = norm(q, layer.q_norm);
      k = norm(k, layer.k_norm);
    }
    if (config.position == Position::kRotary)
      for (int64_t t = 0; t < length; ++t) {
        reference::rotate(config, past + t, config.heads, q.data() + t * queries);
        reference::rotate(config, past + t, config.kv_heads, k.data() + t * keys);
      }
    Rows &seen = cache.keys[n], &values = cache.values[n];  // (past + T, G, D)
    seen.insert(seen.end(), k.begin(), k.end());
    values.insert(values.end(), v.begin(), v.end());
    Rows mixed(size_t(length * queries));
    if (config.relative_span > 0) {
      const int64_t places = 2 * int64_t(config.relative_span);
      Rows place_keys(size_t(places * keys)), place_queries(size_t(places * queries));
      reference::linear(relative.data(), places, layer.place_k.weight, layer.place_k.bias, keys, config.channels, place_keys.data());
      reference::linear(relative.data(), places, layer.place_q.weight, layer.place_q.bias, queries, config.channels, place_queries.data());
      for (int64_t t = 0; t < length; ++t)
        reference::attend_disentangled(config, t, q.data() + t * queries, seen.data(), values.data(), place_queries.data(), place_keys.data(), length, mixed.data() + t * queries);
      return linear(mixed, layer.o, config.channels);
    }
    for (int64_t t = 0; t < length; ++t)
      reference::attend(config, q.data() + t * queries, seen.data(), values.data(), config.causal ? past + t + 1 : past + length, mixed.data() + t * queries);
    return linear(mixed, layer.o, config.channels);
  }

  Rows mlp(const Rows& x, const Layer& layer) const {
    Rows up = linear(x, layer.up, config.hidden);
    if (config.gated) {
      const Rows gate = linear(x, layer.gate, config.hidden);
      for (size_t i = 0; i < up.size(); ++i) up[i] = float(reference::activate(config.activation, double(gate[i])) * double(up[i]));
    } else {
      for (float& value : up) value = float(reference::activate(config.activation, double(value)));
    }
    return linear(up, layer.down, config.channels);
  }

  void block(Rows& x, const Layer& layer, size_t n) const {
    switch (config.layout) {
      case BlockLayout::kSequential:
        add(x, attention(norm(x, layer.norm1), layer, n));
        add(x, mlp(norm(x, layer.norm2), layer));
        return;
      case BlockLayout::kParallel: {
        const Rows first = norm(x, layer.norm1);
        Rows change = mlp(config.two_norms ? norm(x, layer.norm2) : first, layer);
        add(change, attention(first, layer, n));
        add(x, change);
        return;
      }
      case BlockLayout::kPostNorm:
        add(x, attention(x, layer, n));
        x = norm(x, layer.norm1);
        add(x, mlp(x, layer));
        x = norm(x, layer.norm2);
        return;
      case BlockLayout::kNormAfter:
        add(x, norm(attention(x, layer, n), layer.norm1));
        add(x, norm(mlp(x, layer), layer.norm2));
        return;
    }
  }
};

Status ReferenceModel::embed(const uint32_t* ids, int64_t length, const uint32_t* segments, int64_t past, float* out) const {
  const int64_t channels = config_.channels;
  if (config_.position == Position::kLearned && past + length > config_.context)
    return Status::error("ERR_REFINE_INPUT", "a text of " + std::to_string(past + length) + " tokens; the model has learned positions for " + std::to_string(config_.context));
  if (config_.relative_span > 0 && length > config_.context)
    return Status::error("ERR_REFINE_INPUT", "a text of " + std::to_string(length) + " tokens; the model has distances within " + std::to_string(config_.context));
  for (int64_t t = 0; t < length; ++t) {
    const uint32_t segment = segments ? segments[t] : 0;
    if (ids[t] >= uint32_t(config_.vocab))
      return Status::error("ERR_REFINE_INPUT", "token " + std::to_string(ids[t]) + " at position " + std::to_string(past + t) + "; the model's vocabulary has " + std::to_string(config_.vocab));
    if (segments_ && segment >= uint32_t(config_.segments))
      return Status::error("ERR_REFINE_INPUT", "segment " + std::to_string(segment) + " at position " + std::to_string(past + t) + "; the model has " + std::to_string(config_.segments));
    const float* word = embed_ + int64_t(ids[t]) * channels;
    const float* place = positions_ ? positions_ + (past + t + config_.position_offset) * channels : nullptr;
    const float* side = segments_ ? segments_ + int64_t(segment) * channels : nullptr;
    for (int64_t c = 0; c < channels; ++c) out[t * channels + c] = word[c] + (side ? side[c] : 0.0f) + (place ? place[c] : 0.0f);
  }
  if (config_.embedding_norm) reference::norm(config_.norm, config_.norm_eps, out, length, channels, embed_norm_.weight, embed_norm_.bias, out);
  return {};
}

Status ReferenceModel::hidden(const uint32_t* ids, int64_t length, const uint32_t* segments, KeyValueCache* cache, float* out) const {
  KeyValueCache own;
  if (!cache) cache = &own;
  if (cache->keys.empty()) {
    cache->keys.resize(layers_.size());
    cache->values.resize(layers_.size());
  }
  if (!config_.causal && cache->length > 0)
    return Status::error("ERR_REFINE_INPUT", "a text in pieces; in this model every position sees all others, so it must be read whole");
  if (length <= 0) return {};
  Rows x(size_t(length * config_.channels));
  if (auto status = embed(ids, length, segments, cache->length, x.data()); !status.ok()) return status;
  const Pass pass{config_, length, cache->length, *cache, relative_};
  for (size_t n = 0; n < layers_.size(); ++n) pass.block(x, layers_[n], n);
  if (config_.final_norm) x = pass.norm(x, final_norm_);
  cache->length += length;
  std::copy(x.begin(), x.end(), out);
  return {};
}

void ReferenceModel::logits(const float* hidden, float* out) const {
  reference::linear(hidden, 1, head_, nullptr, config_.vocab, config_.channels, out);
}

}  // namespace refine
