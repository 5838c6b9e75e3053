// The fast forward of every layout of ModelConfig, on packed weights (refine/gemm.h): documents stand one after the other
// without padding and see only themselves; attention keeps one tile of scores (Milakov and Gimelshein 2018, Dao et al. 2022),
// the loss one tile of logits. Held against refine/model_reference.h.
// Invariant: a document's numbers depend on its own ids alone, for each instruction set: not on what it is packed with, on the
// order, or on the pieces it is read in. One thread a call; any number of threads may call one model.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "refine/gemm.h"
#include "refine/model_config.h"
#include "refine/model_reference.h"
#include "refine/model_weights.h"

namespace refine {

namespace model {
struct Places;
struct PlaceSlots;
}  // namespace model

struct FastOptions {
  // Of linear layers and the head; norms, softmax and sums are fp32. Attention's products are fp32 too, but bfloat16 for bf16 and
  // int8 on a set that multiplies bfloat16.
  GemmKind kind = GemmKind::kF32;
  GemmIsa isa = best_gemm_isa();
};

class FastModel {
 public:
  // Packs the weights; nothing of `weights` is kept but an fp32 embedding (kF32), which is borrowed: from ModelWeights, shared.
  // ERR_REFINE_WEIGHTS names a role that is absent or misshapen.
  static Status bind(const ModelConfig& config, const RoleLookup& weights, const FastOptions& options, std::shared_ptr<FastModel>* out);
  static Status bind(const ModelConfig& config, const std::shared_ptr<const ModelWeights>& weights, const FastOptions& options, std::shared_ptr<FastModel>* out);

  // Document d owns ids [offsets[d], offsets[d + 1]); offsets has `documents` + 1 entries, starts at 0 and never falls.
  // out (offsets[documents]): -ln p(id | those before it in its document) in nats. With bos >= 0 that id stands before every document;
  // without, the first of a document is NaN.
  Status token_losses(const uint32_t* ids, const int32_t* offsets, size_t documents, int64_t bos, float* out) const;
  // out (offsets[documents], C): the last block's output, after the final norm where there is one. segments: nullptr (all 0) or one an id.
  Status hidden(const uint32_t* ids, const uint32_t* segments, const int32_t* offsets, size_t documents, float* out) const;
  // Reads the ids that follow what the cache holds. last (V): scores of what follows the last one; nullptr: none wanted.
  Status append(KeyValueCache* cache, const uint32_t* ids, int64_t length, float* last) const;
  bool has_head() const { return head_.n() > 0; }  // false: an encoder without the role `head`
  // out (rows, V) from rows of hidden().
  void logits(const float* hidden, int64_t rows, float* out) const;

  const ModelConfig& config() const { return config_; }
  const FastOptions& options() const { return options_; }
  size_t bytes() const;  // of what this object keeps

 private:
  struct Linear {
    PackedMatrix weight;
    std::vector<float> bias;  // empty: none
  };
  struct NormWeights {
    std::vector<float> weight, bias;
  };
  struct Layer {
    NormWeights norm1, norm2, q_norm, k_norm;
    Linear qkv;  // rows of q, then k, then v
    Linear o, up, gate, down;
    std::shared_ptr<const model::Places> places;  // DeBERTa-v2
  };
  struct Source;
  struct Batch;
  struct Scratch;
  struct Turns;
  struct TurnTable;
  Status fill(const Source& source);
  void fill_places(const Source& source);
  Status embed(const uint32_t* ids, const uint32_t* segments, int64_t length, int64_t position, float* out) const;
  void blocks(const Batch& batch, Scratch& scratch) const;
  void prepare(const Layer& layer, const Batch& batch, int64_t row, int64_t rows, float* qkv, const TurnTable* turns) const;
  void attend_all(const Batch& batch, size_t layer, float* qkv, const float* alibi) const;
  void mlp(const Layer& layer, const float* in, int64_t rows, const float* residual, float* out, Scratch& scratch) const;
  void norm(const NormWeights& weights, const float* in, int64_t rows, int64_t width, float* out) const;
  void losses_of(const float* x, int64_t rows, const uint32_t* targets, float* losses, Scratch& scratch) const;

  ModelConfig config_;
  FastOptions options_;
  const model::KernelSet* kernels_ = nullptr;
  const float* embed_ = nullptr;        // (V,C), fp32
  std::vector<float> embed_copy_;       // or here, where it could not be borrowed
  std::vector<uint16_t> embed_narrow_;  // bfloat16, for the other kinds
  std::vector<float> positions_, segments_;
  NormWeights embed_norm_, final_norm_;
  std::vector<Layer> layers_;
  PackedMatrix head_;
  std::shared_ptr<Turns> turns_;
  std::shared_ptr<const model::PlaceSlots> slots_;  // DeBERTa-v2
  std::shared_ptr<const ModelWeights> kept_;
};

}  // namespace refine
