// What a test program of the CUDA kernels does with its arguments, and SUITE_MAIN. Included by suite.h.
//   --seed N|fresh   --sizes 1,17,...   --json FILE   --exact (no guards: for memory checkers)   --verbose   --path hopper|ampere
// Without --path: both in the emulator; on a card the one its compute capability and REFINE_CUDA_PATH give. Exit code: 0 all passed,
// 1 a check failed, 2 wrong usage, 77 no device.
#pragma once
#include <chrono>
#include <random>

namespace refine::cuda::testing {

inline SuiteOptions read_options(int argc, char** argv, std::vector<Path>& paths) {
  SuiteOptions options;
  const auto usage = [](const std::string& found) {
    std::fprintf(stderr, "unknown or incomplete option %s\n", found.c_str());
    std::exit(2);
  };
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--exact") {
      options.guard = 0;
    } else if (option == "--verbose") {
      options.verbose = true;
    } else if (i + 1 >= argc) {
      usage(option);
    } else if (const std::string value = argv[++i]; option == "--seed") {
      options.seed = value == "fresh" ? uint64_t(std::random_device{}()) << 20 ^ uint64_t(std::chrono::system_clock::now().time_since_epoch().count()) : std::strtoull(value.c_str(), nullptr, 10);
    } else if (option == "--sizes") {
      for (size_t at = 0; at < value.size();) {
        const size_t comma = std::min(value.find(',', at), value.size());
        options.sizes.push_back(std::strtoll(value.substr(at, comma - at).c_str(), nullptr, 10));
        at = comma + 1;
      }
    } else if (option == "--json") {
      options.json = value;
    } else if (option == "--path" && (value == "hopper" || value == "ampere")) {
      paths.push_back(value == "hopper" ? Path::kHopper : Path::kAmpere);
    } else {
      usage(option + " " + value);
    }
  }
  return options;
}

// The paths to test where none was named.
inline std::vector<Path> default_paths() {
  const char* forced = std::getenv("REFINE_CUDA_PATH");
  const bool ampere = forced && std::string(forced) == "ampere";
  if (kEmulated) return ampere ? std::vector<Path>{Path::kAmpere} : std::vector<Path>{Path::kAmpere, Path::kHopper};
  int major = 0;
  if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0) != cudaSuccess) {
    std::printf("no device\n");
    std::exit(77);
  }
  return {major == 9 && !ampere ? Path::kHopper : Path::kAmpere};
}

inline int run_check(const char* name, Check check, const SuiteOptions& options, const std::vector<Path>& paths) {
  int passed = 0, failed = 0;
  for (const Path path : paths) {
    try {
      Suite suite(path, options);
      suite.name(name);
      try {
        check(suite);
        suite.launched("after the last check", cudaGetLastError());
      } catch (const std::exception& error) {
        suite.that(error.what(), false);
      }
      suite.that("at least one check ran", suite.passes() + suite.failures() > 0);
      passed += suite.passes(), failed += suite.failures();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "FAILED %s: %s\n", name, error.what());
      ++failed;
    }
  }
  std::printf("%s: %d passed, %d failed (seed %llu)\n", name, passed, failed, static_cast<unsigned long long>(options.seed));
  return failed ? 1 : 0;
}

inline int suite_main(const char* name, Check check, int argc, char** argv) {
  std::vector<Path> paths;
  const SuiteOptions options = read_options(argc, argv, paths);
  return run_check(name, check, options, paths.empty() ? default_paths() : paths);
}

}  // namespace refine::cuda::testing

#define SUITE_MAIN(NAME)                                                                                               \
  int main(int argc, char** argv) {                                                                                    \
    return refine::cuda::testing::suite_main(#NAME, refine::cuda::testing::check_##NAME, argc, argv);                  \
  }
