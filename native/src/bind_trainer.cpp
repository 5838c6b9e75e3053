// Training: a handle that owns weights and moments, and steps on the pool. One call at a time on a handle.
#include <mutex>

#include "handle.h"
#include "model_args.h"
#include "refine/model_train.h"
#include "trainer_args.h"

namespace refine::node {
namespace {
struct HeldTrainer {
  std::unique_ptr<Trainer> trainer;
  std::mutex busy;
};
}  // namespace
template <>
struct Handle<HeldTrainer> {
  static constexpr napi_type_tag tag = {0x7265'6669'6e65'0071, 0x7472'6169'6e65'7200};
  static constexpr const char* from = "trainerNew";
};
namespace {

struct Lent {
  TrainBatch batch;
  Lent(const Napi::CallbackInfo& info, size_t at, bool labelled, const char* what) {
    const auto ids = typed_array<uint32_t>(info[at], what);
    const auto* offsets = checked_offsets(info[at + 1], ids.size, &batch.documents, what);
    batch.ids = ids.data;
    batch.offsets = offsets;
    if (!labelled || info[at + 2].IsNull() || info[at + 2].IsUndefined()) return;
    const auto labels = typed_array<int32_t>(info[at + 2], what);
    if (labels.size != batch.documents) throw Napi::RangeError::New(info.Env(), std::string(what) + ": " + std::to_string(labels.size) + " labels for " + std::to_string(batch.documents) + " documents");
    batch.labels = labels.data;
  }
};

// Throws where a call is still running: what reads the trainer at once must not race with it.
std::shared_ptr<HeldTrainer> idle(const Napi::CallbackInfo& info, std::unique_lock<std::mutex>& lock, const char* what) {
  auto held = handle_of<HeldTrainer>(info[0], what);
  lock = std::unique_lock(held->busy, std::try_to_lock);
  if (!lock.owns_lock()) throw Napi::Error::New(info.Env(), std::string(what) + ": a trainer takes one call at a time");
  return held;
}

// TS: trainerNew(config: ModelConfig, options: TrainerOptions): TrainerHandle
Napi::Value TrainerNew(const Napi::CallbackInfo& info) {
  auto held = std::make_shared<HeldTrainer>();
  throw_status(info.Env(), Trainer::create(model_config_of(info[0], "trainerNew config"), trainer_options_of(info[1], "trainerNew options"), &held->trainer));
  return to_handle(info.Env(), std::move(held));
}

// TS: trainerPut(trainer: TrainerHandle, role: string, values: Float32Array): void
Napi::Value TrainerPut(const Napi::CallbackInfo& info) {
  std::unique_lock<std::mutex> lock;
  const auto held = idle(info, lock, "trainerPut");
  const auto values = typed_array<float>(info[2], "trainerPut values");
  throw_status(info.Env(), held->trainer->put(info[1].ToString().Utf8Value(), values.data, values.size));
  return info.Env().Undefined();
}

// TS: trainerStep(trainer, ids: Uint32Array, offsets: Int32Array, labels: Int32Array | null): Promise<TrainerStep>
Napi::Value TrainerStep_(const Napi::CallbackInfo& info) {
  const auto held = handle_of<HeldTrainer>(info[0], "trainerStep");
  const Lent lent(info, 1, true, "trainerStep");
  auto step = std::make_shared<TrainStep>();
  return alone(
      info, held, [=](HeldTrainer& own) { return own.trainer->step(lent.batch, step.get()); }, [=](Napi::Env env) -> Napi::Value { return step_object(env, *step); });
}

// TS: trainerGradient(trainer, ids, offsets, labels): Promise<TrainerStep & {gradient: Float32Array}>
Napi::Value TrainerGradient(const Napi::CallbackInfo& info) {
  const auto held = handle_of<HeldTrainer>(info[0], "trainerGradient");
  const Lent lent(info, 1, true, "trainerGradient");
  auto step = std::make_shared<TrainStep>();
  auto gradient = std::make_shared<std::vector<float>>();
  return alone(
      info, held, [=](HeldTrainer& own) { return own.trainer->gradient(lent.batch, step.get(), gradient.get()); },
      [=](Napi::Env env) -> Napi::Value {
        auto object = step_object(env, *step);
        object.Set("gradient", to_typed_array(env, *gradient));
        return object;
      });
}

// TS: trainerEvaluate(trainer, ids: Uint32Array, offsets: Int32Array): Promise<Float32Array>
Napi::Value TrainerEvaluate(const Napi::CallbackInfo& info) {
  const auto held = handle_of<HeldTrainer>(info[0], "trainerEvaluate");
  const Lent lent(info, 1, false, "trainerEvaluate");
  auto out = std::make_shared<std::vector<float>>();
  return alone(
      info, held, [=](HeldTrainer& own) { return own.trainer->evaluate(lent.batch, out.get()); }, [=](Napi::Env env) -> Napi::Value { return to_typed_array(env, *out); });
}

// TS: trainerWeights(trainer): TrainerWeights[]
Napi::Value TrainerWeights(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  std::unique_lock<std::mutex> lock;
  const auto held = idle(info, lock, "trainerWeights");
  return trainer_weights(env, held->trainer->parameters(), held->trainer->weights());
}

// TS: trainerState(trainer): Uint8Array
Napi::Value TrainerState(const Napi::CallbackInfo& info) {
  std::unique_lock<std::mutex> lock;
  const auto state = idle(info, lock, "trainerState")->trainer->state();
  return to_typed_array(info.Env(), reinterpret_cast<const uint8_t*>(state.data()), state.size());
}

// TS: trainerRestore(trainer, state: Uint8Array): void
Napi::Value TrainerRestore(const Napi::CallbackInfo& info) {
  std::unique_lock<std::mutex> lock;
  const auto held = idle(info, lock, "trainerRestore");
  throw_status(info.Env(), held->trainer->restore(bytes_of(info[1], "trainerRestore state")));
  return info.Env().Undefined();
}

// TS: trainerSteps(trainer): number
Napi::Value TrainerSteps(const Napi::CallbackInfo& info) {
  std::unique_lock<std::mutex> lock;
  return Napi::Number::New(info.Env(), double(idle(info, lock, "trainerSteps")->trainer->steps()));
}

// TS: trainerBytes(config, options, positions: number): number
Napi::Value TrainerBytes(const Napi::CallbackInfo& info) {
  const double positions = info[2].IsNumber() ? info[2].As<Napi::Number>().DoubleValue() : -1;
  if (!(positions >= 0 && positions <= 1e12)) throw Napi::RangeError::New(info.Env(), "trainerBytes positions must lie in 0..1e12");
  return Napi::Number::New(info.Env(), double(training_bytes(model_config_of(info[0], "trainerBytes config"), trainer_options_of(info[1], "trainerBytes options"), int64_t(positions))));
}

}  // namespace

REFINE_BIND(trainer) {
  exports.Set("trainerNew", Napi::Function::New(env, TrainerNew));
  exports.Set("trainerPut", Napi::Function::New(env, TrainerPut));
  exports.Set("trainerStep", Napi::Function::New(env, TrainerStep_));
  exports.Set("trainerGradient", Napi::Function::New(env, TrainerGradient));
  exports.Set("trainerEvaluate", Napi::Function::New(env, TrainerEvaluate));
  exports.Set("trainerWeights", Napi::Function::New(env, TrainerWeights));
  exports.Set("trainerState", Napi::Function::New(env, TrainerState));
  exports.Set("trainerRestore", Napi::Function::New(env, TrainerRestore));
  exports.Set("trainerSteps", Napi::Function::New(env, TrainerSteps));
  exports.Set("trainerBytes", Napi::Function::New(env, TrainerBytes));
}
}  // namespace refine::node
