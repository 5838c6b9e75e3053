// Decoders at work: losses, logits, generation. Shapes are checked here, everything else in kernels/model.
#include <algorithm>
#include <mutex>

#include "model_args.h"
#include "model_handle.h"
#include "refine/sample.h"

namespace refine::node {

// One text being written: what the model has read, and how the next token is drawn. Calls wait for each other.
struct Generation {
  ModelHandle model;
  SampleOptions options;
  KeyValueCache cache;
  uint64_t step = 0;
  std::mutex turn;
};
template <>
struct Handle<Generation> {
  static constexpr napi_type_tag tag = {0x7265'6669'6e65'0063, 0x6765'6e65'7261'7465};
  static constexpr const char* from = "modelGenerate";
};

namespace {

GemmKind kind_of(Napi::Env env, const std::string& name) {
  if (name == "f32") return GemmKind::kF32;
  if (name == "bf16") return GemmKind::kBf16;
  if (name == "int8") return GemmKind::kInt8;
  throw Napi::RangeError::New(env, "modelLoad: dtype is '" + name + "', one of f32, bf16, int8");
}

GemmIsa gemm_isa_of(Napi::Env env, const std::string& name) {
  std::string have;
  for (const GemmIsa isa : gemm_isas()) {
    if (name == gemm_isa_name(isa)) return isa;
    have += (have.empty() ? "" : ", ") + std::string(gemm_isa_name(isa));
  }
  throw Napi::RangeError::New(env, "modelLoad: this machine has no instruction set '" + name + "' for models; it has " + have);
}

std::string option_or(const Napi::Value& options, const char* name, const char* otherwise) {
  const auto value = options.IsObject() ? options.As<Napi::Object>().Get(name) : options.Env().Undefined();
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : otherwise;
}

// TS: modelIsas(): string[]      best first
Napi::Value ModelIsas(const Napi::CallbackInfo& info) {
  const auto isas = gemm_isas();
  auto names = Napi::Array::New(info.Env(), isas.size());
  for (size_t i = 0; i < isas.size(); ++i) names.Set(uint32_t(i), gemm_isa_name(isas[isas.size() - 1 - i]));
  return names;
}

// TS: modelPeak(dtype, isa?): number      operations a second of this core, 0 where it has no such instruction
Napi::Value ModelPeak(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto kind = kind_of(env, info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "");
  return Napi::Number::New(env, measured_peak(info[1].IsString() ? gemm_isa_of(env, info[1].As<Napi::String>().Utf8Value()) : best_gemm_isa(), kind));
}

// TS: modelLoad(plan: WeightsPlan, options?: ModelOptions): ModelHandle      throws ERR_REFINE_WEIGHTS
Napi::Value ModelLoad(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto plan = object_of(info[0], "modelLoad plan");
  auto model = std::make_shared<Model>();
  model->config = model_config_of(plan.Get("config"), "modelLoad config");
  std::shared_ptr<ModelWeights> weights;
  throw_status(env, ModelWeights::load(weights_plan_of(plan, "modelLoad plan"), &weights));
  model->weights = weights;
  const auto runtime = option_or(info[1], "runtime", "fast"), isa = option_or(info[1], "isa", "");
  if (runtime != "fast" && runtime != "reference") throw Napi::RangeError::New(env, "modelLoad: runtime is '" + runtime + "', one of fast, reference");
  if (info[1].IsObject() && info[1].As<Napi::Object>().Get("cuda").IsObject()) {
    const auto cuda = info[1].As<Napi::Object>().Get("cuda").As<Napi::Object>();
    const auto least = [&](const char* key) { return cuda.Get(key).IsUndefined() ? 0.0 : number_at(cuda, key, 0, 9007199254740991.0, "modelLoad cuda"); };
    std::shared_ptr<const CudaLibrary> library;
    throw_status(env, CudaLibrary::open(text_at(cuda, "library", "modelLoad cuda"), &library));
    const CudaOptions asked{int32_t(kind_of(env, option_or(info[1], "dtype", "f32"))), int64_t(least("batchTokens")), uint64_t(least("memoryLimit"))};
    throw_status(env, CudaModel::make(std::move(library), model->config, weights, asked, &model->cuda));
    return to_handle<const Model>(env, std::move(model));
  }
  const FastOptions options{kind_of(env, option_or(info[1], "dtype", "f32")), isa.empty() ? best_gemm_isa() : gemm_isa_of(env, isa)};
  if (runtime == "fast") {
    std::shared_ptr<FastModel> fast;
    throw_status(env, FastModel::bind(model->config, weights, options, &fast));
    model->fast = std::move(fast);
  } else {
    throw_status(env, ReferenceModel::bind(model->config, lookup_of(weights), &model->reference));
  }
  return to_handle<const Model>(env, std::move(model));
}

Status reference_losses(const ReferenceModel& model, const uint32_t* ids, int64_t length, int64_t bos, float* out) {
  if (bos < 0 || length == 0) return model.losses(ids, length, out);
  std::vector<uint32_t> begun(size_t(length) + 1, uint32_t(bos));
  std::copy(ids, ids + length, begun.begin() + 1);
  std::vector<float> losses(begun.size());
  const Status status = model.losses(begun.data(), length + 1, losses.data());
  std::copy(losses.begin() + 1, losses.end(), out);
  return status;
}

// TS: modelLosses(model, ids: Uint32Array, offsets: Int32Array, bos?: number): Promise<Float32Array>     (ids)
Napi::Value ModelLosses(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto model = handle_of<const Model>(info[0], "modelLosses model");
  const auto ids = typed_array<uint32_t>(info[1], "modelLosses ids");
  size_t documents = 0;
  const int32_t* offsets = checked_offsets(info[2], ids.size, &documents, "modelLosses");
  if (size_t(offsets[documents]) != ids.size) throw Napi::RangeError::New(env, "modelLosses: offsets must end with the ids");
  const int64_t bos = info[3].IsNumber() ? info[3].As<Napi::Number>().Int64Value() : -1;
  if (bos >= model->config.vocab) throw Napi::RangeError::New(env, "modelLosses: bos is outside the vocabulary");
  auto out = std::make_shared<std::vector<float>>(ids.size);
  auto* worker = new PromiseWorker(
      env,
      [=] {
        if (model->cuda) return model->cuda->losses(ids.data, offsets, documents, bos, out->data());
        if (model->fast) return model->fast->token_losses(ids.data, offsets, documents, bos, out->data());
        for (size_t n = 0; n < documents; ++n) {
          const int32_t begin = offsets[n];
          const Status status = reference_losses(model->reference, ids.data + begin, offsets[n + 1] - begin, bos, out->data() + begin);
          if (!status.ok()) return status;
        }
        return Status{};
      },
      [=](Napi::Env resolved) { return to_typed_array(resolved, *out); });
  worker->lend({info[1], info[2]});
  return worker->queue();
}

// TS: modelLogits(model, ids: Uint32Array, positions: Uint32Array): Promise<Float32Array>     (positions, V)
Napi::Value ModelLogits(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto model = handle_of<const Model>(info[0], "modelLogits model");
  const auto ids = typed_array<uint32_t>(info[1], "modelLogits ids");
  const auto positions = typed_array<uint32_t>(info[2], "modelLogits positions");
  for (size_t i = 0; i < positions.size; ++i)
    if (positions.data[i] >= ids.size) throw Napi::RangeError::New(env, "modelLogits: position " + std::to_string(positions.data[i]) + " of " + std::to_string(ids.size) + " ids");
  auto out = std::make_shared<std::vector<float>>();
  auto* worker = new PromiseWorker(
      env,
      [=] {
        const size_t channels = size_t(model->config.channels), vocab = size_t(model->config.vocab);
        if (model->cuda) {
          out->resize(positions.size * vocab);
          return model->cuda->logits(ids.data, ids.size, positions.data, positions.size, out->data());
        }
        std::vector<float> rows(ids.size * channels);
        if (model->fast && !model->fast->has_head()) return Status::error("ERR_REFINE_INPUT", "scores of tokens by an encoder without a head for them");
        const int32_t offsets[] = {0, int32_t(ids.size)};
        const Status status = model->fast ? model->fast->hidden(ids.data, nullptr, offsets, 1, rows.data())
                                          : model->reference.hidden(ids.data, int64_t(ids.size), nullptr, nullptr, rows.data());
        if (!status.ok()) return status;
        out->resize(positions.size * vocab);
        if (model->fast)
          for (size_t i = 0; i < positions.size; ++i) model->fast->logits(rows.data() + positions.data[i] * channels, 1, out->data() + i * vocab);
        else
          for (size_t i = 0; i < positions.size; ++i) model->reference.logits(rows.data() + positions.data[i] * channels, out->data() + i * vocab);
        return Status{};
      },
      [=](Napi::Env resolved) { return to_typed_array(resolved, *out); });
  worker->lend({info[1], info[2]});
  return worker->queue();
}

// TS: modelGenerate(model, options: {temperature, topK, topP, seed}): GenerationHandle
Napi::Value ModelGenerate(const Napi::CallbackInfo& info) {
  auto generation = std::make_shared<Generation>();
  generation->model = handle_of<const Model>(info[0], "modelGenerate model");
  if (generation->model->cuda) throw Napi::RangeError::New(info.Env(), "modelGenerate: a model on the GPU reads whole texts; load it for the CPU to write them");
  const auto options = object_of(info[1], "modelGenerate options");
  generation->options.temperature = number_at(options, "temperature", 0, 1e6, "modelGenerate");
  generation->options.top_k = uint32_t(number_at(options, "topK", 0, UINT32_MAX, "modelGenerate"));
  generation->options.top_p = number_at(options, "topP", 0, 1, "modelGenerate");
  generation->options.seed = word_at(options, "seed", "modelGenerate");
  return to_handle(info.Env(), std::move(generation));
}

// TS: modelNext(generation, ids: Uint32Array): Promise<number>      reads the ids (one or more), gives the token after them
Napi::Value ModelNext(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto generation = handle_of<Generation>(info[0], "modelNext generation");
  const auto ids = typed_array<uint32_t>(info[1], "modelNext ids");
  if (ids.size == 0) throw Napi::RangeError::New(env, "modelNext: no ids; something must stand before a token");
  auto token = std::make_shared<uint32_t>(0);
  auto* worker = new PromiseWorker(
      env,
      [=] {
        const std::lock_guard<std::mutex> turn(generation->turn);
        const Model& model = *generation->model;
        const size_t channels = size_t(model.config.channels), vocab = size_t(model.config.vocab);
        std::vector<float> scores(vocab);
        if (model.fast) {
          const Status status = model.fast->append(&generation->cache, ids.data, int64_t(ids.size), scores.data());
          if (!status.ok()) return status;
        } else {
          std::vector<float> rows(ids.size * channels);
          const Status status = model.reference.hidden(ids.data, int64_t(ids.size), nullptr, &generation->cache, rows.data());
          if (!status.ok()) return status;
          model.reference.logits(rows.data() + (ids.size - 1) * channels, scores.data());
        }
        return sample_token(scores.data(), vocab, generation->options, generation->step++, token.get());
      },
      [=](Napi::Env resolved) -> Napi::Value { return Napi::Number::New(resolved, *token); });
  worker->lend({info[1]});
  return worker->queue();
}

}  // namespace

REFINE_BIND(model_run) {
  exports.Set("modelIsas", Napi::Function::New(env, ModelIsas));
  exports.Set("modelPeak", Napi::Function::New(env, ModelPeak));
  exports.Set("modelLoad", Napi::Function::New(env, ModelLoad));
  exports.Set("modelLosses", Napi::Function::New(env, ModelLosses));
  exports.Set("modelLogits", Napi::Function::New(env, ModelLogits));
  exports.Set("modelGenerate", Napi::Function::New(env, ModelGenerate));
  exports.Set("modelNext", Napi::Function::New(env, ModelNext));
}

}  // namespace refine::node
