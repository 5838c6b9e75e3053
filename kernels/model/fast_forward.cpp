// Embeddings and blocks of the fast forward; see refine/model_fast.h. Layouts as in reference_forward.cpp.
#include <algorithm>
#include <cstring>

#include "disentangled.h"
#include "fast.h"
#include "refine/fixed_math.h"

namespace refine {

using model::AlignedBuffer;

namespace {

float* room(AlignedBuffer& buffer, int64_t count) {
  buffer.grow(size_t(count) * sizeof(float));
  return static_cast<float*>(buffer.data);
}

GemmActivation activation_of(Activation activation) {
  switch (activation) {
    case Activation::kGelu: return GemmActivation::kGelu;
    case Activation::kGeluTanh: return GemmActivation::kGeluTanh;
    case Activation::kSilu: return GemmActivation::kSilu;
    case Activation::kRelu: return GemmActivation::kRelu;
  }
  return GemmActivation::kNone;
}

const float* data_or_null(const std::vector<float>& values) { return values.empty() ? nullptr : values.data(); }

}  // namespace

FastModel::Scratch& FastModel::Scratch::mine() {
  thread_local Scratch scratch;
  return scratch;
}

std::shared_ptr<const FastModel::TurnTable> FastModel::Turns::upto(const ModelConfig& config, int64_t positions) {
  const std::lock_guard guard(lock);
  if (table && table->positions >= positions) return table;
  auto grown = std::make_shared<TurnTable>();
  const int64_t half = config.rotary_dim / 2;
  grown->positions = std::max<int64_t>(positions, table ? table->positions * 2 : 512);
  grown->cosine.resize(size_t(grown->positions * half));
  grown->sine.resize(grown->cosine.size());
  for (int64_t t = 0; t < grown->positions; ++t)
    for (int64_t i = 0; i < half; ++i) {
      const auto turn = fixed_sin_cos(double(float(t) * config.rotary_frequency[size_t(i)]));
      grown->cosine[size_t(t * half + i)] = float(turn.cos) * config.rotary_factor;
      grown->sine[size_t(t * half + i)] = float(turn.sin) * config.rotary_factor;
    }
  table = grown;
  return table;
}

void FastModel::norm(const NormWeights& weights, const float* in, int64_t rows, int64_t width, float* out) const {
  kernels_->rows.norm(config_.norm == Norm::kRms, config_.norm_eps, in, rows, width, data_or_null(weights.weight), data_or_null(weights.bias), out);
}

Status FastModel::embed(const uint32_t* ids, const uint32_t* segments, int64_t length, int64_t position, float* out) const {
  const int64_t channels = config_.channels;
  if (config_.position == Position::kLearned && position + length > config_.context)
    return Status::error("ERR_REFINE_INPUT", "a text of " + std::to_string(position + length) + " tokens; the model has learned positions for " + std::to_string(config_.context));
  if (config_.relative_span > 0 && length > config_.context)
    return Status::error("ERR_REFINE_INPUT", "a text of " + std::to_string(length) + " tokens; the model has distances within " + std::to_string(config_.context));
  for (int64_t t = 0; t < length; ++t) {
    const uint32_t segment = segments ? segments[t] : 0;
    if (ids[t] >= uint32_t(config_.vocab))
      return Status::error("ERR_REFINE_INPUT", "token " + std::to_string(ids[t]) + " at position " + std::to_string(position + t) + "; the model's vocabulary has " + std::to_string(config_.vocab));
    if (!segments_.empty() && segment >= uint32_t(config_.segments))
      return Status::error("ERR_REFINE_INPUT", "segment " + std::to_string(segment) + " at position " + std::to_string(position + t) + "; the model has " + std::to_string(config_.segments));
    float* to = out + t * channels;
    if (embed_) std::memcpy(to, embed_ + int64_t(ids[t]) * channels, size_t(channels) * sizeof(float));
    else kernels_->rows.widen(embed_narrow_.data() + int64_t(ids[t]) * channels, channels, to);
    if (!segments_.empty()) kernels_->rows.add(to, segments_.data() + int64_t(segment) * channels, channels);
    if (!positions_.empty()) kernels_->rows.add(to, positions_.data() + (position + t + config_.position_offset) * channels, channels);
  }
  if (config_.embedding_norm) norm(embed_norm_, out, length, channels, out);
  return {};
}

// residual may be `out` (added in place) or nullptr.
void FastModel::mlp(const Layer& layer, const float* in, int64_t rows, const float* residual, float* out, Scratch& scratch) const {
  const auto activation = activation_of(config_.activation);
  float* hidden = room(scratch.hidden, rows * config_.hidden);
  if (config_.gated) {
    float* gate = room(scratch.gate, rows * config_.hidden);
    gemm(in, rows, layer.gate.weight, gate, {data_or_null(layer.gate.bias), activation, nullptr, nullptr});
    gemm(in, rows, layer.up.weight, hidden, {data_or_null(layer.up.bias), GemmActivation::kNone, gate, nullptr});
  } else {
    gemm(in, rows, layer.up.weight, hidden, {data_or_null(layer.up.bias), activation, nullptr, nullptr});
  }
  gemm(hidden, rows, layer.down.weight, out, {data_or_null(layer.down.bias), GemmActivation::kNone, nullptr, residual});
}

// qkv (rows, H D + 2 G D): queries become what attention makes of them.
void FastModel::attend_all(const Batch& batch, size_t layer, float* qkv, const float* alibi) const {
  const int64_t queries = int64_t(config_.heads) * config_.head_dim, keys = int64_t(config_.kv_heads) * config_.head_dim, width = queries + 2 * keys;
  for (const auto& document : batch.documents) {
    float* own = qkv + document.row * width;
    model::AttentionTask task;
    task.queries = own, task.query_stride = width, task.rows = document.length, task.first = document.past;
    task.keys = own + queries, task.key_stride = width, task.values = own + queries + keys, task.value_stride = width, task.length = document.length;
    if (batch.cache) {
      auto &seen = batch.cache->keys[layer], &values = batch.cache->values[layer];
      for (int64_t t = 0; t < document.length; ++t) {
        seen.insert(seen.end(), own + t * width + queries, own + t * width + queries + keys);
        values.insert(values.end(), own + t * width + queries + keys, own + (t + 1) * width);
      }
      task.keys = seen.data(), task.values = values.data(), task.key_stride = task.value_stride = keys, task.length = document.past + document.length;
    }
    task.heads = config_.heads, task.groups = config_.kv_heads, task.dim = config_.head_dim;
    task.scale = config_.attention_scale, task.causal = config_.causal, task.narrow = options_.kind != GemmKind::kF32;
    task.alibi = alibi, task.alibi_stride = batch.longest;
    task.out = own, task.out_stride = width;
    if (slots_) model::attend_disentangled(*kernels_, task, *slots_, *layers_[layer].places);
    else model::attend(*kernels_, task);
  }
}

// Queries and keys as attention takes them: clipped, normed, turned. `row` is the first row's index in the batch.
void FastModel::prepare(const Layer& layer, const Batch& batch, int64_t row, int64_t rows, float* qkv, const TurnTable* turns) const {
  const int64_t dim = config_.head_dim, queries = config_.heads * dim, keys = config_.kv_heads * dim, width = queries + 2 * keys, half = config_.rotary_dim / 2;
  if (config_.clip_qkv > 0) kernels_->rows.clip(qkv, rows * width, config_.clip_qkv);
  if (config_.qk_norm) {
    for (int64_t r = 0; r < rows; ++r) {
      norm(layer.q_norm, qkv + r * width, 1, queries, qkv + r * width);
      norm(layer.k_norm, qkv + r * width + queries, 1, keys, qkv + r * width + queries);
    }
  }
  if (!turns || half == 0) return;
  for (const auto& document : batch.documents) {
    const int64_t begin = std::max(row, document.row), end = std::min(row + rows, document.row + document.length);
    for (int64_t r = begin; r < end; ++r) {
      const int64_t at = (document.past + r - document.row) * half;
      float* own = qkv + (r - row) * width;  // heads of queries, then of keys
      for (int64_t h = 0; h < config_.heads + config_.kv_heads; ++h) kernels_->rows.rotate(own + h * dim, int(half), turns->cosine.data() + at, turns->sine.data() + at);
    }
  }
}

void FastModel::blocks(const Batch& batch, Scratch& scratch) const {
  const int64_t channels = config_.channels, queries = int64_t(config_.heads) * config_.head_dim, keys = int64_t(config_.kv_heads) * config_.head_dim, width = queries + 2 * keys;
  const int64_t together = fast_rows(*kernels_, options_.kind), most = std::min(together, batch.rows);
  float *x = batch.x, *qkv = room(scratch.qkv, batch.rows * width), *part = room(scratch.part, most * channels), *wide = room(scratch.wide, most * channels);
  const auto turns = config_.position == Position::kRotary ? turns_->upto(config_, batch.longest) : nullptr;
  float* alibi = nullptr;
  if (config_.position == Position::kAlibi) {
    alibi = room(scratch.alibi, config_.heads * batch.longest);
    for (int32_t h = 0; h < config_.heads; ++h)
      for (int64_t j = 0; j < batch.longest; ++j) alibi[h * batch.longest + j] = alibi_bias(config_, h, j);
  }
  for (size_t n = 0; n < layers_.size(); ++n) {
    const Layer& layer = layers_[n];
    const auto layout = config_.layout;
    const bool norm_before = layout == BlockLayout::kSequential || layout == BlockLayout::kParallel;
    for (int64_t row = 0; row < batch.rows; row += together) {
      const int64_t rows = std::min(together, batch.rows - row);
      float* own = x + row * channels;
      if (norm_before) norm(layer.norm1, own, rows, channels, part);
      gemm(norm_before ? part : own, rows, layer.qkv.weight, qkv + row * width, {data_or_null(layer.qkv.bias), GemmActivation::kNone, nullptr, nullptr});
      prepare(layer, batch, row, rows, qkv + row * width, turns.get());
      if (layout != BlockLayout::kParallel) continue;
      if (config_.two_norms) norm(layer.norm2, own, rows, channels, wide);
      mlp(layer, config_.two_norms ? wide : part, rows, own, own, scratch);
    }
    attend_all(batch, n, qkv, alibi);
    for (int64_t row = 0; row < batch.rows; row += together) {
      const int64_t rows = std::min(together, batch.rows - row);
      float* own = x + row * channels;
      const bool after = layout == BlockLayout::kNormAfter;
      gemm(qkv + row * width, width, rows, layer.o.weight, after ? part : own, channels, {data_or_null(layer.o.bias), GemmActivation::kNone, nullptr, after ? nullptr : own});
      switch (layout) {
        case BlockLayout::kParallel: break;
        case BlockLayout::kSequential:
          norm(layer.norm2, own, rows, channels, part);
          mlp(layer, part, rows, own, own, scratch);
          break;
        case BlockLayout::kPostNorm:
          norm(layer.norm1, own, rows, channels, own);
          mlp(layer, own, rows, own, own, scratch);
          norm(layer.norm2, own, rows, channels, own);
          break;
        case BlockLayout::kNormAfter:
          norm(layer.norm1, part, rows, channels, part);
          kernels_->rows.add(own, part, rows * channels);
          mlp(layer, own, rows, nullptr, part, scratch);
          norm(layer.norm2, part, rows, channels, part);
          kernels_->rows.add(own, part, rows * channels);
          break;
      }
    }
  }
}

}  // namespace refine
