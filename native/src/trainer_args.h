// What the bindings of both trainers take, do and give alike.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "model_args.h"
#include "refine/model_train.h"

namespace refine::node {

inline TrainOptions trainer_options_of(const Napi::Value& value, const char* what) {
  const auto object = object_of(value, what);
  const auto real = [&](const char* key, double least, double most) { return float(number_at(object, key, least, most, what)); };
  static const char* const goals[] = {"next-token", "classify"};
  TrainOptions options;
  options.goal = TrainGoal(choice_at(object, "goal", goals, what));
  options.labels = int32_t(number_at(object, "labels", 0, 10000, what));
  options.linear_bias = flag_at(object, "linearBias", what);
  options.tied_head = flag_at(object, "tiedHead", what);
  options.rate = real("rate", 0, 1000);
  options.final_share = real("finalShare", 0, 1);
  options.warmup = int64_t(number_at(object, "warmup", 0, 1e12, what));
  options.total = int64_t(number_at(object, "total", 0, 1e12, what));
  options.decay = real("decay", 0, 1000);
  const auto betas = floats_at(object, "betas", what);
  if (betas.size() != 2) throw Napi::RangeError::New(object.Env(), std::string(what) + " betas must be two numbers");
  options.beta1 = betas[0];
  options.beta2 = betas[1];
  options.epsilon = real("epsilon", 0, 1);
  options.clip = real("clip", 0, 1e30);
  options.slices = int32_t(number_at(object, "slices", 1, 4096, what));
  options.threads = int32_t(number_at(object, "threads", 1, 256, what));
  options.seed = uint64_t(number_at(object, "seed", 0, 9007199254740991.0, what));
  return options;
}

// Runs `work(*held)` on the pool while no other call holds the trainer; the call's arguments live as long.
template <class Held>
Napi::Value alone(const Napi::CallbackInfo& info, const std::shared_ptr<Held>& held, std::type_identity_t<std::function<Status(Held&)>> work, PromiseWorker::Resolve resolve) {
  auto* worker = new PromiseWorker(
      info.Env(),
      [held, work = std::move(work)] {
        std::unique_lock lock(held->busy, std::try_to_lock);
        if (!lock.owns_lock()) return Status::error("ERR_REFINE_INTERNAL", "a trainer takes one call at a time");
        return work(*held);
      },
      std::move(resolve));
  for (size_t i = 1; i < info.Length(); ++i) worker->lend({info[i]});
  return worker->queue();
}

// TrainerStep of native/trainer.ts, from either trainer's.
template <class Step>
Napi::Object step_object(Napi::Env env, const Step& step) {
  auto object = Napi::Object::New(env);
  object.Set("loss", Napi::Number::New(env, step.loss));
  object.Set("gradNorm", Napi::Number::New(env, step.gradient));
  object.Set("targets", Napi::Number::New(env, double(step.targets)));
  object.Set("rate", Napi::Number::New(env, double(step.rate)));
  object.Set("updated", Napi::Boolean::New(env, step.updated != 0));
  return object;
}

// TrainerWeights[] of native/trainer.ts; `weights`: flat as `parameters` say.
inline Napi::Array trainer_weights(Napi::Env env, const std::vector<TrainParameter>& parameters, const float* weights) {
  auto list = Napi::Array::New(env, parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto& p = parameters[i];
    auto shape = Napi::Array::New(env);
    uint32_t dims = 0;
    if (p.matrix) shape[dims++] = Napi::Number::New(env, p.rows);
    shape[dims] = Napi::Number::New(env, p.columns);
    auto one = Napi::Object::New(env);
    one.Set("role", p.role);
    one.Set("shape", shape);
    one.Set("values", to_typed_array(env, weights + p.offset, size_t(p.rows) * size_t(p.columns)));
    list[uint32_t(i)] = one;
  }
  return list;
}

}  // namespace refine::node
