// Training of a small decoder on the device: forward with kept activations, backward, AdamW; one batch of documents a step, next-token loss.
// Weights, moments and gradients are fp32. Products are bf16 (T = bf16: a copy of the weights is what they read, activations and their
// gradients are bf16, sums fp32) or fp32 throughout (T = float, the parity path).
// Blocks: parallel (Falcon, GPT-NeoX) and sequential (LLaMA, GPT-2) without biases of linear layers; rotary or no positions; LayerNorm or
// RMSNorm; plain or gated MLP; grouped key-values; tied or own head. Others are refused: the CPU trains them.
// Invariant: a step's bytes are a function of batch, options and state alone, on one kind of card: every gradient is added up in one order.
// Oracle: refine::Trainer (refine/model_train.h), whose roles, shapes and schedule these are. Letters as in refine/model_config.h,
// U = F or 2F, Q = (H + 2G) D; rows: positions of a part of the batch, documents back to back, each one short of its ids.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "attention_plan.h"
#include "context.h"
#include "device_memory.h"
#include "refine/model_config.h"

namespace refine::cuda {

// Numbers from the start of a flat buffer; kAbsent where the shape has no such parameter.
constexpr int64_t kAbsent = -1;
struct TrainLayer {
  int64_t norm1 = kAbsent, norm1_bias = kAbsent, norm2 = kAbsent, norm2_bias = kAbsent;
  int64_t qkv = kAbsent, o = kAbsent, up = kAbsent, down = kAbsent;  // qkv (Q,C): q, k, v one after the other; up (U,C): gate first
};

// A part's inputs on one side, laid out alike on host and device so that one copy moves them.
struct TrainInputs {
  uint32_t* ids = nullptr;           // (rows)
  int32_t *positions = nullptr, *targets = nullptr;
  float* loss_gradient = nullptr;    // (rows): 1 / targets of the whole batch
  AttentionTile *tiles = nullptr, *key_tiles = nullptr;
  int32_t *order = nullptr, *starts = nullptr;  // embed_backward.h
  uint32_t* distinct = nullptr;
  int64_t rows = 0, tile_count = 0, distinct_count = 0;
  static TrainInputs lay_out(Parts& parts, int64_t rows);
};

// What the forward keeps of a layer for the backward; T but lse and the statistics, which are fp32.
struct TrainKept {
  void *in = nullptr, *n1 = nullptr, *n2 = nullptr, *mid = nullptr;  // (rows,C); mid: sequential alone, n2 with a second norm
  void *qkv = nullptr, *attended = nullptr, *pre = nullptr;           // (rows,Q) turned, (rows,H D), (rows,U) before the activation
  float *lse = nullptr, *mean1 = nullptr, *inverse1 = nullptr, *mean2 = nullptr, *inverse2 = nullptr;
};

struct TrainStepResult {
  double loss = 0, gradient = 0;  // mean nats a target; global norm before clipping
  int64_t targets = 0;
  float rate = 0;
  bool updated = false;  // false where loss or gradient is not finite: weights stay as they were
};

class DeviceTrainer {
 public:
  // `weights`: numbers of all parameters, flat as `parameters` say.
  static Outcome make(const ModelConfig& config, const refine_cuda_train_options& options, const refine_cuda_parameter* parameters, size_t count, const float* weights,
                      std::unique_ptr<DeviceTrainer>* out);
  ~DeviceTrainer();

  // Document d has ids[offsets[d] .. offsets[d + 1]); one of fewer than two gives no target.
  Outcome step(const uint32_t* ids, const int32_t* offsets, size_t documents, TrainStepResult* out);
  // No update; `gradient`: flat as the parameters.
  Outcome gradient(const uint32_t* ids, const int32_t* offsets, size_t documents, TrainStepResult* out, float* gradient);
  // Nats of each id given those before it in its document; NaN for the first.
  Outcome evaluate(const uint32_t* ids, const int32_t* offsets, size_t documents, float* out);
  Outcome weights(float* out);
  uint64_t bytes() const { return state_block_.bytes() + arena_.bytes(); }

 private:
  struct Parameter {
    std::string role;
    int64_t from, at, count;  // numbers: in the caller's flat buffer, in ours
    bool matrix;
  };
  struct Part {
    size_t first, last;  // documents
    int64_t rows;
  };

  DeviceTrainer(const ModelConfig& config, const refine_cuda_train_options& options) : config_(config), options_(options) {}
  Outcome start(const refine_cuda_parameter* parameters, size_t count, const float* weights);
  Outcome place(const refine_cuda_parameter* parameters, size_t count);
  Outcome bind();
  void lay_out_state(Parts& parts);
  void lay_out_arena(Parts& parts, int64_t rows);
  Outcome check(const uint32_t* ids, const int32_t* offsets, size_t documents) const;
  std::vector<Part> parts_of(const int32_t* offsets, size_t documents) const;
  Outcome send(const uint32_t* ids, const int32_t* offsets, const Part& part, int64_t targets);
  // Losses of the part's rows on the host; with `train` the gradients are added up too.
  Outcome pass(const uint32_t* ids, const int32_t* offsets, const Part& part, int64_t targets, bool train, std::vector<float>* losses);
  Outcome sum(const uint32_t* ids, const int32_t* offsets, size_t documents, TrainStepResult* out);
  Outcome copy_out(const float* device, float* out);
  float rate() const;

  template <class T>
  Outcome forward();
  template <class T>
  Outcome backward();
  template <class T>
  Outcome attend(const TrainLayer& at, const TrainKept& kept, const void* residual, void* out);
  template <class T>
  Outcome attend_back(const TrainLayer& at, const TrainKept& kept, const void* dout, void* dn, bool add);
  template <class T>
  Outcome mlp(const TrainLayer& at, const TrainKept& kept, const void* n, const void* residual, void* out);
  template <class T>
  Outcome mlp_back(const TrainLayer& at, const TrainKept& kept, const void* n, const void* dout, void* dn);
  template <class T>
  Outcome norm(int64_t weight, int64_t bias, const void* x, void* out, float* mean, float* inverse);
  template <class T>
  Outcome norm_back(int64_t weight, int64_t bias, const void* x, const void* dout, const void* add, void* dx, const float* mean, const float* inverse);
  // y = x W^T and its two gradients: dx (=, or += `add`) dy W, dW += dy^T x.
  template <class T>
  Outcome linear(const void* x, int64_t weight, void* y, int64_t n, int64_t k, const void* residual);
  template <class T>
  Outcome linear_back(const void* dy, const void* x, int64_t weight, void* dx, int64_t n, int64_t k, const void* add);
  template <class T>
  const T* weight(int64_t at) const;
  const float* master(int64_t at) const { return at == kAbsent ? nullptr : master_ + at; }
  float* slope(int64_t at) const { return at == kAbsent ? nullptr : gradient_ + at; }
  bool narrow() const { return options_.dtype == REFINE_CUDA_BF16; }
  int64_t element() const { return narrow() ? 2 : 4; }
  int64_t queries() const { return int64_t(config_.heads) * config_.head_dim; }
  int64_t wide() const { return queries() + 2 * int64_t(config_.kv_heads) * config_.head_dim; }
  int64_t hidden_inputs() const { return int64_t(config_.hidden) * (config_.gated ? 2 : 1); }
  bool second_norm() const { return config_.layout == BlockLayout::kSequential || config_.two_norms; }

  const ModelConfig config_;
  const refine_cuda_train_options options_;
  std::vector<Parameter> parameters_;
  int64_t count_ = 0, flat_ = 0;  // numbers of a buffer here (groups at multiples of 64, zeros between), and of the caller's
  int64_t embed_ = kAbsent, head_ = kAbsent, final_norm_ = kAbsent, final_norm_bias_ = kAbsent;
  std::vector<TrainLayer> layers_;
  int64_t capacity_ = 0, steps_ = 0;

  Context context_;
  DeviceBlock state_block_, arena_;
  float *master_ = nullptr, *first_ = nullptr, *second_ = nullptr, *gradient_ = nullptr, *partials_ = nullptr, *scale_ = nullptr, *turns_ = nullptr;
  double* squares_ = nullptr;
  bf16* copy_ = nullptr;

  unsigned char* inputs_ = nullptr;
  size_t input_bytes_ = 0;
  std::vector<unsigned char> host_inputs_;
  TrainInputs in_;
  std::vector<TrainKept> kept_;
  void *x_ = nullptr, *last_ = nullptr, *hidden_ = nullptr, *dx_ = nullptr, *dn_ = nullptr, *dhidden_ = nullptr, *dqkv_ = nullptr, *dattended_ = nullptr, *daside_ = nullptr;
  float *final_mean_ = nullptr, *final_inverse_ = nullptr, *losses_ = nullptr, *log_sum_ = nullptr, *delta_ = nullptr, *norm_partials_ = nullptr;
  mutable std::mutex turn_;
};

}  // namespace refine::cuda
