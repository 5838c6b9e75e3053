// What an encoder says of a text as one vector, and the numbers that heads make of it, from the rows that a forward gives
// (ReferenceModel::hidden, FastModel::hidden): poolings, BERT's pooler, linear heads.
// Invariant: a document's numbers depend on its own rows alone; sums are float64 in one written order.
// Source: transformers, BertPooler, RobertaClassificationHead, ContextPooler of DeBERTa; sentence-transformers, Pooling.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "refine/model_config.h"
#include "refine/model_reference.h"

namespace refine {

enum class Pooling : uint8_t {
  kCls,     // the first row
  kMean,    // of all rows
  kMax,     // the largest of each channel
  kPooler,  // activation(pooler . first row + bias)
};
enum class PoolerActivation : uint8_t { kTanh, kGelu };

// One linear layer over the pooled vector: (L, C).
struct EncoderHead {
  const float *weight = nullptr, *bias = nullptr;  // bias may be nullptr
  int64_t labels = 0;
};

class Encoder {
 public:
  // `heads`: roles whose .weight (L, C) and .bias the weights hold. Borrows what they give.
  // ERR_REFINE_WEIGHTS names a role that is absent or misshapen.
  static Status bind(const ModelConfig& config, const RoleLookup& weights, Pooling pooling, PoolerActivation activation, const std::vector<std::string>& heads, Encoder* out);

  // vector (C) of rows (length, C), length >= 1.
  void pool(const float* rows, int64_t length, float* vector) const;
  // logits (labels of that head) of a pooled vector.
  void logits(size_t head, const float* vector, float* out) const;
  const std::vector<EncoderHead>& heads() const { return heads_; }

 private:
  int64_t channels_ = 0;
  Pooling pooling_ = Pooling::kCls;
  PoolerActivation activation_ = PoolerActivation::kTanh;
  EncoderHead pooler_;
  std::vector<EncoderHead> heads_;
};

}  // namespace refine
