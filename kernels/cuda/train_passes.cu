// The trainer's forward and backward pass over one part of a batch: which launcher follows which; see train.h.
// Backward of y = x W^T: dx = dy W, dW += dy^T x. What a layer's activations were is read from what the forward kept; the MLP's hidden row is
// computed again from `pre`. Gradients of activations are T; those of weights fp32, added to gradient_, which starts at zeros.
// Oracle: kernels/model/train_forward.cpp, backward.cpp.
#include "activation.h"
#include "activation_backward.h"
#include "attention_backward.h"
#include "embed.h"
#include "embed_backward.h"
#include "gemm.h"
#include "launches.h"
#include "norms.h"
#include "norms_backward.h"
#include "rotary.h"
#include "train.h"
#include "vocab_loss.h"

namespace refine::cuda {

namespace {

// The products by T: bf16 operands with fp32 sums, or fp32 throughout.
template <class Out>
Epilogue<Out> plus(const Out* residual) {
  Epilogue<Out> epilogue;
  epilogue.residual = residual;
  return epilogue;
}
cudaError_t product(const Context& ctx, const bf16* a, const bf16* w, bf16* out, int64_t m, int64_t n, int64_t k, const bf16* residual) { return gemm_bf16(ctx, a, w, out, m, n, k, plus(residual)); }
cudaError_t product(const Context& ctx, const float* a, const float* w, float* out, int64_t m, int64_t n, int64_t k, const float* residual) { return gemm_f32(ctx, a, w, out, m, n, k, plus(residual)); }
cudaError_t product_nn(const Context& ctx, const bf16* a, const bf16* b, bf16* out, int64_t m, int64_t n, int64_t k, const bf16* residual) { return gemm_bf16_nn(ctx, a, b, out, m, n, k, plus(residual)); }
cudaError_t product_nn(const Context& ctx, const float* a, const float* b, float* out, int64_t m, int64_t n, int64_t k, const float* residual) { return gemm_f32_nn(ctx, a, b, out, m, n, k, plus(residual)); }
cudaError_t product_tn(const Context& ctx, const bf16* a, const bf16* b, float* out, int64_t m, int64_t n, int64_t k) { return gemm_bf16_tn(ctx, a, b, out, m, n, k, plus<float>(out)); }
cudaError_t product_tn(const Context& ctx, const float* a, const float* b, float* out, int64_t m, int64_t n, int64_t k) { return gemm_f32_tn(ctx, a, b, out, m, n, k, plus<float>(out)); }

template <class T>
T* as(void* pointer) {
  return static_cast<T*>(pointer);
}
template <class T>
const T* as(const void* pointer) {
  return static_cast<const T*>(pointer);
}

AttentionShape attention_shape(const ModelConfig& c, int64_t rows) {
  AttentionShape shape;
  shape.tokens = rows;
  shape.heads = c.heads;
  shape.kv_heads = c.kv_heads;
  shape.head_dim = c.head_dim;
  shape.causal = true;
  shape.scale = c.attention_scale;
  return shape;
}

RotaryShape rotary_shape(const ModelConfig& c, int64_t rows, int64_t stride, bool inverse) {
  RotaryShape shape;
  shape.rows = rows;
  shape.stride = stride;
  shape.heads = c.heads + c.kv_heads;
  shape.head_dim = c.head_dim;
  shape.rotary_dim = c.rotary_dim;
  shape.table_rows = c.context;
  shape.inverse = inverse;
  return shape;
}

}  // namespace

template <>
const bf16* DeviceTrainer::weight<bf16>(int64_t at) const {
  return copy_ + at;
}
template <>
const float* DeviceTrainer::weight<float>(int64_t at) const {
  return master_ + at;
}

template <class T>
Outcome DeviceTrainer::linear(const void* x, int64_t at, void* y, int64_t n, int64_t k, const void* residual) {
  REFINE_TRY(product(context_, as<T>(x), weight<T>(at), as<T>(y), in_.rows, n, k, as<T>(residual)), "a linear layer");
  return {};
}

template <class T>
Outcome DeviceTrainer::linear_back(const void* dy, const void* x, int64_t at, void* dx, int64_t n, int64_t k, const void* add) {
  REFINE_TRY(product_tn(context_, as<T>(dy), as<T>(x), gradient_ + at, n, k, in_.rows), "the gradient of a linear layer");
  REFINE_TRY(product_nn(context_, as<T>(dy), weight<T>(at), as<T>(dx), in_.rows, k, n, as<T>(add)), "the gradient of a linear layer's input");
  return {};
}

template <class T>
Outcome DeviceTrainer::norm(int64_t at, int64_t bias, const void* x, void* out, float* mean, float* inverse) {
  const bool rms = config_.norm == Norm::kRms;
  NormRows<T> call;
  call.x = as<T>(x);
  call.out = as<T>(out);
  call.rows = in_.rows;
  call.width = config_.channels;
  call.weight = master(at);
  call.bias = master(bias);
  call.epsilon = config_.norm_eps;
  call.mean = rms ? nullptr : mean;
  call.inverse = inverse;
  REFINE_TRY(rms ? rms_norm<T>(context_, call) : layer_norm<T>(context_, call), "a norm");
  return {};
}

template <class T>
Outcome DeviceTrainer::norm_back(int64_t at, int64_t bias, const void* x, const void* dout, const void* add, void* dx, const float* mean, const float* inverse) {
  NormBackwardRows<T> call;
  call.x = as<T>(x);
  call.dout = as<T>(dout);
  call.add = as<T>(add);
  call.dx = as<T>(dx);
  call.rows = in_.rows;
  call.width = config_.channels;
  call.weight = master(at);
  call.mean = config_.norm == Norm::kRms ? nullptr : mean;
  call.inverse = inverse;
  call.dweight = slope(at);
  call.dbias = slope(bias);
  call.partials = norm_partials_;
  call.accumulate = true;
  REFINE_TRY(norm_backward<T>(context_, call), "the gradient of a norm");
  return {};
}

// out = residual + attention(kept.n1)
template <class T>
Outcome DeviceTrainer::attend(const TrainLayer& at, const TrainKept& kept, const void* residual, void* out) {
  REFINE_STEP(linear<T>(kept.n1, at.qkv, kept.qkv, wide(), config_.channels, nullptr));
  if (turns_ != nullptr) REFINE_TRY(rotary<T>(context_, as<T>(kept.qkv), in_.positions, turns_, rotary_shape(config_, in_.rows, wide(), false)), "turning queries and keys");
  const AttentionShape shape = attention_shape(config_, in_.rows);
  AttentionCall<T> call = packed_attention(as<T>(static_cast<const void*>(kept.qkv)), as<T>(kept.attended), in_.tiles, in_.tile_count, shape);
  call.lse = kept.lse;
  REFINE_TRY(attention<T>(context_, call, shape), "attention");
  return linear<T>(kept.attended, at.o, out, config_.channels, queries(), residual);
}

// dn = or += the gradient of attention's input, for dout at its output.
template <class T>
Outcome DeviceTrainer::attend_back(const TrainLayer& at, const TrainKept& kept, const void* dout, void* dn, bool add) {
  REFINE_STEP(linear_back<T>(dout, kept.attended, at.o, dattended_, config_.channels, queries(), nullptr));
  const AttentionShape shape = attention_shape(config_, in_.rows);
  const int64_t keys = int64_t(config_.kv_heads) * config_.head_dim;
  AttentionBackwardCall<T> call;
  call.forward = packed_attention(as<T>(static_cast<const void*>(kept.qkv)), as<T>(kept.attended), in_.tiles, in_.tile_count, shape);
  call.forward.lse = kept.lse;
  call.dout = as<T>(dattended_);
  call.dout_stride = queries();
  call.dq = as<T>(dqkv_);
  call.dk = call.dq + queries();
  call.dv = call.dk + keys;
  call.dq_stride = call.dk_stride = call.dv_stride = wide();
  call.key_tiles = in_.key_tiles;
  call.delta = delta_;
  REFINE_TRY(attention_backward<T>(context_, call, shape), "the gradient of attention");
  if (turns_ != nullptr) REFINE_TRY(rotary<T>(context_, as<T>(dqkv_), in_.positions, turns_, rotary_shape(config_, in_.rows, wide(), true)), "turning gradients back");
  return linear_back<T>(dqkv_, kept.n1, at.qkv, dn, wide(), config_.channels, add ? dn : nullptr);
}

// out = residual + mlp(n)
template <class T>
Outcome DeviceTrainer::mlp(const TrainLayer& at, const TrainKept& kept, const void* n, const void* residual, void* out) {
  const int64_t F = config_.hidden, U = hidden_inputs();
  const PointwiseKind kind = pointwise(config_.activation);
  T* const pre = as<T>(kept.pre);
  REFINE_STEP(linear<T>(n, at.up, pre, U, config_.channels, nullptr));
  REFINE_TRY(config_.gated ? gate_rows<T>(context_, kind, pre, pre + F, U, as<T>(hidden_), in_.rows, F) : activate_rows<T>(context_, kind, pre, as<T>(hidden_), in_.rows * F), "an activation");
  return linear<T>(hidden_, at.down, out, config_.channels, F, residual);
}

// dn = the gradient of the MLP's input, for dout at its output; kept.pre is spent.
template <class T>
Outcome DeviceTrainer::mlp_back(const TrainLayer& at, const TrainKept& kept, const void* n, const void* dout, void* dn) {
  const int64_t F = config_.hidden, U = hidden_inputs();
  const PointwiseKind kind = pointwise(config_.activation);
  T *const pre = as<T>(kept.pre), *const dhidden = as<T>(dhidden_);
  REFINE_TRY(config_.gated ? gate_rows<T>(context_, kind, pre, pre + F, U, as<T>(hidden_), in_.rows, F) : activate_rows<T>(context_, kind, pre, as<T>(hidden_), in_.rows * F), "an activation");
  REFINE_STEP(linear_back<T>(dout, hidden_, at.down, dhidden, config_.channels, F, nullptr));
  REFINE_TRY(config_.gated ? gate_backward<T>(context_, kind, pre, pre + F, U, dhidden, pre, pre + F, in_.rows, F) : activate_backward<T>(context_, kind, pre, dhidden, pre, in_.rows * F),
             "the gradient of an activation");
  return linear_back<T>(pre, n, at.up, dn, U, config_.channels, nullptr);
}

// losses_ of every row, and what the backward needs.
template <class T>
Outcome DeviceTrainer::forward() {
  EmbedRows<T> read;
  read.ids = in_.ids;
  read.table = weight<T>(embed_);
  read.out = as<T>(layers_.empty() ? x_ : kept_[0].in);
  read.rows = in_.rows;
  read.channels = config_.channels;
  read.vocab = config_.vocab;
  REFINE_TRY(embed<T>(context_, read), "embedding");
  for (size_t l = 0; l < layers_.size(); ++l) {
    const TrainLayer& at = layers_[l];
    const TrainKept& kept = kept_[l];
    void* const out = l + 1 < layers_.size() ? kept_[l + 1].in : x_;
    REFINE_STEP(norm<T>(at.norm1, at.norm1_bias, kept.in, kept.n1, kept.mean1, kept.inverse1));
    if (config_.layout == BlockLayout::kSequential) {
      REFINE_STEP(attend<T>(at, kept, kept.in, kept.mid));
      REFINE_STEP(norm<T>(at.norm2, at.norm2_bias, kept.mid, kept.n2, kept.mean2, kept.inverse2));
      REFINE_STEP(mlp<T>(at, kept, kept.n2, kept.mid, out));
      continue;
    }
    if (second_norm()) REFINE_STEP(norm<T>(at.norm2, at.norm2_bias, kept.in, kept.n2, kept.mean2, kept.inverse2));
    REFINE_STEP(attend<T>(at, kept, kept.in, out));
    REFINE_STEP(mlp<T>(at, kept, second_norm() ? kept.n2 : kept.n1, out, out));
  }
  const void* last = x_;
  if (config_.final_norm) {
    REFINE_STEP(norm<T>(final_norm_, final_norm_bias_, x_, last_, final_mean_, final_inverse_));
    last = last_;
  }
  REFINE_TRY(vocab_loss(context_, as<T>(last), weight<T>(head_), nullptr, in_.targets, losses_, log_sum_, in_.rows, config_.channels, config_.vocab), "losses");
  return {};
}

template <class T>
Outcome DeviceTrainer::backward() {
  const void* const last = config_.final_norm ? last_ : x_;
  REFINE_TRY(vocab_loss_backward(context_, as<T>(last), weight<T>(head_), nullptr, in_.targets, log_sum_, in_.loss_gradient, as<T>(dx_), gradient_ + head_, true, in_.rows, config_.channels,
                                 config_.vocab),
             "the gradient of losses");
  if (config_.final_norm) REFINE_STEP(norm_back<T>(final_norm_, final_norm_bias_, x_, dx_, nullptr, dx_, final_mean_, final_inverse_));
  for (size_t l = layers_.size(); l-- > 0;) {
    const TrainLayer& at = layers_[l];
    const TrainKept& kept = kept_[l];
    if (config_.layout == BlockLayout::kSequential) {
      REFINE_STEP(mlp_back<T>(at, kept, kept.n2, dx_, dn_));
      REFINE_STEP(norm_back<T>(at.norm2, at.norm2_bias, kept.mid, dn_, dx_, dx_, kept.mean2, kept.inverse2));
      REFINE_STEP(attend_back<T>(at, kept, dx_, dn_, false));
      REFINE_STEP(norm_back<T>(at.norm1, at.norm1_bias, kept.in, dn_, dx_, dx_, kept.mean1, kept.inverse1));
    } else if (second_norm()) {
      REFINE_STEP(mlp_back<T>(at, kept, kept.n2, dx_, dn_));
      REFINE_STEP(norm_back<T>(at.norm2, at.norm2_bias, kept.in, dn_, dx_, daside_, kept.mean2, kept.inverse2));  // dx_ is still the branches' own
      REFINE_STEP(attend_back<T>(at, kept, dx_, dn_, false));
      REFINE_STEP(norm_back<T>(at.norm1, at.norm1_bias, kept.in, dn_, daside_, dx_, kept.mean1, kept.inverse1));
    } else {
      REFINE_STEP(mlp_back<T>(at, kept, kept.n1, dx_, dn_));
      REFINE_STEP(attend_back<T>(at, kept, dx_, dn_, true));
      REFINE_STEP(norm_back<T>(at.norm1, at.norm1_bias, kept.in, dn_, dx_, dx_, kept.mean1, kept.inverse1));
    }
  }
  REFINE_TRY(embed_backward<T>(context_, as<T>(dx_), in_.order, in_.starts, in_.distinct, in_.distinct_count, gradient_ + embed_, config_.vocab, config_.channels), "the gradient of embeddings");
  return {};
}

template Outcome DeviceTrainer::forward<bf16>();
template Outcome DeviceTrainer::forward<float>();
template Outcome DeviceTrainer::backward<bf16>();
template Outcome DeviceTrainer::backward<float>();

}  // namespace refine::cuda
