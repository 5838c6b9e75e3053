// Encoders at work: texts as vectors, and what heads make of them. Shapes are checked here, everything else in kernels/model.
#include <limits>

#include "model_args.h"
#include "model_handle.h"
#include "refine/model_encode.h"

namespace refine::node {

namespace {

constexpr int64_t kRows = 4096;  // of hidden states at once: what a call holds beside its results

// The hidden rows of documents [from, to), back to back.
Status hidden_rows(const Model& model, const uint32_t* ids, const int32_t* offsets, size_t from, size_t to, float* out) {
  if (model.fast) {
    std::vector<int32_t> ends(offsets + from, offsets + to + 1);
    for (int32_t& end : ends) end -= offsets[from];
    return model.fast->hidden(ids + offsets[from], nullptr, ends.data(), to - from, out);
  }
  for (size_t n = from; n < to; ++n) {
    const int32_t begin = offsets[n];
    const Status status = model.reference.hidden(ids + begin, offsets[n + 1] - begin, nullptr, nullptr, out + int64_t(begin - offsets[from]) * model.config.channels);
    if (!status.ok()) return status;
  }
  return {};
}

// TS: modelEncode(model, ids: Uint32Array, offsets: Int32Array, {pooling, activation, heads}): Promise<{vectors (documents, C), logits: (documents, L)[]}>
// A document without ids has a vector of zeros and logits of NaN.
Napi::Value ModelEncode(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto model = handle_of<const Model>(info[0], "modelEncode model");
  const auto ids = typed_array<uint32_t>(info[1], "modelEncode ids");
  size_t documents = 0;
  const int32_t* const offsets = checked_offsets(info[2], ids.size, &documents, "modelEncode");
  const auto options = object_of(info[3], "modelEncode options");
  static const char* const poolings[] = {"cls", "mean", "max", "pooler"};
  static const char* const activations[] = {"tanh", "gelu"};
  const auto pooling = Pooling(choice_at(options, "pooling", poolings, "modelEncode"));
  const auto activation = PoolerActivation(choice_at(options, "activation", activations, "modelEncode"));
  if (!options.Get("heads").IsArray()) throw Napi::TypeError::New(env, "modelEncode heads must be a list of roles");
  std::vector<std::string> roles;
  const auto heads = options.Get("heads").As<Napi::Array>();
  for (uint32_t i = 0; i < heads.Length(); ++i) roles.push_back(heads.Get(i).ToString().Utf8Value());
  struct Result {
    Encoder encoder;
    std::vector<float> vectors;
    std::vector<std::vector<float>> logits;
  };
  auto result = std::make_shared<Result>();
  throw_status(env, Encoder::bind(model->config, lookup_of(model->weights), pooling, activation, roles, &result->encoder));
  auto* worker = new PromiseWorker(
      env,
      [=] {
        const int64_t channels = model->config.channels;
        const Encoder& encoder = result->encoder;
        result->vectors.assign(documents * size_t(channels), 0.0f);
        for (const EncoderHead& head : encoder.heads()) result->logits.emplace_back(documents * size_t(head.labels), std::numeric_limits<float>::quiet_NaN());
        if (model->cuda) {
          std::vector<float*> logits;
          for (auto& of_head : result->logits) logits.push_back(of_head.data());
          return model->cuda->encode(ids.data, offsets, documents, pooling, activation, roles, result->vectors.data(), logits);
        }
        std::vector<float> rows;
        for (size_t from = 0; from < documents;) {
          size_t to = from + 1;
          while (to < documents && offsets[to + 1] - offsets[from] <= kRows) ++to;
          rows.resize(size_t(offsets[to] - offsets[from]) * size_t(channels));
          if (const Status status = hidden_rows(*model, ids.data, offsets, from, to, rows.data()); !status.ok()) return status;
          for (size_t n = from; n < to; ++n) {
            const int64_t length = offsets[n + 1] - offsets[n];
            if (length == 0) continue;
            float* const vector = result->vectors.data() + n * size_t(channels);
            encoder.pool(rows.data() + int64_t(offsets[n] - offsets[from]) * channels, length, vector);
            for (size_t head = 0; head < encoder.heads().size(); ++head) encoder.logits(head, vector, result->logits[head].data() + n * size_t(encoder.heads()[head].labels));
          }
          from = to;
        }
        return Status{};
      },
      [=](Napi::Env resolved) -> Napi::Value {
        auto object = Napi::Object::New(resolved);
        object.Set("vectors", to_typed_array(resolved, result->vectors));
        auto logits = Napi::Array::New(resolved, result->logits.size());
        for (uint32_t head = 0; head < result->logits.size(); ++head) logits.Set(head, to_typed_array(resolved, result->logits[head]));
        object.Set("logits", logits);
        return object;
      });
  worker->lend({info[1], info[2]});
  return worker->queue();
}

}  // namespace

REFINE_BIND(model_encode) { exports.Set("modelEncode", Napi::Function::New(env, ModelEncode)); }

}  // namespace refine::node
