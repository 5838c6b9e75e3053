// What the tests of the emulator share: device arrays, and errors by a part of their text.
#pragma once
#include <string>
#include <vector>

#include "../../testing/check.h"
#include "../ptx.h"
#include "../simt/emulator.h"

namespace refine::cuda::testing {

template <class T>
struct Array {
  T* data = nullptr;
  size_t size;
  explicit Array(size_t n) : size(n) { cudaMalloc(&data, n * sizeof(T)); }
  explicit Array(const std::vector<T>& from) : Array(from.size()) { cudaMemcpy(data, from.data(), size * sizeof(T), cudaMemcpyHostToDevice); }
  Array(const Array&) = delete;
  ~Array() { cudaFree(data); }
  std::vector<T> host() const {
    std::vector<T> to(size);
    cudaMemcpy(to.data(), data, size * sizeof(T), cudaMemcpyDeviceToHost);
    return to;
  }
};

// The emulator must find an error whose text has `part`.
inline void finds(const char* part, const std::function<void()>& body, int line) {
  const std::string error = simt::error_of(body);
  const bool found = error.find(part) != std::string::npos;
  if (!found) std::fprintf(stderr, "line %d: wanted \"%s\", got \"%s\"\n", line, part, error.c_str());
  ++(found ? refine::testing::passed : refine::testing::failed);
}
#define FINDS(part, ...) finds(part, [&] { __VA_ARGS__; }, __LINE__)

// A small generator: the tests need variety, not quality.
struct Draw {
  uint32_t state;
  uint32_t operator()() { return state = state * 1664525u + 1013904223u; }
  float real() { return float(int((*this)() >> 8) - (1 << 23)) / float(1 << 23); }
};

}  // namespace refine::cuda::testing
