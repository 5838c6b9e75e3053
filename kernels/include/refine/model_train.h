// Training of small transformers on the CPU: forward with kept activations, backward, AdamW. One model, one batch of
// documents a step, in fp32. Blocks: parallel (Falcon, GPT-NeoX), sequential (LLaMA, GPT-2), post-norm (BERT); rotary,
// learned or no positions; LayerNorm or RMSNorm; plain or gated MLP; grouped key-values; tied or own head, or a classifier.
// Invariant: a step's result is a function of the batch, the options and the state alone. The batch is cut in a fixed
// number of slices whose gradients are added in order, so the number of threads changes no bit.
// Axis letters as in model_config.h; M stands for the positions of a slice, all documents back to back.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "refine/model_config.h"
#include "refine/views.h"

namespace refine {

enum class TrainGoal : uint8_t {
  kNextToken,  // a document of n ids gives n - 1 losses: position t predicts id t + 1
  kClassify,   // one label a document, from tanh(pooler(first position)), as BertForSequenceClassification; of a
               // causal model from the mean of all positions, without a pooler
};

struct TrainOptions {
  TrainGoal goal = TrainGoal::kNextToken;
  int32_t labels = 0;         // kClassify: 2 or more
  bool linear_bias = false;   // biases on q, k, v, o, gate, up, down (GPT-2, BERT)
  bool tied_head = true;      // kNextToken: the head is the embedding
  float rate = 1e-3f;         // the peak learning rate
  float final_share = 0.1f;   // of `rate` at the end of the cosine
  int64_t warmup = 100, total = 1000;  // steps: linear rise, then a cosine to the end; constant after it
  float decay = 0.1f;         // decoupled weight decay, on matrices only
  float beta1 = 0.9f, beta2 = 0.95f, epsilon = 1e-8f;
  float clip = 1.0f;          // of the gradient's global norm; 0: not clipped
  int32_t slices = 8;         // of a batch; part of the result
  int32_t threads = 1;        // not part of the result
  uint64_t seed = 0;
};

struct TrainParameter {
  std::string role;  // as in stages/contract/weights: embed, layers.3.q.weight, final_norm.bias, ...
  int32_t rows = 1, columns = 0;
  bool matrix = false;
  size_t offset = 0;  // in numbers, in the flat buffer
};

struct TrainStep {
  double loss = 0;       // mean nats a target
  double gradient = 0;   // global norm before clipping
  int64_t targets = 0;
  float rate = 0;
  bool updated = false;  // false where loss or gradient is not finite: weights stay as they were
};

// Documents back to back: document d has ids[offsets[d] .. offsets[d+1]).
struct TrainBatch {
  const uint32_t* ids = nullptr;
  const int32_t* offsets = nullptr;
  size_t documents = 0;
  const int32_t* labels = nullptr;  // kClassify: one a document
};

class Trainer {
 public:
  // ERR_REFINE_WEIGHTS where the configuration has no backward pass here or a limit is passed.
  static Status create(const ModelConfig& config, const TrainOptions& options, std::unique_ptr<Trainer>* out);
  ~Trainer();

  // ERR_REFINE_INPUT where an id, a label or a document's length does not fit the model.
  Status step(const TrainBatch& batch, TrainStep* out);
  // The batch's gradient without an update, flat as parameters(); for tests and probes.
  Status gradient(const TrainBatch& batch, TrainStep* out, std::vector<float>* gradient);
  // kNextToken: nats of each id given those before it in its document (the first of each: NaN); size: all ids.
  // kClassify: (documents, labels) logits.
  Status evaluate(const TrainBatch& batch, std::vector<float>* out);

  const ModelConfig& config() const;
  const TrainOptions& options() const;
  const std::vector<TrainParameter>& parameters() const;
  const float* weights() const;
  size_t weight_count() const;
  Status put(std::string_view role, const float* values, size_t count);
  void set_threads(int32_t threads);
  int64_t steps() const;

  // Weights, both moments and the step, little-endian; what `restore` takes, in a trainer of the same shape.
  std::string state() const;
  Status restore(std::string_view state);

 private:
  struct Impl;
  explicit Trainer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What a trainer of this shape needs: weights, moments, gradients and the activations of `positions` in flight.
int64_t training_bytes(const ModelConfig& config, const TrainOptions& options, int64_t positions);

}  // namespace refine
