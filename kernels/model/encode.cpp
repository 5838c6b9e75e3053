// See refine/model_encode.h.
#include "refine/model_encode.h"

#include <algorithm>

#include "reference.h"
#include "refine/fixed_math.h"

namespace refine {

namespace {

Status find_head(const RoleLookup& weights, const std::string& role, int64_t channels, int64_t labels, EncoderHead* out) {
  const RoleMatrix weight = weights(role + ".weight"), bias = weights(role + ".bias");
  if (weight.data == nullptr) return Status::error("ERR_REFINE_WEIGHTS", "the model has no weight \"" + role + ".weight\", which this head or pooling needs");
  if (weight.cols != channels || weight.rows < 1 || (labels > 0 && weight.rows != labels))
    return Status::error("ERR_REFINE_WEIGHTS", "weight \"" + role + ".weight\" is " + std::to_string(weight.rows) + " x " + std::to_string(weight.cols) + ", its config asks for " +
                                                   (labels > 0 ? std::to_string(labels) : std::string("any")) + " x " + std::to_string(channels));
  if (bias.data != nullptr && bias.rows * bias.cols != weight.rows)
    return Status::error("ERR_REFINE_WEIGHTS", "weight \"" + role + ".bias\" has " + std::to_string(bias.rows * bias.cols) + " numbers, \"" + role + ".weight\" asks for " + std::to_string(weight.rows));
  *out = {weight.data, bias.data, weight.rows};
  return {};
}

}  // namespace

Status Encoder::bind(const ModelConfig& config, const RoleLookup& weights, Pooling pooling, PoolerActivation activation, const std::vector<std::string>& heads, Encoder* out) {
  *out = Encoder();
  out->channels_ = config.channels;
  out->pooling_ = pooling;
  out->activation_ = activation;
  if (pooling == Pooling::kPooler)
    if (auto status = find_head(weights, "pooler", config.channels, config.channels, &out->pooler_); !status.ok()) return status;
  for (const std::string& role : heads)
    if (auto status = find_head(weights, role, config.channels, 0, &out->heads_.emplace_back()); !status.ok()) return status;
  return {};
}

void Encoder::pool(const float* rows, int64_t length, float* vector) const {
  switch (pooling_) {
    case Pooling::kCls: std::copy(rows, rows + channels_, vector); return;
    case Pooling::kMean: {
      std::vector<double> sums(static_cast<size_t>(channels_));
      for (int64_t t = 0; t < length; ++t)
        for (int64_t c = 0; c < channels_; ++c) sums[size_t(c)] += double(rows[t * channels_ + c]);
      for (int64_t c = 0; c < channels_; ++c) vector[c] = float(sums[size_t(c)] / double(length));
      return;
    }
    case Pooling::kMax:
      std::copy(rows, rows + channels_, vector);
      for (int64_t t = 1; t < length; ++t)
        for (int64_t c = 0; c < channels_; ++c) vector[c] = std::max(vector[c], rows[t * channels_ + c]);
      return;
    case Pooling::kPooler:
      reference::linear(rows, 1, pooler_.weight, pooler_.bias, channels_, channels_, vector);
      for (int64_t c = 0; c < channels_; ++c)
        vector[c] = activation_ == PoolerActivation::kTanh ? float(fixed_tanh(double(vector[c]))) : float(reference::activate(Activation::kGelu, double(vector[c])));
      return;
  }
}

void Encoder::logits(size_t head, const float* vector, float* out) const {
  const EncoderHead& layer = heads_[head];
  reference::linear(vector, 1, layer.weight, layer.bias, layer.labels, channels_, out);
}

}  // namespace refine
