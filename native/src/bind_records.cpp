// Record files: writers, merges, star edges and components as handles and promises. Twin signatures stand in native/records.ts.
// A handle works for one call at a time: a second one while the first runs is refused.
#include <atomic>

#include "handle.h"
#include "phase_args.h"
#include "refine/components.h"
#include "refine/records.h"

namespace refine::node {
namespace {

template <class T>
struct Busy {
  T value;
  RecordShape shape;
  std::atomic<bool> busy{false};
};
using WriterHandle = Busy<RecordWriter>;
using MergeHandle = Busy<RecordMerge>;

}  // namespace

template <> struct Handle<WriterHandle> { static constexpr napi_type_tag tag = {0x7265666e72656373ull, 0x7772697430303031ull}; static constexpr const char* from = "recordWriterOpen"; };
template <> struct Handle<MergeHandle> { static constexpr napi_type_tag tag = {0x7265666e72656373ull, 0x6d65726730303031ull}; static constexpr const char* from = "recordMergeOpen"; };

namespace {

RecordShape shape_of(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), std::string(what) + ": shape must be {keyWords, valueBytes, tail}");
  const auto object = value.As<Napi::Object>();
  const RecordShape shape{object.Get("keyWords").ToNumber().Uint32Value(), object.Get("valueBytes").ToNumber().Uint32Value(), object.Get("tail").ToBoolean().Value()};
  if (!shape.valid()) throw Napi::RangeError::New(value.Env(), std::string(what) + ": keyWords lie in 1..4, valueBytes in 0..64");
  return shape;
}

Napi::Object to_object(Napi::Env env, const RecordShape& shape) {
  auto object = Napi::Object::New(env);
  object.Set("keyWords", shape.key_words);
  object.Set("valueBytes", shape.value_bytes);
  object.Set("tail", Napi::Boolean::New(env, shape.tail));
  return object;
}

Napi::Object to_object(Napi::Env env, const RecordFileInfo& info) {
  auto object = Napi::Object::New(env);
  object.Set("shape", to_object(env, info.shape));
  object.Set("records", double(info.records));
  object.Set("bytes", double(info.bytes));
  object.Set("runs", double(info.runs));
  return object;
}

std::string path_of(const Napi::Value& value, const char* what) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

uint64_t word_of(const Napi::Value& value, const char* what) {
  bool lossless = false;
  const uint64_t word = value.IsBigInt() ? value.As<Napi::BigInt>().Uint64Value(&lossless) : 0;
  if (!lossless) throw Napi::RangeError::New(value.Env(), std::string(what) + " must be a bigint in 0..2^64-1");
  return word;
}

size_t memory_of(const Napi::Value& value, const char* what) {
  const double bytes = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(bytes >= 0 && bytes <= 1e15)) throw Napi::RangeError::New(value.Env(), std::string(what) + ": memoryBytes must be a number of bytes");
  return size_t(bytes);
}

template <class T>
void take(const std::shared_ptr<T>& handle, Napi::Env env, const char* what) {
  if (handle->busy.exchange(true)) {
    auto error = Napi::Error::New(env, std::string(what) + ": the handle still works for an earlier call; await that first");
    error.Set("code", "ERR_REFINE_INTERNAL");
    throw error;
  }
}

// Runs `work` on the pool and frees the handle for the next call.
template <class T>
PromiseWorker* worker_for(const std::shared_ptr<T>& handle, Napi::Env env, std::function<Status()> work, PromiseWorker::Resolve resolve) {
  return new PromiseWorker(
      env,
      [handle, work = std::move(work)] {
        struct Free {
          T& handle;
          ~Free() { handle.busy = false; }
        } free{*handle};
        return work();
      },
      std::move(resolve));
}

// TS: recordWriterOpen(path: string, shape: RecordShape, memoryBytes: number, distinct: boolean): RecordWriterHandle
Napi::Value RecordWriterOpen(const Napi::CallbackInfo& info) {
  auto handle = std::make_shared<WriterHandle>();
  handle->shape = shape_of(info[1], "recordWriterOpen");
  throw_status(info.Env(), handle->value.open(path_of(info[0], "recordWriterOpen path"), handle->shape, memory_of(info[2], "recordWriterOpen"), info[3].ToBoolean().Value()));
  return to_handle(info.Env(), std::move(handle));
}

// TS: recordWriterAdd(writer, keys: BigUint64Array, values: Uint8Array, tails: {bytes, offsets} | null): Promise<void> | undefined
// Undefined: done already, on this thread; it had room without a spill.
Napi::Value RecordWriterAdd(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto handle = handle_of<WriterHandle>(info[0], "recordWriterAdd");
  const auto keys = typed_array<uint64_t>(info[1], "recordWriterAdd keys");
  const auto values = typed_array<uint8_t>(info[2], "recordWriterAdd values");
  const auto& shape = handle->shape;
  const size_t rows = keys.size / shape.key_words;
  if (rows * shape.key_words != keys.size) throw Napi::RangeError::New(env, "recordWriterAdd: keys needs " + std::to_string(shape.key_words) + " words a record, has " + std::to_string(keys.size));
  if (values.size != rows * shape.value_bytes)
    throw Napi::RangeError::New(env, "recordWriterAdd: values has " + std::to_string(values.size) + " bytes, needs " + std::to_string(rows) + " records x " + std::to_string(shape.value_bytes));
  const uint8_t* tails = nullptr;
  const int32_t* offsets = nullptr;
  Napi::Value tail_bytes, tail_offsets;
  if (shape.tail) {
    if (!info[3].IsObject()) throw Napi::TypeError::New(env, "recordWriterAdd: the shape has a tail: tails must be {bytes, offsets}");
    tail_bytes = info[3].As<Napi::Object>().Get("bytes");
    tail_offsets = info[3].As<Napi::Object>().Get("offsets");
    const auto bytes = typed_array<uint8_t>(tail_bytes, "recordWriterAdd tails.bytes");
    size_t tail_rows = 0;
    offsets = checked_offsets(tail_offsets, bytes.size, &tail_rows, "recordWriterAdd tails");
    if (tail_rows != rows) throw Napi::RangeError::New(env, "recordWriterAdd: tails has " + std::to_string(tail_rows) + " rows, keys " + std::to_string(rows));
    tails = bytes.data;
  }
  take(handle, env, "recordWriterAdd");
  const size_t tail_size = offsets ? size_t(offsets[rows]) : 0;
  constexpr size_t kAtOnce = size_t(256) << 10;  // bytes copied on the JavaScript thread: some 50 microseconds
  if (rows * shape.fixed_bytes() + tail_size <= kAtOnce && handle->value.fits(rows, tail_size)) {
    const auto status = handle->value.add_many(rows, keys.data, values.data, tails, offsets);
    handle->busy = false;
    throw_status(env, status);
    return env.Undefined();
  }
  auto* worker = worker_for(handle, env, [=] { return handle->value.add_many(rows, keys.data, values.data, tails, offsets); }, nullptr);
  worker->lend({info[1], info[2]});
  if (shape.tail) worker->lend({tail_bytes, tail_offsets});
  return worker->queue();
}

// TS: recordWriterFinish(writer): Promise<RecordFileInfo>
Napi::Value RecordWriterFinish(const Napi::CallbackInfo& info) {
  const auto handle = handle_of<WriterHandle>(info[0], "recordWriterFinish");
  take(handle, info.Env(), "recordWriterFinish");
  auto facts = std::make_shared<RecordFileInfo>();
  return worker_for(handle, info.Env(), [=] { return handle->value.finish(facts.get()); }, [=](Napi::Env env) { return to_object(env, *facts); })->queue();
}

// TS: recordWriterAbort(writer): Promise<void>
Napi::Value RecordWriterAbort(const Napi::CallbackInfo& info) {
  const auto handle = handle_of<WriterHandle>(info[0], "recordWriterAbort");
  take(handle, info.Env(), "recordWriterAbort");
  return worker_for(handle, info.Env(), [=]() -> Status { return handle->value.abort(), Status{}; }, nullptr)->queue();
}

// TS: recordMergeOpen(paths: string[], first: bigint, last: bigint, memoryBytes: number, scratch: string, distinct: boolean): Promise<{merge: RecordMergeHandle; shape: RecordShape; expected: number} | null>   null: no files
Napi::Value RecordMergeOpen(const Napi::CallbackInfo& info) {
  const auto paths = paths_of(info[0], "recordMergeOpen paths");
  const RecordRange range{word_of(info[1], "recordMergeOpen first"), word_of(info[2], "recordMergeOpen last")};
  const auto memory = memory_of(info[3], "recordMergeOpen");
  const auto scratch = path_of(info[4], "recordMergeOpen scratch");
  const bool distinct = info[5].ToBoolean().Value();
  auto handle = std::make_shared<MergeHandle>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        if (paths.empty()) return {};
        RecordFileInfo facts;
        if (auto status = record_file_info(paths[0], &facts); !status.ok()) return status;
        handle->shape = facts.shape;
        return handle->value.open(paths, facts.shape, range, memory, scratch, distinct);
      },
      [=, none = paths.empty()](Napi::Env env) -> Napi::Value {
        if (none) return env.Null();
        auto result = Napi::Object::New(env);
        result.Set("merge", to_handle(env, handle));
        result.Set("shape", to_object(env, handle->shape));
        result.Set("expected", double(handle->value.expected()));
        return result;
      });
  return worker->queue();
}

// TS: recordMergeNext(merge, maxRows: number, maxBytes: number): Promise<RecordBatch | null>   null: the end
Napi::Value RecordMergeNext(const Napi::CallbackInfo& info) {
  const auto handle = handle_of<MergeHandle>(info[0], "recordMergeNext");
  const size_t rows = info[1].ToNumber().Uint32Value(), bytes = info[2].ToNumber().Uint32Value();
  take(handle, info.Env(), "recordMergeNext");
  auto batch = std::make_shared<RecordBatch>();
  return worker_for(
             handle, info.Env(), [=] { return handle->value.next_batch(*batch, rows, bytes); },
             [=, tail = handle->shape.tail](Napi::Env env) -> Napi::Value {
               if (batch->rows == 0) return env.Null();
               auto result = Napi::Object::New(env);
               result.Set("rows", double(batch->rows));
               result.Set("keys", to_typed_array(env, batch->keys));
               result.Set("values", to_typed_array(env, batch->values));
               if (tail) {
                 auto tails = Napi::Object::New(env);
                 tails.Set("bytes", to_typed_array(env, batch->tails));
                 tails.Set("offsets", to_typed_array(env, batch->tail_offsets));
                 result.Set("tails", tails);
               }
               return result;
             })
      ->queue();
}

// TS: recordMergeClose(merge): Promise<void>   removes its scratch files now, not when it is collected
Napi::Value RecordMergeClose(const Napi::CallbackInfo& info) {
  const auto handle = handle_of<MergeHandle>(info[0], "recordMergeClose");
  take(handle, info.Env(), "recordMergeClose");
  return worker_for(handle, info.Env(), [=]() -> Status { return handle->value.close(), Status{}; }, nullptr)->queue();
}

// TS: recordStarEdges(files: string[], first: bigint, last: bigint, dropped: {number, path}[], outside: string[], out: string, memoryBytes: number): Promise<StarCounts>
Napi::Value RecordStarEdges(const Napi::CallbackInfo& info) {
  const auto files = paths_of(info[0], "recordStarEdges files");
  const RecordRange range{word_of(info[1], "recordStarEdges first"), word_of(info[2], "recordStarEdges last")};
  const auto dropped = dropped_of(info[3], "recordStarEdges");
  const auto outside = paths_of(info[4], "recordStarEdges outside");
  const auto out = path_of(info[5], "recordStarEdges out");
  const auto memory = memory_of(info[6], "recordStarEdges");
  auto counts = std::make_shared<StarCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return star_edges(files, range, dropped, outside, out, memory, counts.get()); },
      [=](Napi::Env env) {
        auto result = Napi::Object::New(env);
        result.Set("entries", double(counts->entries));
        result.Set("groups", double(counts->groups));
        result.Set("edges", double(counts->edges));
        result.Set("largestGroup", double(counts->largest_group));
        return result;
      });
  return worker->queue();
}

// TS: recordComponents(edgeFiles: string[], out: string, folder: string, memoryBytes: number): Promise<ComponentCounts>
Napi::Value RecordComponents(const Napi::CallbackInfo& info) {
  const auto files = paths_of(info[0], "recordComponents edgeFiles");
  const auto out = path_of(info[1], "recordComponents out"), folder = path_of(info[2], "recordComponents folder");
  const auto memory = memory_of(info[3], "recordComponents");
  auto counts = std::make_shared<ComponentCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return components(files, out, folder, memory, counts.get()); },
      [=](Napi::Env env) {
        auto result = Napi::Object::New(env);
        result.Set("rows", double(counts->rows));
        result.Set("components", double(counts->components));
        result.Set("edges", double(counts->edges));
        result.Set("sent", double(counts->sent));
        result.Set("buckets", double(counts->buckets));
        result.Set("spilled", double(counts->spilled));
        return result;
      });
  return worker->queue();
}

// TS: recordFileInfo(path: string, verify: boolean): Promise<RecordFileInfo>
Napi::Value FileInfo(const Napi::CallbackInfo& info) {
  const auto path = path_of(info[0], "recordFileInfo path");
  const bool verify = info[1].ToBoolean().Value();
  auto facts = std::make_shared<RecordFileInfo>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return verify ? verify_record_file(path, facts.get()) : record_file_info(path, facts.get()); }, [=](Napi::Env env) { return to_object(env, *facts); });
  return worker->queue();
}

}  // namespace

REFINE_BIND(records) {
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)> functions[] = {
      {"recordWriterOpen", RecordWriterOpen}, {"recordWriterAdd", RecordWriterAdd}, {"recordWriterFinish", RecordWriterFinish}, {"recordWriterAbort", RecordWriterAbort}, {"recordMergeOpen", RecordMergeOpen},
      {"recordMergeNext", RecordMergeNext},   {"recordMergeClose", RecordMergeClose}, {"recordStarEdges", RecordStarEdges},     {"recordComponents", RecordComponents},   {"recordFileInfo", FileInfo}};
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function));
}
}  // namespace refine::node
