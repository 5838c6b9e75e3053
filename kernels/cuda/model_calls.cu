// What is asked of a resident model: losses, scores, vectors. See model.h; the oracle is FastModel's calls, kernels/model/fast_calls.cpp.
#include <algorithm>
#include <cmath>
#include <limits>

#include "activation.h"
#include "gemm.h"
#include "model.h"
#include "pool.h"

namespace refine::cuda {

namespace {

std::vector<int32_t> lengths_of(const int32_t* offsets, size_t documents, int32_t less) {
  std::vector<int32_t> lengths(documents);
  for (size_t d = 0; d < documents; ++d) lengths[d] = std::max(0, offsets[d + 1] - offsets[d] - less);
  return lengths;
}

std::vector<int32_t> lengths_in(const PackedBatch& batch, const std::vector<int32_t>& all) {
  std::vector<int32_t> lengths;
  lengths.reserve(batch.documents.size());
  for (const uint32_t document : batch.documents) lengths.push_back(all[document]);
  return lengths;
}

}  // namespace

// `read`: the most of a document's rows that are embedded, `length - less`.
Outcome Model::check_ids(const uint32_t* ids, const int32_t* offsets, size_t documents, int32_t less) const {
  for (size_t d = 0; d < documents; ++d) {
    const int64_t length = offsets[d + 1] - offsets[d];
    if (config_.position == Position::kLearned && length - less > config_.context)
      return Outcome::refuse(REFINE_CUDA_INPUT, "a text of " + std::to_string(length - less) + " tokens; the model has learned positions for " + std::to_string(config_.context));
    for (int64_t t = 0; t < length; ++t)
      if (ids[offsets[d] + t] >= uint32_t(config_.vocab))
        return Outcome::refuse(REFINE_CUDA_INPUT, "token " + std::to_string(ids[offsets[d] + t]) + " at position " + std::to_string(t) + "; the model's vocabulary has " + std::to_string(config_.vocab));
  }
  return {};
}

Outcome Model::losses(const uint32_t* ids, const int32_t* offsets, size_t documents, int64_t bos, float* out) {
  const std::lock_guard<std::mutex> guard(turn_);
  if (auto lost = lost_device(); !lost.ok()) return lost;
  if (!config_.causal) return Outcome::refuse(REFINE_CUDA_INPUT, "losses of a model whose positions see what follows them");
  const int32_t unscored = bos < 0 ? 1 : 0;  // the last id of a document predicts nothing, so its row is never computed
  if (auto outcome = check_ids(ids, offsets, documents, unscored); !outcome.ok()) return outcome;
  const auto lengths = lengths_of(offsets, documents, unscored);
  if (unscored)
    for (size_t d = 0; d < documents; ++d)
      if (offsets[d + 1] > offsets[d]) out[offsets[d]] = std::numeric_limits<float>::quiet_NaN();
  Job job;
  job.lengths = [&](const PackedBatch& batch) { return lengths_in(batch, lengths); };
  job.fill = [&](const PackedBatch& batch, const BatchInputs& in) {
    for (size_t i = 0; i < batch.documents.size(); ++i) {
      const uint32_t* const own = ids + offsets[batch.documents[i]];
      const int32_t at = in.offsets[i], length = in.offsets[i + 1] - at;
      if (bos >= 0) {
        in.ids[at] = uint32_t(bos);
        std::copy_n(own, length - 1, in.ids + at + 1);
      } else {
        std::copy_n(own, length, in.ids + at);
      }
      for (int32_t t = 0; t < length; ++t) in.targets[at + t] = int32_t(own[t + unscored]);
    }
  };
  job.compute = [&](const PackedBatch&, const BatchInputs& in, float* losses) { return loss_rows(in, losses); };
  job.floats = [](const PackedBatch& batch) { return batch.rows; };
  job.take = [&](const PackedBatch& batch, const float* losses) {
    for (const uint32_t document : batch.documents) {
      std::copy_n(losses, lengths[document], out + offsets[document] + unscored);
      losses += lengths[document];
    }
  };
  return run(lengths, job);
}

Outcome Model::logits(const uint32_t* ids, size_t length, const uint32_t* positions, size_t count, float* out) {
  const std::lock_guard<std::mutex> guard(turn_);
  if (auto lost = lost_device(); !lost.ok()) return lost;
  if (tensors_.head.n == 0) return Outcome::refuse(REFINE_CUDA_INPUT, "scores of tokens by an encoder without a head for them");
  if (length > size_t(INT32_MAX)) return Outcome::refuse(REFINE_CUDA_INPUT, "a text of " + std::to_string(length) + " tokens");
  const int32_t offsets[] = {0, int32_t(length)};
  if (auto outcome = check_ids(ids, offsets, 1, 0); !outcome.ok()) return outcome;
  for (size_t i = 0; i < count; ++i)
    if (positions[i] >= length) return Outcome::refuse(REFINE_CUDA_INPUT, "position " + std::to_string(positions[i]) + " of " + std::to_string(length) + " ids");
  if (length == 0) return {};
  constexpr size_t kAtOnce = 64;  // positions, fewer than any arena has rows; the text is read again for the next ones
  const size_t row_bytes = size_t(config_.channels) * element(), vocab = size_t(config_.vocab);
  const std::vector<int32_t> lengths{int32_t(length)};
  for (size_t from = 0; from < count; from += kAtOnce) {
    const size_t some = std::min(kAtOnce, count - from);
    Job job;
    job.lengths = [&](const PackedBatch&) { return lengths; };
    job.fill = [&](const PackedBatch&, const BatchInputs& in) { std::copy_n(ids, length, in.ids); };
    job.compute = [&](const PackedBatch&, const BatchInputs& in, float* scores) {
      const void* rows = nullptr;
      if (auto outcome = final_rows(in.rows, &rows); !outcome.ok()) return outcome;
      auto* const spare = static_cast<unsigned char*>(rows == at_.x ? at_.part : at_.x);
      for (size_t i = 0; i < some; ++i)
        if (auto outcome = outcome_of(cudaMemcpyAsync(spare + i * row_bytes, static_cast<const unsigned char*>(rows) + positions[from + i] * row_bytes, row_bytes, cudaMemcpyDeviceToDevice, compute_), "gathering rows");
            !outcome.ok())
          return outcome;
      return score_rows(spare, int64_t(some), scores);
    };
    job.floats = [&](const PackedBatch&) { return int64_t(some * vocab); };
    job.take = [&](const PackedBatch&, const float* scores) { std::copy_n(scores, some * vocab, out + from * vocab); };
    if (auto outcome = run(lengths, job); !outcome.ok()) return outcome;
  }
  return {};
}

Outcome Model::head_of(const std::string& role, int64_t labels, const Head** out) {
  const auto known = heads_.find(role);
  if (known != heads_.end()) {
    *out = &known->second;
    return {};
  }
  const WeightLoader loader(config_, weights_, dtype_);
  std::vector<float> weight, bias;
  if (auto outcome = loader.fetch(role + ".weight", labels, config_.channels, &weight); !outcome.ok()) return outcome;
  labels = int64_t(weight.size()) / config_.channels;
  if (loader.has(role + ".bias"))
    if (auto outcome = loader.fetch(role + ".bias", 1, labels, &bias); !outcome.ok()) return outcome;
  Head head;
  Parts sizes;
  sizes.take<float>(int64_t(weight.size()));
  sizes.take<float>(int64_t(bias.size()));
  if (auto outcome = outcome_of(head.block.allocate(sizes.used(), limit_), "memory for a head"); !outcome.ok()) return outcome;
  Parts parts(head.block.data());
  float* const weights = parts.take<float>(int64_t(weight.size()));
  float* const biases = parts.take<float>(int64_t(bias.size()));
  cudaError_t error = cudaMemcpy(weights, weight.data(), weight.size() * 4, cudaMemcpyHostToDevice);
  if (error == cudaSuccess && !bias.empty()) error = cudaMemcpy(biases, bias.data(), bias.size() * 4, cudaMemcpyHostToDevice);
  if (auto outcome = outcome_of(error, "uploading a head"); !outcome.ok()) return outcome;
  head.weight = weights;
  head.bias = bias.empty() ? nullptr : biases;
  head.labels = labels;
  *out = &(heads_[role] = std::move(head));
  return {};
}

// out: vectors (documents, C), then per head logits (documents, labels), then room for what the pooler reads (documents, C).
Outcome Model::pool_rows(const BatchInputs& in, const refine_cuda_encode& request, const Head* pooler, const std::vector<const Head*>& heads, float* out) {
  const int64_t documents = in.documents, channels = config_.channels;
  const void* rows = nullptr;
  if (auto outcome = final_rows(in.rows, &rows); !outcome.ok()) return outcome;
  int64_t labels = 0;
  for (const Head* head : heads) labels += head->labels;
  float *const vectors = out, *const first = out + documents * (channels + labels);
  float* const pooled = pooler ? first : vectors;
  const auto kind = request.pooling == REFINE_CUDA_MEAN ? PoolKind::kMean : request.pooling == REFINE_CUDA_MAX ? PoolKind::kMax : PoolKind::kCls;
  cudaError_t error = dtype_ == Dtype::kF32 ? pool(context_, static_cast<const float*>(rows), in.offsets, kind, pooled, documents, channels)
                                            : pool(context_, static_cast<const bf16*>(rows), in.offsets, kind, pooled, documents, channels);
  if (error == cudaSuccess && pooler) {
    Epilogue<float> epilogue;
    epilogue.bias = pooler->bias;
    error = gemm_f32(context_, pooled, pooler->weight, vectors, documents, channels, channels, epilogue);
    if (error == cudaSuccess) error = activate_rows(context_, request.pooler_activation == 0 ? PointwiseKind::kTanh : PointwiseKind::kGelu, vectors, vectors, documents * channels);
  }
  float* to = vectors + documents * channels;
  for (const Head* head : heads) {
    Epilogue<float> epilogue;
    epilogue.bias = head->bias;
    if (error == cudaSuccess) error = gemm_f32(context_, vectors, head->weight, to, documents, head->labels, channels, epilogue);
    to += documents * head->labels;
  }
  return outcome_of(error, "pooling");
}

Outcome Model::encode(const uint32_t* ids, const int32_t* offsets, size_t documents, const refine_cuda_encode& request) {
  const std::lock_guard<std::mutex> guard(turn_);
  if (auto lost = lost_device(); !lost.ok()) return lost;
  if (auto outcome = check_ids(ids, offsets, documents, 0); !outcome.ok()) return outcome;
  const int64_t channels = config_.channels;
  const Head* pooler = nullptr;
  if (request.pooling == REFINE_CUDA_POOLER)
    if (auto outcome = head_of("pooler", channels, &pooler); !outcome.ok()) return outcome;
  std::vector<const Head*> heads(size_t(request.heads));
  int64_t labels = 0;
  for (int32_t i = 0; i < request.heads; ++i) {
    if (auto outcome = head_of(request.roles[i], 0, &heads[size_t(i)]); !outcome.ok()) return outcome;
    labels += heads[size_t(i)]->labels;
    std::fill_n(request.logits[i], int64_t(documents) * heads[size_t(i)]->labels, std::numeric_limits<float>::quiet_NaN());
  }
  std::fill_n(request.vectors, int64_t(documents) * channels, 0.0f);
  const auto lengths = lengths_of(offsets, documents, 0);
  Job job;
  job.lengths = [&](const PackedBatch& batch) { return lengths_in(batch, lengths); };
  job.fill = [&](const PackedBatch& batch, const BatchInputs& in) {
    for (size_t i = 0; i < batch.documents.size(); ++i) std::copy_n(ids + offsets[batch.documents[i]], in.offsets[i + 1] - in.offsets[i], in.ids + in.offsets[i]);
  };
  job.compute = [&](const PackedBatch&, const BatchInputs& in, float* out) { return pool_rows(in, request, pooler, heads, out); };
  job.floats = [&](const PackedBatch& batch) { return int64_t(batch.documents.size()) * (channels + labels + (pooler ? channels : 0)); };
  job.take = [&](const PackedBatch& batch, const float* out) {
    for (const uint32_t document : batch.documents) {
      std::copy_n(out, channels, request.vectors + document * channels);
      out += channels;
    }
    for (size_t head = 0; head < heads.size(); ++head)
      for (const uint32_t document : batch.documents) {
        std::copy_n(out, heads[head]->labels, request.logits[head] + document * heads[head]->labels);
        out += heads[head]->labels;
      }
  };
  return run(lengths, job);
}

}  // namespace refine::cuda
