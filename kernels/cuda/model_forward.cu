// The blocks of a resident model on one packed batch: which launcher follows which. See model.h; layouts as in refine/model_config.h.
//   x (rows,C)  part, wide (rows,C)  qkv (rows,(H+2G)Dp)  attended (rows,H Dp)  hidden (rows,F)  all T
// `hidden` lies over qkv and attended, which are dead when the MLP begins.
// Oracle: FastModel::blocks, kernels/model/fast_forward.cpp.
#include <cmath>

#include "activation.h"
#include "attention.h"
#include "embed.h"
#include "gemm.h"
#include "launches.h"
#include "model.h"
#include "norms.h"
#include "quantise.h"
#include "rotary.h"
#include "vocab_loss.h"

namespace refine::cuda {

namespace {

GemmActivation activation_of(Activation activation) {
  switch (activation) {
    case Activation::kGelu: return GemmActivation::kGelu;
    case Activation::kGeluTanh: return GemmActivation::kGeluTanh;
    case Activation::kSilu: return GemmActivation::kSilu;
    case Activation::kRelu: return GemmActivation::kRelu;
  }
  return GemmActivation::kNone;
}

template <class T>
constexpr bool kNarrow = sizeof(T) == 2;

}  // namespace

template <class T>
Outcome Model::norm_rows(const NormLayer& norm, const void* x, void* out, int64_t rows, const void* after) {
  NormRows<T> call;
  call.x = static_cast<const T*>(x);
  call.out = static_cast<T*>(out);
  call.rows = rows;
  call.width = config_.channels;
  call.after = static_cast<const T*>(after);
  call.weight = norm.weight;
  call.bias = norm.bias;
  call.epsilon = config_.norm_eps;
  REFINE_TRY(config_.norm == Norm::kRms ? rms_norm<T>(context_, call) : layer_norm<T>(context_, call), "a norm");
  return {};
}

// residual may be `out`.
template <class T>
Outcome Model::apply(const LinearLayer& layer, const void* in, void* out, int64_t rows, int32_t activation, bool gated, const void* residual) {
  Epilogue<T> epilogue;
  epilogue.bias = layer.bias;
  epilogue.activation = GemmActivation(activation);
  epilogue.gated = gated;
  epilogue.residual = static_cast<const T*>(residual);
  if constexpr (kNarrow<T>) {
    if (layer.scale != nullptr) {
      REFINE_TRY(quantise_rows(context_, static_cast<const T*>(in), at_.narrow, at_.narrow_scale, rows, layer.k), "quantising rows");
      REFINE_TRY(gemm_s8(context_, at_.narrow, at_.narrow_scale, static_cast<const int8_t*>(layer.weight), layer.scale, static_cast<T*>(out), rows, layer.n, layer.k, epilogue),
                 "a linear layer in int8");
    } else {
      REFINE_TRY(gemm_bf16(context_, static_cast<const T*>(in), static_cast<const T*>(layer.weight), static_cast<T*>(out), rows, layer.n, layer.k, epilogue), "a linear layer in bf16");
    }
  } else {
    REFINE_TRY(gemm_f32(context_, static_cast<const T*>(in), static_cast<const T*>(layer.weight), static_cast<T*>(out), rows, layer.n, layer.k, epilogue), "a linear layer in fp32");
  }
  return {};
}

template <class T>
Outcome Model::blocks_of(const BatchInputs& in) {
  const auto& c = config_;
  const int64_t rows = in.rows, queries = int64_t(c.heads) * head_dim_, keys = int64_t(c.kv_heads) * head_dim_, wide = queries + 2 * keys;
  void *const x = at_.x, *const part = at_.part, *const qkv = at_.qkv;
  EmbedRows<T> read;
  read.ids = in.ids;
  read.table = static_cast<const T*>(tensors_.embed);
  read.out = static_cast<T*>(x);
  read.rows = rows;
  read.channels = c.channels;
  read.vocab = c.vocab;
  read.positions = in.positions;
  read.position_table = static_cast<const T*>(tensors_.positions);
  read.position_rows = int64_t(c.context) + c.position_offset;
  read.position_offset = c.position_offset;
  read.segment_table = static_cast<const T*>(tensors_.segments);
  read.segment_rows = c.segments;
  REFINE_TRY(embed<T>(context_, read), "embedding");
  if (c.embedding_norm) REFINE_STEP(norm_rows<T>(tensors_.embed_norm, x, x, rows));

  AttentionShape shape;
  shape.tokens = rows;
  shape.heads = c.heads;
  shape.kv_heads = c.kv_heads;
  shape.head_dim = head_dim_;
  shape.causal = c.causal;
  shape.scale = c.attention_scale;
  shape.alibi_slope = tensors_.alibi_slope;
  shape.alibi_scale = c.alibi_scale;
  shape.alibi_bfloat16 = c.alibi_bfloat16;
  const auto call = packed_attention(static_cast<const T*>(qkv), static_cast<T*>(at_.attended), in.tiles, in.tile_count, shape);
  const bool parallel = c.layout == BlockLayout::kParallel, norm_before = parallel || c.layout == BlockLayout::kSequential, norm_after = c.layout == BlockLayout::kNormAfter;
  const int32_t none = int32_t(GemmActivation::kNone), activation = int32_t(activation_of(c.activation));

  for (const LayerWeights& layer : tensors_.layers) {
    if (norm_before) REFINE_STEP(norm_rows<T>(layer.norm1, x, part, rows));
    if (parallel && c.two_norms) REFINE_STEP(norm_rows<T>(layer.norm2, x, at_.wide, rows));
    REFINE_STEP(apply<T>(layer.qkv, norm_before ? part : x, qkv, rows, none, false, nullptr));
    if (c.clip_qkv > 0) REFINE_TRY(clip_rows<T>(context_, static_cast<T*>(qkv), rows, wide, wide, c.clip_qkv), "clipping");
    if (c.qk_norm) {
      for (const bool of_keys : {false, true}) {
        NormRows<T> own;
        own.x = static_cast<const T*>(qkv) + (of_keys ? queries : 0);
        own.out = static_cast<T*>(qkv) + (of_keys ? queries : 0);
        own.rows = rows;
        own.width = of_keys ? keys : queries;
        own.x_stride = own.out_stride = wide;
        own.weight = (of_keys ? layer.k_norm : layer.q_norm).weight;
        own.epsilon = c.norm_eps * float(c.head_dim) / float(head_dim_);  // of a row with zeros among it: model_weights.cu
        REFINE_TRY(c.norm == Norm::kRms ? rms_norm<T>(context_, own) : layer_norm<T>(context_, own), "a norm of queries and keys");
      }
    }
    if (c.position == Position::kRotary && c.rotary_dim > 0) {
      RotaryShape turned;
      turned.rows = rows;
      turned.stride = wide;
      turned.heads = c.heads + c.kv_heads;
      turned.head_dim = head_dim_;
      turned.rotary_dim = c.rotary_dim;
      turned.table_rows = turn_rows_;
      REFINE_TRY(rotary<T>(context_, static_cast<T*>(qkv), in.positions, reinterpret_cast<const float*>(turn_block_.data()), turned), "turning queries and keys");
    }
    REFINE_TRY(attention<T>(context_, call, shape), "attention");
    if (norm_after) {
      REFINE_STEP(apply<T>(layer.o, at_.attended, part, rows, none, false, nullptr));
      REFINE_STEP(norm_rows<T>(layer.norm1, part, x, rows, x));
    } else {
      REFINE_STEP(apply<T>(layer.o, at_.attended, x, rows, none, false, x));
    }
    const void* from = x;  // what the MLP reads
    if (c.layout == BlockLayout::kSequential) {
      REFINE_STEP(norm_rows<T>(layer.norm2, x, part, rows));
      from = part;
    } else if (parallel) {
      from = c.two_norms ? at_.wide : part;
    } else if (c.layout == BlockLayout::kPostNorm) {
      REFINE_STEP(norm_rows<T>(layer.norm1, x, x, rows));
    }
    REFINE_STEP(apply<T>(layer.up, from, at_.hidden, rows, activation, c.gated, nullptr));
    REFINE_STEP(apply<T>(layer.down, at_.hidden, norm_after ? part : x, rows, none, false, norm_after ? nullptr : x));
    if (norm_after) REFINE_STEP(norm_rows<T>(layer.norm2, part, x, rows, x));
    else if (c.layout == BlockLayout::kPostNorm) REFINE_STEP(norm_rows<T>(layer.norm2, x, x, rows));
  }
  return {};
}

Outcome Model::blocks(const BatchInputs& in) { return dtype_ == Dtype::kF32 ? blocks_of<float>(in) : blocks_of<bf16>(in); }

Outcome Model::final_rows(int64_t rows, const void** out) {
  *out = config_.final_norm ? at_.part : at_.x;
  if (!config_.final_norm) return {};
  return dtype_ == Dtype::kF32 ? norm_rows<float>(tensors_.final_norm, at_.x, at_.part, rows) : norm_rows<bf16>(tensors_.final_norm, at_.x, at_.part, rows);
}

Outcome Model::loss_rows(const BatchInputs& in, float* losses) {
  const void* rows = nullptr;
  REFINE_STEP(final_rows(in.rows, &rows));
  const LinearLayer& head = tensors_.head;
  const int64_t t = in.rows, c = config_.channels, v = head.n;
  if (dtype_ == Dtype::kF32) {
    REFINE_TRY(vocab_loss(context_, static_cast<const float*>(rows), static_cast<const float*>(head.weight), nullptr, in.targets, losses, nullptr, t, c, v), "losses");
  } else if (dtype_ == Dtype::kBf16) {
    REFINE_TRY(vocab_loss(context_, static_cast<const bf16*>(rows), static_cast<const bf16*>(head.weight), nullptr, in.targets, losses, nullptr, t, c, v), "losses");
  } else {
    REFINE_TRY(quantise_rows(context_, static_cast<const bf16*>(rows), at_.narrow, at_.narrow_scale, t, c), "quantising rows");
    REFINE_TRY(vocab_loss_s8(context_, at_.narrow, at_.narrow_scale, static_cast<const int8_t*>(head.weight), head.scale, nullptr, in.targets, losses, nullptr, t, c, v), "losses in int8");
  }
  return {};
}

// (count, V) fp32 of rows (count, C).
Outcome Model::score_rows(const void* rows, int64_t count, float* out) {
  const LinearLayer& head = tensors_.head;
  const int64_t c = config_.channels, v = head.n;
  if (dtype_ == Dtype::kF32) {
    REFINE_TRY(gemm_f32(context_, static_cast<const float*>(rows), static_cast<const float*>(head.weight), out, count, v, c), "scores");
  } else if (dtype_ == Dtype::kBf16) {
    REFINE_TRY(gemm_bf16(context_, static_cast<const bf16*>(rows), static_cast<const bf16*>(head.weight), out, count, v, c), "scores");
  } else {
    REFINE_TRY(quantise_rows(context_, static_cast<const bf16*>(rows), at_.narrow, at_.narrow_scale, count, c), "quantising rows");
    REFINE_TRY(gemm_s8(context_, at_.narrow, at_.narrow_scale, static_cast<const int8_t*>(head.weight), head.scale, out, count, v, c), "scores in int8");
  }
  return {};
}

}  // namespace refine::cuda
