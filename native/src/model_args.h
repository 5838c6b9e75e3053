// A model's plan from JavaScript: ModelConfig and WeightsPlan of native/model.ts, copied, every field checked for its kind
// and range. What the numbers mean together is checked by check_config and ModelWeights::load.
#pragma once
#include "handle.h"
#include "phase_args.h"
#include "refine/model_config.h"
#include "refine/model_weights.h"

namespace refine::node {

inline bool flag_at(const Napi::Object& object, const char* key, const char* what) {
  const auto value = object.Get(key);
  if (!value.IsBoolean()) throw Napi::TypeError::New(object.Env(), std::string(what) + " " + key + " must be a boolean");
  return value.As<Napi::Boolean>().Value();
}

// The index of a string among `names`.
template <size_t N>
uint8_t choice_at(const Napi::Object& object, const char* key, const char* const (&names)[N], const char* what) {
  const std::string text = text_at(object, key, what);
  for (size_t i = 0; i < N; ++i)
    if (text == names[i]) return uint8_t(i);
  throw Napi::TypeError::New(object.Env(), std::string(what) + " " + key + " is \"" + text + "\", which is none of its values");
}

inline std::vector<float> floats_at(const Napi::Object& object, const char* key, const char* what) {
  const auto value = object.Get(key);
  if (!value.IsArray()) throw Napi::TypeError::New(object.Env(), std::string(what) + " " + key + " must be an array of numbers");
  const auto array = value.As<Napi::Array>();
  std::vector<float> out(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) out[i] = array.Get(i).ToNumber().FloatValue();
  return out;
}

// Throws ERR_REFINE_WEIGHTS where check_config refuses.
inline ModelConfig model_config_of(const Napi::Value& value, const char* what) {
  const auto object = object_of(value, what);
  const auto whole = [&](const char* key) { return int32_t(number_at(object, key, 0, INT32_MAX, what)); };
  const auto real = [&](const char* key) { return float(number_at(object, key, -3e38, 3e38, what)); };
  static const char* const layouts[] = {"sequential", "parallel", "post-norm", "norm-after"};
  static const char* const norms[] = {"layer", "rms"};
  static const char* const activations[] = {"gelu", "gelu-tanh", "silu", "relu"};
  static const char* const positions[] = {"rotary", "alibi", "learned", "none"};
  ModelConfig config;
  config.vocab = whole("vocab");
  config.channels = whole("channels");
  config.layers = whole("layers");
  config.heads = whole("heads");
  config.kv_heads = whole("kvHeads");
  config.head_dim = whole("headDim");
  config.hidden = whole("hidden");
  config.context = whole("context");
  config.layout = BlockLayout(choice_at(object, "layout", layouts, what));
  config.two_norms = flag_at(object, "twoNorms", what);
  config.norm = Norm(choice_at(object, "norm", norms, what));
  config.norm_eps = real("normEps");
  config.norm_affine = flag_at(object, "normAffine", what);
  config.activation = Activation(choice_at(object, "activation", activations, what));
  config.gated = flag_at(object, "gated", what);
  config.position = Position(choice_at(object, "position", positions, what));
  config.rotary_dim = whole("rotaryDim");
  config.rotary_frequency = floats_at(object, "rotaryFrequency", what);
  config.rotary_factor = real("rotaryFactor");
  config.alibi_slope = floats_at(object, "alibiSlope", what);
  config.alibi_scale = real("alibiScale");
  config.alibi_bfloat16 = flag_at(object, "alibiBfloat16", what);
  config.attention_scale = real("attentionScale");
  config.clip_qkv = real("clipQkv");
  config.qk_norm = flag_at(object, "qkNorm", what);
  if (!object.Get("relativeSpan").IsUndefined()) {
    config.relative_span = whole("relativeSpan");
    const auto buckets = typed_array<int32_t>(object.Get("relativeBucket"), what);
    config.relative_bucket.assign(buckets.data, buckets.data + buckets.size);
    config.content_to_position = flag_at(object, "contentToPosition", what);
    config.position_to_content = flag_at(object, "positionToContent", what);
  }
  config.causal = flag_at(object, "causal", what);
  config.position_offset = whole("positionOffset");
  config.segments = whole("segments");
  config.embedding_norm = flag_at(object, "embeddingNorm", what);
  config.final_norm = flag_at(object, "finalNorm", what);
  throw_status(object.Env(), check_config(config));
  return config;
}

inline WeightsPlan weights_plan_of(const Napi::Value& value, const char* what) {
  constexpr double kFileEnd = 9007199254740991.0;  // 2^53 - 1
  static const char* const types[] = {"F32", "BF16", "F16", "F64", "I8"};
  const auto object = object_of(value, what);
  WeightsPlan plan;
  plan.files = paths_at(object, "files", what);
  const auto list_at = [&](const char* key) {
    const auto list = object.Get(key);
    if (!list.IsArray()) throw Napi::TypeError::New(object.Env(), std::string(what) + " " + key + " must be an array");
    return list.As<Napi::Array>();
  };
  // (rows, columns) of a shape; a vector of n is (n, 0).
  const auto shape_at = [&](const Napi::Object& held) {
    const auto list = held.Get("shape");
    const uint32_t dims = list.IsArray() ? list.As<Napi::Array>().Length() : 0;
    if (dims < 1 || dims > 2) throw Napi::TypeError::New(object.Env(), std::string(what) + " shape must have one or two numbers");
    std::pair<uint64_t, uint64_t> shape{0, 0};
    for (uint32_t i = 0; i < dims; ++i) {
      const auto dim = list.As<Napi::Array>().Get(i);
      const double number = dim.IsNumber() ? dim.As<Napi::Number>().DoubleValue() : -1;
      if (!(number >= 0 && number <= kFileEnd)) throw Napi::RangeError::New(object.Env(), std::string(what) + " shape is out of range");
      (i == 0 ? shape.first : shape.second) = uint64_t(number);
    }
    return std::pair{shape, dims};
  };
  const auto sources = list_at("sources");
  for (uint32_t i = 0; i < sources.Length(); ++i) {
    const auto held = object_of(sources.Get(i), what);
    const auto [shape, dims] = shape_at(held);
    TensorSource source;
    source.file = uint32_t(number_at(held, "file", 0, UINT32_MAX, what));
    source.begin = uint64_t(number_at(held, "begin", 0, kFileEnd, what));
    source.bytes = uint64_t(number_at(held, "bytes", 0, kFileEnd, what));
    source.type = WeightType(choice_at(held, "dtype", types, what));
    source.rows = shape.first;
    source.columns = dims == 1 ? 1 : shape.second;
    if (held.Get("scales").IsNumber()) source.scales = int64_t(number_at(held, "scales", 0, UINT32_MAX, what));
    plan.sources.push_back(source);
  }
  const auto tensors = list_at("tensors");
  for (uint32_t i = 0; i < tensors.Length(); ++i) {
    const auto held = object_of(tensors.Get(i), what);
    const auto [shape, dims] = shape_at(held);
    const auto rows = typed_array<uint32_t>(held.Get("rows"), what);
    if (rows.size % 2) throw Napi::RangeError::New(object.Env(), std::string(what) + " rows must be (start, count) pairs");
    RoleTensor tensor;
    tensor.role = text_at(held, "role", what);
    tensor.source = uint32_t(number_at(held, "source", 0, UINT32_MAX, what));
    tensor.transpose = flag_at(held, "transpose", what);
    for (size_t at = 0; at < rows.size; at += 2) tensor.rows.push_back({rows.data[at], rows.data[at + 1]});
    tensor.shape_rows = dims == 1 ? 1 : shape.first;
    tensor.shape_columns = dims == 1 ? shape.first : shape.second;
    plan.tensors.push_back(std::move(tensor));
  }
  return plan;
}

}  // namespace refine::node
