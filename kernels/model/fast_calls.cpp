// The calls of FastModel: documents packed to batches, losses fused with the vocabulary's projection, pieces with a cache.
#include <algorithm>
#include <cstring>
#include <limits>

#include "fast.h"
#include "refine/fixed_math.h"

namespace refine {

namespace {

float* room(model::AlignedBuffer& buffer, int64_t count) {
  buffer.grow(size_t(count) * sizeof(float));
  return static_cast<float*>(buffer.data);
}

}  // namespace

// losses[r] = -ln p(targets[r]) from rows x (rows, C) before the final norm. A block of logits lives at a time: its highest
// and its sum of exponentials join the row's.
void FastModel::losses_of(const float* x, int64_t rows, const uint32_t* targets, float* losses, Scratch& scratch) const {
  const int64_t channels = config_.channels;
  float *part = room(scratch.part, model::kBlockRows * channels), *logits = room(scratch.logits, model::kBlockRows * kVocabularyBlock);
  float highest[model::kBlockRows], total[model::kBlockRows], picked[model::kBlockRows];
  const int64_t together = model::whole_tiles(*kernels_, options_.kind, model::kBlockRows);
  for (int64_t row = 0; row < rows; row += together) {
    const int64_t count = std::min(together, rows - row);
    const float* from = x + row * channels;
    if (config_.final_norm) {
      norm(final_norm_, from, count, channels, part);
      from = part;
    }
    scratch.rows.pack(*kernels_, options_.kind, from, channels, count, channels);
    std::fill_n(highest, count, -std::numeric_limits<float>::infinity());
    std::fill_n(total, count, 0.0f);
    for (int64_t v = 0; v < config_.vocab; v += kVocabularyBlock) {
      const int64_t words = std::min<int64_t>(kVocabularyBlock, config_.vocab - v);
      scratch.rows.multiply(head_, v, words, logits, kVocabularyBlock, {});
      for (int64_t r = 0; r < count; ++r) {
        const float* scores = logits + r * kVocabularyBlock;
        kernels_->rows.log_sum(scores, words, highest + r, total + r);
        const int64_t target = int64_t(targets[row + r]) - v;
        if (target >= 0 && target < words) picked[r] = scores[target];
      }
    }
    for (int64_t r = 0; r < count; ++r) losses[row + r] = float(double(highest[r]) + fixed_log(double(total[r])) - double(picked[r]));
  }
}

Status FastModel::token_losses(const uint32_t* ids, const int32_t* offsets, size_t documents, int64_t bos, float* out) const {
  if (!config_.causal) return Status::error("ERR_REFINE_INPUT", "losses of a model whose positions see what follows them");
  auto& scratch = Scratch::mine();
  const int64_t unscored = bos < 0 ? 1 : 0;  // the last id of a document predicts nothing, so its row is never computed
  std::vector<uint32_t> given, targets;
  std::vector<float> losses;
  for (size_t d = 0; d < documents;) {
    Batch batch;
    const size_t begin = d;
    given.clear();
    targets.clear();
    for (; d < documents; ++d) {
      const uint32_t *own = ids + offsets[d], *end = ids + offsets[d + 1];
      const int64_t length = std::max<int64_t>(0, end - own - unscored);
      if (batch.rows > 0 && batch.rows + length > kFastBatchRows) break;
      for (const uint32_t* id = own; id != end; ++id)
        if (*id >= uint32_t(config_.vocab))
          return Status::error("ERR_REFINE_INPUT", "token " + std::to_string(*id) + " at position " + std::to_string(id - own) + "; the model's vocabulary has " + std::to_string(config_.vocab));
      if (length == 0) continue;
      if (bos >= 0) given.push_back(uint32_t(bos));
      given.insert(given.end(), own, end - 1);
      targets.insert(targets.end(), own + unscored, end);
      batch.documents.push_back({batch.rows, length, 0});
      batch.rows += length;
      batch.longest = std::max(batch.longest, length);
    }
    losses.resize(size_t(batch.rows));
    if (batch.rows > 0) {
      batch.x = room(scratch.x, batch.rows * config_.channels);
      for (const auto& document : batch.documents)
        if (auto status = embed(given.data() + document.row, nullptr, document.length, 0, batch.x + document.row * config_.channels); !status.ok()) return status;
      blocks(batch, scratch);
      losses_of(batch.x, batch.rows, targets.data(), losses.data(), scratch);
    }
    const float* next = losses.data();
    for (size_t i = begin; i < d; ++i) {
      const int64_t length = offsets[i + 1] - offsets[i];
      if (length == 0) continue;
      if (unscored) out[offsets[i]] = std::numeric_limits<float>::quiet_NaN();
      std::copy_n(next, length - unscored, out + offsets[i] + unscored);
      next += length - unscored;
    }
  }
  return {};
}

Status FastModel::hidden(const uint32_t* ids, const uint32_t* segments, const int32_t* offsets, size_t documents, float* out) const {
  auto& scratch = Scratch::mine();
  for (size_t d = 0; d < documents;) {
    Batch batch;
    const int64_t first = offsets[d];
    for (; d < documents; ++d) {
      const int64_t length = offsets[d + 1] - offsets[d];
      if (batch.rows > 0 && batch.rows + length > kFastBatchRows) break;
      if (length == 0) continue;
      if (auto status = embed(ids + offsets[d], segments ? segments + offsets[d] : nullptr, length, 0, out + int64_t(offsets[d]) * config_.channels); !status.ok()) return status;
      batch.documents.push_back({batch.rows, length, 0});
      batch.rows += length;
      batch.longest = std::max(batch.longest, length);
    }
    if (batch.rows == 0) continue;
    batch.x = out + first * config_.channels;
    blocks(batch, scratch);
    if (config_.final_norm) norm(final_norm_, batch.x, batch.rows, config_.channels, batch.x);
  }
  return {};
}

void FastModel::logits(const float* hidden, int64_t rows, float* out) const { gemm(hidden, rows, head_, out); }

Status FastModel::append(KeyValueCache* cache, const uint32_t* ids, int64_t length, float* last) const {
  KeyValueCache own;
  if (!cache) cache = &own;
  if (cache->keys.empty()) {
    cache->keys.resize(layers_.size());
    cache->values.resize(layers_.size());
  }
  if (!config_.causal && cache->length > 0)
    return Status::error("ERR_REFINE_INPUT", "a text in pieces; in this model every position sees all others, so it must be read whole");
  if (length <= 0) return {};
  auto& scratch = Scratch::mine();
  Batch batch;
  batch.documents.push_back({0, length, cache->length});
  batch.rows = length;
  batch.longest = cache->length + length;
  batch.cache = cache;
  batch.x = room(scratch.x, length * config_.channels);
  if (auto status = embed(ids, nullptr, length, cache->length, batch.x); !status.ok()) return status;
  blocks(batch, scratch);
  cache->length += length;
  if (!last || head_.n() == 0) return {};
  float* row = batch.x + (length - 1) * config_.channels;
  if (config_.final_norm) norm(final_norm_, row, 1, config_.channels, row);
  logits(row, 1, last);
  return {};
}

}  // namespace refine
