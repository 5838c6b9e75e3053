// The readable forward of every decoder and encoder: plain loops over float32 with float64 sums, one document a call, no
// batch, no packing. The oracle of the fast forward, of the GPU's and of the backward pass; bits depend on no libm.
// Invariant: position t's output depends on ids[0..t] alone (causal configs), so a document read through a KeyValueCache
// in any pieces gives the same bits as read whole.
// Source of each rule: the modeling files of HuggingFace transformers, which the goldens come from.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "refine/model_config.h"

namespace refine {

// A weight as row-major float32, borrowed; a vector has rows = 1. data is nullptr where a model has no such weight.
struct RoleMatrix {
  const float* data = nullptr;
  int64_t rows = 0, cols = 0;
};

// Roles, shapes as (rows, columns); a linear layer's weight is (out, in), so that y = W x:
//   embed (V,C)  positions (context + position_offset, C)  segments (segments, C)  embed_norm.weight|bias (C)
//   layers.N.norm1|norm2.weight|bias (C)   layers.N.q_norm.weight (H*D)  k_norm.weight (G*D)
//   layers.N.q (H*D,C)  k, v (G*D,C)  o (C,H*D)  up, gate (F,C)  down (C,F)   each .weight, and .bias where the model has one
//   relative (2 * relative_span, C)   relative_norm.weight|bias (C), absent where not normed: DeBERTa
//   final_norm.weight|bias (C)   head (V,C), absent where tied to embed
using RoleLookup = std::function<RoleMatrix(const std::string& role)>;

// Weights in memory: tests, trainers, converted files.
struct MemoryWeights {
  struct Entry {
    int64_t rows = 0, cols = 0;
    std::vector<float> values;
  };
  std::map<std::string, Entry> entries;
  RoleLookup lookup() const;
};

// Every role that a config needs or may have, with its shape; `optional` roles are biases, norms' biases, `head`, and DeBERTa's own projections of places.
struct RoleShape {
  std::string role;
  int64_t rows = 0, cols = 0;
  bool optional = false;
};
std::vector<RoleShape> model_roles(const ModelConfig& config);

// Keys (turned) and values of the positions read so far: per layer (positions, G, D).
struct KeyValueCache {
  std::vector<std::vector<float>> keys, values;
  int64_t length = 0;
};

class ReferenceModel {
 public:
  // Borrows what `weights` gives for as long as the model lives. ERR_REFINE_WEIGHTS names a role that is absent or misshapen.
  static Status bind(const ModelConfig& config, const RoleLookup& weights, ReferenceModel* out);

  // out (T,C): the last block's output after the final norm, for the T ids that follow what the cache holds (nullptr: nothing).
  // segments: nullptr (all 0) or T. ERR_REFINE_INPUT for an id outside the vocabulary or a position outside the learned ones.
  Status hidden(const uint32_t* ids, int64_t length, const uint32_t* segments, KeyValueCache* cache, float* out) const;

  // out (V): the scores of what follows one position, from its row of hidden().
  void logits(const float* hidden, float* out) const;

  // out (T): -ln p(ids[t] | ids[0..t-1]) in nats; out[0] is NaN, nothing stands before it.
  // The last id is not read, so a text may have one more than the learned positions.
  Status losses(const uint32_t* ids, int64_t length, float* out) const;

  const ModelConfig& config() const { return config_; }

 private:
  struct Pass;
  struct Linear {
    const float* weight = nullptr;
    const float* bias = nullptr;  // may be nullptr
  };
  struct NormWeights {
    const float* weight = nullptr;  // nullptr: norm_affine is false
    const float* bias = nullptr;
  };
  struct Layer {
    NormWeights norm1, norm2, q_norm, k_norm;
    Linear q, k, v, o, up, gate, down;
    Linear place_q, place_k;  // DeBERTa-v2: its own, or q and k
  };
  // x (T,C): token, position and segment embeddings added, normed where the config says so.
  Status embed(const uint32_t* ids, int64_t length, const uint32_t* segments, int64_t past, float* out) const;

  ModelConfig config_;
  const float *embed_ = nullptr, *positions_ = nullptr, *segments_ = nullptr, *head_ = nullptr;
  NormWeights embed_norm_, final_norm_;
  std::vector<float> relative_;  // (2 * relative_span, C), normed: what q and k of disentangled attention read of places
  std::vector<Layer> layers_;
};

}  // namespace refine
