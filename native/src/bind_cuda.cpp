// What JavaScript asks of the CUDA library itself; models on the device go through bind_model_run.cpp and bind_model_encode.cpp.
#include "bind.h"
#include "cuda_library.h"
#include "model_handle.h"
#include "phase_args.h"
#include "refine/minhash.h"

namespace refine::node {
namespace {

std::string path_of(const Napi::Value& value, const char* what) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(what) + ": the library's path must be a string");
  return value.As<Napi::String>().Utf8Value();
}

// TS: cudaProbe(library: string): CudaProbe      throws ERR_REFINE_DEVICE where the file is no library of this checkout
Napi::Value CudaProbe(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  std::shared_ptr<const CudaLibrary> library;
  throw_status(env, CudaLibrary::open(path_of(info[0], "cudaProbe"), &library));
  refine_cuda_device device{};
  device.size = sizeof device;
  static const char* const reasons[] = {"ok", "no-driver", "no-device", "too-old"};
  const int reason = library->probe(&device);
  auto object = Napi::Object::New(env);
  object.Set("reason", reasons[reason >= 0 && reason < 4 ? reason : 2]);
  object.Set("error", device.error);
  object.Set("detail", device.detail);
  object.Set("name", device.name);
  object.Set("memory", double(device.memory));
  object.Set("multiprocessors", device.multiprocessors);
  object.Set("capability", std::to_string(device.major) + "." + std::to_string(device.minor));
  object.Set("driver", device.driver);
  object.Set("runtime", device.runtime);
  object.Set("path", device.hopper != 0 ? "hopper" : "ampere");
  return object;
}

// TS: cudaMinhash(library: string, shingles: ListColumn, hashes: number): Promise<BigUint64Array>      (rows, hashes), all 64 bits
Napi::Value CudaMinhash(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  std::shared_ptr<const CudaLibrary> library;
  throw_status(env, CudaLibrary::open(path_of(info[0], "cudaMinhash"), &library));
  const auto shingles = list_view<uint64_t>(info[1], "cudaMinhash shingles");
  const double asked = info[2].IsNumber() ? info[2].As<Napi::Number>().DoubleValue() : 0;
  if (!(asked >= 1 && asked <= kMaxHashes) || asked != double(uint32_t(asked))) throw Napi::RangeError::New(env, "cudaMinhash: hashes must be a whole number in 1.." + std::to_string(kMaxHashes));
  const auto hashes = uint32_t(asked);
  auto out = std::make_shared<std::vector<uint64_t>>(shingles.rows * hashes);
  auto* worker = new PromiseWorker(
      env,
      [=] {
        std::vector<uint64_t> a(hashes), b(hashes);
        for (uint32_t k = 0; k < hashes; ++k) a[k] = affine_multiplier(k), b[k] = affine_summand(k);
        const std::vector<int64_t> offsets(shingles.offsets, shingles.offsets + shingles.rows + 1);
        refine_cuda_error error{};
        error.size = sizeof error;
        const int code = library->minhash(shingles.values, offsets.data(), shingles.rows, a.data(), b.data(), hashes, out->data(), &error);
        return cuda_status(code, error);
      },
      [=](Napi::Env resolved) { return to_typed_array(resolved, *out); });
  auto column = info[1].As<Napi::Object>();
  worker->lend({column.Get("values"), column.Get("offsets")});
  return worker->queue();
}

// TS: cudaBandKeys(library: string, shingles: ListColumn, sketch: {bands, rows}, from: number, to: number): Promise<BigUint64Array>
// The affine family's keys of bands from .. to - 1: (rows, to - from, 2), high then low half.
Napi::Value CudaBandKeys(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const char* const what = "cudaBandKeys";
  std::shared_ptr<const CudaLibrary> library;
  throw_status(env, CudaLibrary::open(path_of(info[0], what), &library));
  const auto shingles = list_view<uint64_t>(info[1], "cudaBandKeys shingles");
  const auto sketch = object_of(info[2], "cudaBandKeys sketch");
  const auto all = uint32_t(number_at(sketch, "bands", 1, kMaxHashes, what)), hashes = uint32_t(number_at(sketch, "rows", 1, kMaxHashes, what));
  const auto whole = [&](const Napi::Value& value, uint32_t least, const char* name) {
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
    if (!(number >= least && number <= all) || number != double(uint32_t(number)))
      throw Napi::RangeError::New(env, std::string("cudaBandKeys ") + name + " must be a whole number in " + std::to_string(least) + ".." + std::to_string(all));
    return uint32_t(number);
  };
  if (uint64_t(all) * hashes > kMaxHashes) throw Napi::RangeError::New(env, "cudaBandKeys: bands x rows exceeds " + std::to_string(kMaxHashes));
  const uint32_t from = whole(info[3], 0, "from"), to = whole(info[4], from, "to");
  auto out = std::make_shared<std::vector<uint64_t>>(shingles.rows * (to - from) * 2);
  auto* worker = new PromiseWorker(
      env,
      [=] {
        std::vector<uint64_t> a, b;
        for (uint32_t k = from * hashes; k < to * hashes; ++k) a.push_back(affine_multiplier(k)), b.push_back(affine_summand(k));
        const std::vector<int64_t> offsets(shingles.offsets, shingles.offsets + shingles.rows + 1);
        refine_cuda_error error{};
        error.size = sizeof error;
        const int code = library->band_keys(shingles.values, offsets.data(), shingles.rows, a.data(), b.data(), to - from, hashes, from, out->data(), &error);
        return cuda_status(code, error);
      },
      [=](Napi::Env resolved) { return to_typed_array(resolved, *out); });
  auto column = info[1].As<Napi::Object>();
  worker->lend({column.Get("values"), column.Get("offsets")});
  return worker->queue();
}

// TS: modelFacts(model): CudaFacts | null      null: the model runs on the CPU
Napi::Value ModelFacts(const Napi::CallbackInfo& info) {
  const auto model = handle_of<const Model>(info[0], "modelFacts model");
  if (!model->cuda) return info.Env().Null();
  const auto facts = model->cuda->facts();
  auto object = Napi::Object::New(info.Env());
  object.Set("halvings", facts.halvings);
  object.Set("batchTokens", double(facts.batch_tokens));
  object.Set("weightBytes", double(facts.weight_bytes));
  object.Set("arenaBytes", double(facts.arena_bytes));
  object.Set("heldBytes", double(model->cuda->held()));
  object.Set("batches", double(facts.batches));
  object.Set("tokens", double(facts.tokens));
  object.Set("gpuSeconds", facts.gpu_seconds);
  object.Set("graphs", facts.graphs);
  object.Set("replays", double(facts.replays));
  object.Set("launches", double(facts.launches));
  return object;
}

}  // namespace

REFINE_BIND(cuda) {
  exports.Set("cudaProbe", Napi::Function::New(env, CudaProbe));
  exports.Set("cudaMinhash", Napi::Function::New(env, CudaMinhash));
  exports.Set("cudaBandKeys", Napi::Function::New(env, CudaBandKeys));
  exports.Set("modelFacts", Napi::Function::New(env, ModelFacts));
}

}  // namespace refine::node
