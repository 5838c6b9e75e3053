// Weights by role for tests, exports and checks: an opaque handle over mapped files.
#include "handle.h"
#include "model_args.h"

namespace refine::node {
template <>
struct Handle<ModelWeights> {
  static constexpr napi_type_tag tag = {0x7265'6669'6e65'0061, 0x6d6f'6465'6c77'7473};
  static constexpr const char* from = "weightsOpen";
};
namespace {

// TS: weightsOpen(plan: WeightsPlan): ModelWeightsHandle     throws ERR_REFINE_WEIGHTS
Napi::Value WeightsOpen(const Napi::CallbackInfo& info) {
  const auto plan = weights_plan_of(info[0], "weightsOpen plan");
  std::shared_ptr<ModelWeights> weights;
  throw_status(info.Env(), ModelWeights::load(plan, &weights));
  return to_handle(info.Env(), std::move(weights));
}

// TS: weightsRead(weights, role: string): {rows, columns, values: Float32Array} | null
Napi::Value WeightsRead(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto weights = handle_of<ModelWeights>(info[0], "weightsRead weights");
  const std::string role = info[1].ToString().Utf8Value();
  if (!weights->has(role)) return env.Null();
  const auto shape = weights->shape(role);
  auto buffer = Napi::ArrayBuffer::New(env, size_t(shape.size()) * sizeof(float));
  if (shape.size()) weights->read(role, static_cast<float*>(buffer.Data()));
  auto result = Napi::Object::New(env);
  result.Set("rows", Napi::Number::New(env, double(shape.rows)));
  result.Set("columns", Napi::Number::New(env, double(shape.columns)));
  result.Set("values", Napi::Float32Array::New(env, size_t(shape.size()), buffer, 0));
  return result;
}

// TS: weightsNonFinite(weights): Promise<{role, count, first}[]>
Napi::Value WeightsNonFinite(const Napi::CallbackInfo& info) {
  const auto weights = handle_of<ModelWeights>(info[0], "weightsNonFinite weights");
  auto found = std::make_shared<std::vector<NonFinite>>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        *found = weights->non_finite();
        return Status{};
      },
      [=](Napi::Env env) -> Napi::Value {
        auto list = Napi::Array::New(env, found->size());
        for (size_t i = 0; i < found->size(); ++i) {
          auto one = Napi::Object::New(env);
          one.Set("role", (*found)[i].role);
          one.Set("count", Napi::Number::New(env, double((*found)[i].count)));
          one.Set("first", Napi::Number::New(env, double((*found)[i].first)));
          list[uint32_t(i)] = one;
        }
        return list;
      });
  return worker->queue();
}

}  // namespace

REFINE_BIND(model_weights) {
  exports.Set("weightsOpen", Napi::Function::New(env, WeightsOpen));
  exports.Set("weightsRead", Napi::Function::New(env, WeightsRead));
  exports.Set("weightsNonFinite", Napi::Function::New(env, WeightsNonFinite));
}

}  // namespace refine::node
