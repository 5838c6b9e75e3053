// Names of instruction sets, which tests and benches ask for.
#pragma once
#include <napi.h>

#include <string>

#include "refine/minhash.h"

namespace refine::node {

inline constexpr const char* kIsaNames[] = {"scalar", "avx2", "avx512", "neon"};

// The best one where nothing is asked.
inline Isa read_isa(const Napi::Value& value, const char* what) {
  if (value.IsUndefined()) return best_isa();
  const auto name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  for (int i = 0; i < 4; ++i)
    if (name == kIsaNames[i] && has_isa(Isa(i))) return Isa(i);
  throw Napi::RangeError::New(value.Env(), std::string(what) + ": this machine has no instruction set '" + name + "'");
}

}  // namespace refine::node
