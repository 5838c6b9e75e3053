#include "bind.h"
#include "refine/record_picker.h"

namespace refine::node {
namespace {

// TS: mergeToOneRun(paths: readonly string[], out: string, memoryBytes: number): Promise<{ records: number; bytes: number }>
Napi::Value MergeToOneRun(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  if (info.Length() != 3 || !info[0].IsArray() || !info[1].IsString() || !info[2].IsNumber() || !(info[2].As<Napi::Number>().DoubleValue() >= 0))
    throw Napi::TypeError::New(env, "mergeToOneRun(paths, out, memoryBytes)");
  const auto list = info[0].As<Napi::Array>();
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value path = list[i];
    if (!path.IsString()) throw Napi::TypeError::New(env, "mergeToOneRun: paths must be strings");
    paths.push_back(path.As<Napi::String>().Utf8Value());
  }
  auto found = std::make_shared<RecordFileInfo>();
  auto work = [paths = std::move(paths), out = info[1].As<Napi::String>().Utf8Value(), memory = size_t(info[2].As<Napi::Number>().DoubleValue()), found] {
    return merge_to_one_run(paths, out, memory, found.get());
  };
  auto* worker = new PromiseWorker(env, work, [found](Napi::Env e) {
    auto object = Napi::Object::New(e);
    object.Set("records", double(found->records));
    object.Set("bytes", double(found->bytes));
    return object;
  });
  return worker->queue();
}

}  // namespace

REFINE_BIND(index_files) { exports.Set("mergeToOneRun", Napi::Function::New(env, MergeToOneRun)); }

}  // namespace refine::node
