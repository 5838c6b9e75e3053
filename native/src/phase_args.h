// What the bindings of phase kernels take from JavaScript: files, a range, dropped rows, where to write; each throws a TypeError or
// RangeError that names `what`. A file's path, a number or a word of 64 bits is copied: nothing is lent.
#pragma once
#include "bind.h"
#include "refine/components.h"

namespace refine::node {

inline std::string text_at(const Napi::Object& object, const char* key, const char* what) {
  const auto value = object.Get(key);
  if (!value.IsString()) throw Napi::TypeError::New(object.Env(), std::string(what) + " " + key + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

inline double number_at(const Napi::Object& object, const char* key, double least, double most, const char* what) {
  const auto value = object.Get(key);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : least - 1;
  if (!(number >= least && number <= most)) throw Napi::RangeError::New(object.Env(), std::string(what) + " " + key + " is out of range");
  return number;
}

inline uint64_t word_at(const Napi::Object& object, const char* key, const char* what) {
  const auto value = object.Get(key);
  bool lossless = false;
  const uint64_t word = value.IsBigInt() ? value.As<Napi::BigInt>().Uint64Value(&lossless) : 0;
  if (!lossless) throw Napi::RangeError::New(object.Env(), std::string(what) + " " + key + " must be a bigint of 64 bits");
  return word;
}

// `what` names the argument in this one and in dropped_of.
inline std::vector<std::string> paths_of(const Napi::Value& value, const std::string& what) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), what + " must be an array of paths");
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> out;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value path = array.Get(i);
    if (!path.IsString()) throw Napi::TypeError::New(value.Env(), what + " must be an array of paths");
    out.push_back(path.As<Napi::String>().Utf8Value());
  }
  return out;
}

inline std::vector<std::string> paths_at(const Napi::Object& object, const char* key, const char* what) { return paths_of(object.Get(key), std::string(what) + " " + key); }

inline Napi::Object object_of(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be an object");
  return value.As<Napi::Object>();
}

inline DroppedFiles dropped_of(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), std::string(what) + " dropped must be an array");
  const auto array = value.As<Napi::Array>();
  DroppedFiles dropped;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto file = object_of(array.Get(i), what);
    dropped.emplace_back(uint32_t(number_at(file, "number", 0, UINT32_MAX, what)), text_at(file, "path", what));
  }
  return dropped;
}

struct PhaseArgs {
  std::vector<std::string> files;
  RecordRange range;
  DroppedFiles dropped;
  std::string out, scratch;
  size_t memory_bytes = 0;
};

inline PhaseArgs task_of(const Napi::Object& given, const char* what) {
  PhaseArgs task;
  task.files = paths_at(given, "files", what);
  task.range = {word_at(given, "first", what), word_at(given, "last", what)};
  task.dropped = dropped_of(given.Get("dropped"), what);
  task.out = text_at(given, "out", what);
  task.scratch = text_at(given, "scratch", what);
  task.memory_bytes = size_t(number_at(given, "memoryBytes", 0, 1e15, what));
  return task;
}

inline Napi::Object numbers(Napi::Env env, std::initializer_list<std::pair<const char*, uint64_t>> fields) {
  auto object = Napi::Object::New(env);
  for (const auto& [name, value] : fields) object.Set(name, Napi::Number::New(env, double(value)));
  return object;
}

}  // namespace refine::node
