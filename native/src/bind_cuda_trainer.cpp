// Training on the device: a handle whose weights and moments stay there. One call at a time on a handle. Names, shapes and first values of
// parameters are the CPU trainer's (refine/model_train.h), so that both start from the same numbers.
#include <mutex>

#include "cuda_library.h"
#include "handle.h"
#include "model_args.h"
#include "refine/model_train.h"
#include "trainer_args.h"

namespace refine::node {
namespace {

struct HeldCudaTrainer {
  std::shared_ptr<const CudaLibrary> library;
  refine_cuda_trainer* own = nullptr;
  std::vector<TrainParameter> parameters;
  size_t count = 0;
  std::mutex busy;
  ~HeldCudaTrainer() {
    if (own != nullptr) library->trainer_free(own);
  }
};

}  // namespace
template <>
struct Handle<HeldCudaTrainer> {
  static constexpr napi_type_tag tag = {0x7265'6669'6e65'0072, 0x6375'6461'7472'6e00};
  static constexpr const char* from = "cudaTrainerNew";
};

namespace {

// TS: cudaTrainerNew(config, options, {library, dtype, batchTokens?}): Promise<CudaTrainerHandle>
Napi::Value CudaTrainerNew(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const char* const what = "cudaTrainerNew";
  const auto config = model_config_of(info[0], "cudaTrainerNew config");
  const auto options = trainer_options_of(info[1], "cudaTrainerNew options");
  const auto place = object_of(info[2], "cudaTrainerNew place");
  const auto named = place.Get("library");
  if (!named.IsString()) throw Napi::TypeError::New(env, "cudaTrainerNew library must be a path");
  static const char* const dtypes[] = {"f32", "bf16"};
  const auto dtype = int32_t(choice_at(place, "dtype", dtypes, what)) == 0 ? REFINE_CUDA_F32 : REFINE_CUDA_BF16;
  const int64_t batch_tokens = place.Has("batchTokens") ? int64_t(number_at(place, "batchTokens", 1, 1e9, what)) : 0;
  auto held = std::make_shared<HeldCudaTrainer>();
  throw_status(env, CudaLibrary::open(named.As<Napi::String>().Utf8Value(), &held->library));
  if (options.goal != TrainGoal::kNextToken) throw_status(env, Status::error("ERR_REFINE_DEVICE", "the GPU trains no classifier. Train it on the CPU"));
  return (new PromiseWorker(
              env,
              [=]() -> Status {
                std::unique_ptr<Trainer> first;  // names and first values; freed before any step
                if (auto status = Trainer::create(config, options, &first); !status.ok()) return status;
                held->parameters = first->parameters();
                held->count = first->weight_count();
                std::vector<refine_cuda_parameter> parameters;
                for (const auto& p : held->parameters) parameters.push_back({p.role.c_str(), p.rows, p.columns, int64_t(p.offset), p.matrix ? 1 : 0});
                const auto c = cuda_config(config);
                const refine_cuda_train_options asked{sizeof asked, dtype, options.tied_head, options.linear_bias, options.rate, options.final_share, options.decay, options.beta1,
                                                      options.beta2, options.epsilon, options.clip, options.warmup, options.total, batch_tokens, 0};
                auto error = fresh_error();
                const int code = held->library->trainer_new(&c, &asked, parameters.data(), parameters.size(), first->weights(), &held->own, &error);
                return cuda_status(code, error);
              },
              [=](Napi::Env resolved) { return to_handle(resolved, held); }))
      ->queue();
}

// TS: cudaTrainerStep(trainer, ids: Uint32Array, offsets: Int32Array): Promise<TrainerStep>
// TS: cudaTrainerGradient(trainer, ids, offsets): Promise<TrainerStep & {gradient: Float32Array}>
template <bool kGradient>
Napi::Value CudaTrainerStep(const Napi::CallbackInfo& info) {
  const char* const what = kGradient ? "cudaTrainerGradient" : "cudaTrainerStep";
  const auto held = handle_of<HeldCudaTrainer>(info[0], what);
  const auto ids = typed_array<uint32_t>(info[1], what);
  size_t documents = 0;
  const int32_t* offsets = checked_offsets(info[2], ids.size, &documents, what);
  auto step = std::make_shared<refine_cuda_train_step>();
  auto gradient = std::make_shared<std::vector<float>>();
  return alone(
      info, held,
      [=](HeldCudaTrainer& own) {
        step->size = sizeof *step;
        if (kGradient) gradient->resize(own.count);
        auto error = fresh_error();
        const int code = own.library->trainer_step(own.own, ids.data, offsets, documents, step.get(), kGradient ? gradient->data() : nullptr, &error);
        return cuda_status(code, error);
      },
      [=](Napi::Env env) -> Napi::Value {
        auto object = step_object(env, *step);
        if (kGradient) object.Set("gradient", to_typed_array(env, *gradient));
        return object;
      });
}

// TS: cudaTrainerEvaluate(trainer, ids: Uint32Array, offsets: Int32Array): Promise<Float32Array>
Napi::Value CudaTrainerEvaluate(const Napi::CallbackInfo& info) {
  const char* const what = "cudaTrainerEvaluate";
  const auto held = handle_of<HeldCudaTrainer>(info[0], what);
  const auto ids = typed_array<uint32_t>(info[1], what);
  size_t documents = 0;
  const int32_t* offsets = checked_offsets(info[2], ids.size, &documents, what);
  auto out = std::make_shared<std::vector<float>>();
  return alone(
      info, held,
      [=](HeldCudaTrainer& own) {
        out->resize(documents > 0 ? size_t(offsets[documents]) : 0);
        auto error = fresh_error();
        const int code = own.library->trainer_evaluate(own.own, ids.data, offsets, documents, out->data(), &error);
        return cuda_status(code, error);
      },
      [=](Napi::Env env) -> Napi::Value { return to_typed_array(env, *out); });
}

// TS: cudaTrainerWeights(trainer): Promise<TrainerWeights[]>
Napi::Value CudaTrainerWeights(const Napi::CallbackInfo& info) {
  const auto held = handle_of<HeldCudaTrainer>(info[0], "cudaTrainerWeights");
  auto out = std::make_shared<std::vector<float>>();
  return alone(
      info, held,
      [=](HeldCudaTrainer& own) {
        out->resize(own.count);
        auto error = fresh_error();
        return cuda_status(own.library->trainer_weights(own.own, out->data(), &error), error);
      },
      [=](Napi::Env env) -> Napi::Value { return trainer_weights(env, held->parameters, out->data()); });
}

}  // namespace

REFINE_BIND(cuda_trainer) {
  exports.Set("cudaTrainerNew", Napi::Function::New(env, CudaTrainerNew));
  exports.Set("cudaTrainerStep", Napi::Function::New(env, CudaTrainerStep<false>));
  exports.Set("cudaTrainerGradient", Napi::Function::New(env, CudaTrainerStep<true>));
  exports.Set("cudaTrainerEvaluate", Napi::Function::New(env, CudaTrainerEvaluate));
  exports.Set("cudaTrainerWeights", Napi::Function::New(env, CudaTrainerWeights));
}
}  // namespace refine::node
