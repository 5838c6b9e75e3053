// Band keys of a shingles file whose keys are made elsewhere: a pass as a handle, its documents and their keys batch by batch.
// Calls of one pass wait for each other, so the next batch may be read while the keys of the last are made.
#include <mutex>

#include "handle.h"
#include "phase_args.h"
#include "refine/band_keys.h"
#include "refine/minhash.h"

namespace refine::node {
namespace {

struct Pass {
  BandKeyPass own;
  std::mutex turn;
};

size_t count_of(const Napi::Value& value, double most, const char* what) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 1 && number <= most)) throw Napi::RangeError::New(value.Env(), std::string(what) + " is out of range");
  return size_t(number);
}

std::string string_of(const Napi::Value& value, const char* what) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

}  // namespace

template <> struct Handle<Pass> { static constexpr napi_type_tag tag = {0x7265666e62616e64ull, 0x7061737330303031ull}; static constexpr const char* from = "bandPassOpen"; };

namespace {

// TS: bandPassOpen(shinglesFile: string, dropped: {number, path}[], bands: number, out: string, memoryBytes: number): Promise<BandPassHandle>
Napi::Value BandPassOpen(const Napi::CallbackInfo& info) {
  const auto shingles = string_of(info[0], "bandPassOpen shinglesFile"), out = string_of(info[3], "bandPassOpen out");
  const auto dropped = dropped_of(info[1], "bandPassOpen");
  const auto bands = uint32_t(count_of(info[2], kMaxHashes, "bandPassOpen bands"));
  const size_t memory = count_of(info[4], 1e15, "bandPassOpen memoryBytes");
  auto pass = std::make_shared<Pass>();
  return (new PromiseWorker(info.Env(), [=] { return pass->own.open(shingles, dropped, bands, out, memory); }, [=](Napi::Env env) { return to_handle(env, pass); }))->queue();
}

// TS: bandPassNext(pass, shingles: number, documents: number): Promise<ListColumn>     no rows: the end
Napi::Value BandPassNext(const Napi::CallbackInfo& info) {
  const auto pass = handle_of<Pass>(info[0], "bandPassNext");
  const size_t shingles = count_of(info[1], double(1 << 30), "bandPassNext shingles"), documents = count_of(info[2], double(1 << 30), "bandPassNext documents");
  auto out = std::make_shared<ListColumn<uint64_t>>();
  return (new PromiseWorker(
              info.Env(),
              [=] {
                const std::lock_guard<std::mutex> guard(pass->turn);
                return pass->own.next(shingles, documents, out.get());
              },
              [=](Napi::Env env) -> Napi::Value { return to_column(env, *out); }))
      ->queue();
}

// TS: bandPassAdd(pass, keys: BigUint64Array): Promise<void>     (documents, bands, 2) of the oldest batch that is out
Napi::Value BandPassAdd(const Napi::CallbackInfo& info) {
  const auto pass = handle_of<Pass>(info[0], "bandPassAdd");
  if (!info[1].IsTypedArray() || info[1].As<Napi::TypedArray>().TypedArrayType() != napi_biguint64_array) throw Napi::TypeError::New(info.Env(), "bandPassAdd keys must be a BigUint64Array");
  const auto keys = info[1].As<Napi::BigUint64Array>();
  const auto* const words = keys.Data();
  const size_t count = keys.ElementLength();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        const std::lock_guard<std::mutex> guard(pass->turn);
        return pass->own.add(words, count);
      },
      nullptr);
  worker->lend({info[1]});
  return worker->queue();
}

// TS: bandPassFinish(pass): Promise<{documents, entries, bytes}>
Napi::Value BandPassFinish(const Napi::CallbackInfo& info) {
  const auto pass = handle_of<Pass>(info[0], "bandPassFinish");
  auto counts = std::make_shared<BandKeyCounts>();
  return (new PromiseWorker(
              info.Env(),
              [=] {
                const std::lock_guard<std::mutex> guard(pass->turn);
                return pass->own.finish(counts.get());
              },
              [=](Napi::Env env) -> Napi::Value {
                return numbers(env, {{"documents", counts->documents}, {"entries", counts->entries}, {"bytes", counts->bytes}});
              }))
      ->queue();
}

// TS: bandPassAbort(pass): Promise<void>
Napi::Value BandPassAbort(const Napi::CallbackInfo& info) {
  const auto pass = handle_of<Pass>(info[0], "bandPassAbort");
  return (new PromiseWorker(
              info.Env(),
              [=]() -> Status {
                const std::lock_guard<std::mutex> guard(pass->turn);
                pass->own.abort();
                return {};
              },
              nullptr))
      ->queue();
}

}  // namespace

REFINE_BIND(band_pass) {
  exports.Set("bandPassOpen", Napi::Function::New(env, BandPassOpen));
  exports.Set("bandPassNext", Napi::Function::New(env, BandPassNext));
  exports.Set("bandPassAdd", Napi::Function::New(env, BandPassAdd));
  exports.Set("bandPassFinish", Napi::Function::New(env, BandPassFinish));
  exports.Set("bandPassAbort", Napi::Function::New(env, BandPassAbort));
}
}  // namespace refine::node
