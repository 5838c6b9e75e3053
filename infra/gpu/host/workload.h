// What the timing programs share: workloads come as lines on standard input, `id kind name=value ...`, one after the other on one card;
// each is set up from fresh random inputs, timed by Suite::time and written as a JSON line under its id. A workload that fails (memory,
// shapes) is reported and the next one follows. Invariant: a time never decides the exit code; a failed launch does.
#pragma once
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "../../../kernels/cuda/tests/suite.h"

namespace refine::cuda::timings {

using testing::Buffer;
using testing::must;
using testing::Suite;

struct Line {
  std::string id, kind;
  std::map<std::string, int64_t> values;
  int64_t operator[](const std::string& name) const {
    const auto found = values.find(name);
    if (found == values.end()) throw testing::SuiteFailure("the workload gives no " + name);
    return found->second;
  }
  int64_t get(const std::string& name, int64_t otherwise) const { return values.count(name) ? values.at(name) : otherwise; }
};

using Handler = void (*)(Suite&, const Line&);

// `count` elements of T, random values of deviation `scale` (T float or bf16) or random bytes (anything else): 4 Mi of them are drawn,
// the rest are copies.
template <class T>
Buffer<T> filled(Suite& suite, int64_t count, float scale = 1.0f) {
  const size_t drawn = size_t(std::min<int64_t>(count, int64_t(1) << 22));
  Buffer<T> out(size_t(count), 0);
  {
    Buffer<T> base;
    if constexpr (std::is_same_v<T, float> || sizeof(T) == 2) {
      base = suite.upload_as<T>(suite.random.normal(drawn, scale));
    } else {
      base = suite.upload(suite.random.integers<T>(drawn, -127, 127));
    }
    for (size_t at = 0; at < size_t(count); at += drawn)
      must(cudaMemcpy(out.data() + at, base.data(), std::min(drawn, size_t(count) - at) * sizeof(T), cudaMemcpyDeviceToDevice), "cudaMemcpy on the device");
  }
  return out;
}

// How many sets of `bytes` each a loop rotates through, so that nothing it reads is left in the cache: about a gigabyte (`rotate` MiB).
inline int sets_of(const Line& line, double bytes) {
  const double wanted = double(line.get("rotate", testing::kEmulated ? 0 : 1024)) * 1048576.0;
  return int(std::clamp(wanted / std::max(bytes, 1.0) + 1.0, 1.0, 64.0));
}

inline int run_workloads(int argc, char** argv, const std::map<std::string, Handler>& handlers) {
  std::vector<Path> paths;
  const auto options = testing::read_options(argc, argv, paths);
  if (paths.empty()) paths = testing::default_paths();
  Suite suite(paths.back(), options);
  int failures = 0;
  std::string text;
  while (std::getline(std::cin, text)) {
    std::istringstream words(text);
    Line line;
    std::string word;
    if (!(words >> line.id >> line.kind)) continue;
    while (words >> word) {
      const size_t equals = word.find('=');
      if (equals != std::string::npos) line.values[word.substr(0, equals)] = std::strtoll(word.c_str() + equals + 1, nullptr, 10);
    }
    const auto handler = handlers.find(line.kind);
    suite.name(line.id);
    try {
      if (handler == handlers.end()) throw testing::SuiteFailure("no workload of kind " + line.kind);
      handler->second(suite, line);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "FAILED %s: %s\n", line.id.c_str(), error.what());
      ++failures;
      (void)cudaGetLastError();
    }
  }
  return failures || suite.failures() ? 1 : 0;
}

}  // namespace refine::cuda::timings
