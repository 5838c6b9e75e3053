#include "bind.h"
#include "refine/outside_members.h"
#include "refine/record_picker.h"

namespace refine::node {
namespace {

std::vector<std::string> texts_of(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be an array of strings");
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> out;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value text = array[i];
    if (!text.IsString()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be an array of strings");
    out.push_back(text.As<Napi::String>().Utf8Value());
  }
  return out;
}

// TS: mergeToOneRun(paths: readonly string[], out: string, memoryBytes: number): Promise<{ records: number; bytes: number }>
Napi::Value MergeToOneRun(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  if (info.Length() != 3 || !info[0].IsArray() || !info[1].IsString() || !info[2].IsNumber() || !(info[2].As<Napi::Number>().DoubleValue() >= 0))
    throw Napi::TypeError::New(env, "mergeToOneRun(paths, out, memoryBytes)");
  auto paths = texts_of(info[0], "mergeToOneRun paths");
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

// TS: outsideMembers(shingles: readonly string[], firstRows: BigUint64Array, components: readonly string[], withShingles: boolean,
//                    out: string, memoryBytes: number): Promise<{ members: number }>   shingles: a path a run, '' where there is none
Napi::Value OutsideMembers(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  if (info.Length() != 6 || !info[3].IsBoolean() || !info[4].IsString() || !info[5].IsNumber() || !(info[5].As<Napi::Number>().DoubleValue() >= 0))
    throw Napi::TypeError::New(env, "outsideMembers(shingles, firstRows, components, withShingles, out, memoryBytes)");
  const auto shingles = texts_of(info[0], "outsideMembers shingles");
  const auto rows = typed_array<uint64_t>(info[1], "outsideMembers firstRows");
  if (rows.size != shingles.size()) throw Napi::RangeError::New(env, "outsideMembers: a first row a file");
  std::vector<OutsideFile> files;
  for (size_t i = 0; i < rows.size; ++i) {
    if (i > 0 && rows.data[i] <= rows.data[i - 1]) throw Napi::RangeError::New(env, "outsideMembers: first rows must ascend");
    files.push_back({rows.data[i], shingles[i]});
  }
  auto found = std::make_shared<MemberCounts>();
  auto work = [files = std::move(files), components = texts_of(info[2], "outsideMembers components"), with = info[3].As<Napi::Boolean>().Value(), out = info[4].As<Napi::String>().Utf8Value(),
               memory = size_t(info[5].As<Napi::Number>().DoubleValue()), found] { return outside_members(files, components, with, out, memory, found.get()); };
  auto* worker = new PromiseWorker(env, work, [found](Napi::Env e) {
    auto object = Napi::Object::New(e);
    object.Set("members", double(found->members));
    return object;
  });
  return worker->queue();
}

}  // namespace

REFINE_BIND(index_files) { 
  exports.Set("mergeToOneRun", Napi::Function::New(env, MergeToOneRun));
  exports.Set("outsideMembers", Napi::Function::New(env, OutsideMembers));
}

}  // namespace refine::node
