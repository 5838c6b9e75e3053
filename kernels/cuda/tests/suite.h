// The small test bench of the CUDA kernels: one check_NAME(Suite&) runs on a card (nvcc) and in the emulator (g++, REFINE_SIMT).
//   check_NAME(Suite& suite)  in tests/NAME_device.h, namespace refine::cuda::testing: draws inputs, calls the launcher with
//                             suite.context(), compares with a float64 or fp32 oracle. Emulated: tests/NAME_test.cpp is SUITE_MAIN(NAME).
// Invariant: outputs are poisoned (all bytes 0xff: NaN, -1) before each launch and stand between guards that are read back; NaN never
// passes; a failed check is the exit code. Comparison: ||out - ref|| / ||ref||, and each element against the reference's size.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "../context.h"
#include "../device.h"
#include "../simt/sanitizer.h"
#include "suite_random.h"

namespace refine::cuda::testing {

#if defined(REFINE_SIMT)
constexpr bool kEmulated = true;
#else
constexpr bool kEmulated = false;
#endif
#if REFINE_ASAN
constexpr size_t kDefaultGuard = 0;  // the sanitizer's own red zones then lie at the first byte past the data
#else
constexpr size_t kDefaultGuard = 1024;  // bytes before and after; keeps the alignment of a fresh allocation
#endif

struct SuiteFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void must(cudaError_t error, const char* what) {
  if (error != cudaSuccess) throw SuiteFailure(std::string(what) + ": " + cudaGetErrorString(error));
}

// Device memory of `size` elements of T between two guards; everything poisoned until written. T is trivially copyable.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(size_t count, size_t guard) : size_(count), guard_(guard) {
    must(cudaMalloc(&base_, bytes() + 2 * guard_), "cudaMalloc");
    poison();
  }
  Buffer(Buffer&& other) noexcept : base_(std::exchange(other.base_, nullptr)), size_(other.size_), guard_(other.guard_) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(base_, other.base_), std::swap(size_, other.size_), std::swap(guard_, other.guard_);
    return *this;
  }
  ~Buffer() {
    if (base_) cudaFree(base_);
  }
  T* data() const { return reinterpret_cast<T*>(static_cast<char*>(base_) + guard_); }
  operator T*() const { return data(); }
  size_t size() const { return size_; }
  void poison() { must(cudaMemset(base_, 0xff, bytes() + 2 * guard_), "cudaMemset"); }
  void copy_in(const T* host) { must(cudaMemcpy(data(), host, size_ * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy to the device"); }
  std::vector<T> copy_out() const {
    std::vector<T> host(size_);
    must(cudaMemcpy(host.data(), data(), size_ * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy to the host");
    return host;
  }
  bool guards_whole() const {
    std::vector<unsigned char> bytes_in(guard_);
    for (const size_t at : {size_t(0), guard_ + bytes()}) {
      must(cudaMemcpy(bytes_in.data(), static_cast<char*>(base_) + at, guard_, cudaMemcpyDeviceToHost), "cudaMemcpy of a guard");
      if (std::any_of(bytes_in.begin(), bytes_in.end(), [](unsigned char byte) { return byte != 0xff; })) return false;
    }
    return true;
  }

 private:
  size_t bytes() const { return (std::max<size_t>(size_, 1) * sizeof(T) + 15) / 16 * 16; }
  void* base_ = nullptr;
  size_t size_ = 0, guard_ = 0;
};

struct Limits {
  double relative;       // ||out - ref|| / ||ref||
  double element = 8.0;  // |out - ref| <= relative * (element * rms(ref) + 2 |ref|): one wrong element among millions is seen
};
constexpr Limits kFp32{1e-5, 64.0}, kBf16{1e-2, 8.0};

struct Timing {
  std::vector<double> seconds;  // one launch's, of each run, by events
  double median() const {
    auto sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    return sorted.empty() ? 0 : sorted[sorted.size() / 2];
  }
};

struct SuiteOptions {
  uint64_t seed = 9;             // npm test is deterministic; a card's run passes a fresh one and prints it
  std::vector<int64_t> sizes;    // empty: the on a card, those up to 65 in the emulator
  std::string json;              // results as JSON lines, appended
  size_t guard = kDefaultGuard;  // 0 under a memory checker, which then sees the exact end
  size_t workspace = kEmulated ? size_t(16) << 20 : size_t(256) << 20;
  bool verbose = false;
};

class Suite {
 public:
  Suite(Path path, SuiteOptions options) : random(options.seed), options_(std::move(options)) {
    if (options_.sizes.empty()) options_.sizes = kEmulated ? std::vector<int64_t>{1, 17, 63, 64, 65} : std::vector<int64_t>{1, 17, 63, 64, 65, 1000, 4096};
    if (!options_.json.empty()) json_ = std::fopen(options_.json.c_str(), "a");
    workspace_ = Buffer<char>(options_.workspace, options_.guard);
    must(cudaStreamCreate(&context_.stream), "cudaStreamCreate");
    int count = 1;
    must(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, 0), "cudaDeviceGetAttribute");
    context_.path = path;
    context_.multiprocessors = count;
    context_.workspace = workspace_.data();
    context_.workspace_bytes = options_.workspace;
  }
  ~Suite() {
    if (json_) std::fclose(json_);
    cudaStreamDestroy(context_.stream);
  }
  Suite(const Suite&) = delete;
  Suite& operator=(const Suite&) = delete;

  Random random;  // fresh inputs: suite.random.normal_bf16(rows * columns)
  Context& context() { return context_; }
  const std::vector<int64_t>& sizes() const { return options_.sizes; }  // every size that the card's run must show
  bool emulated() const { return kEmulated; }
  bool hopper() const { return context_.path == Path::kHopper; }
  int failures() const { return failed_; }
  int passes() const { return passed_; }
  void name(std::string operation) { operation_ = std::move(operation); }

  template <class T>
  Buffer<T> upload(const std::vector<T>& host) {
    Buffer<T> buffer(host.size(), options_.guard);
    if (!host.empty()) buffer.copy_in(host.data());
    return buffer;
  }
  // Floats as T: float, or any 16-bit type that holds bf16.
  template <class T>
  Buffer<T> upload_as(const std::vector<float>& host) {
    if constexpr (std::is_same_v<T, float>) {
      return upload(host);
    } else {
      static_assert(sizeof(T) == 2);
      std::vector<T> narrow(host.size());
      for (size_t i = 0; i < host.size(); ++i) {
        const uint16_t bits = bf16_bits(host[i]);
        std::memcpy(static_cast<void*>(&narrow[i]), &bits, 2);
      }
      return upload(narrow);
    }
  }
  template <class T>
  Buffer<T> output(size_t count) {
    return Buffer<T>(count, options_.guard);
  }
  // Waits for the stream, fails where a guard was written, and gives the elements back.
  template <class T>
  std::vector<T> download(const Buffer<T>& buffer, const std::string& label = "output") {
    must(cudaStreamSynchronize(context_.stream), "cudaStreamSynchronize");
    if (!buffer.guards_whole()) record(label + ": bytes outside the buffer were written", false, NAN, NAN, 0);
    return buffer.copy_out();
  }
  template <class T>
  std::vector<float> download_floats(const Buffer<T>& buffer, const std::string& label = "output") {
    const auto raw = download(buffer, label);
    std::vector<float> out(raw.size());
    for (size_t i = 0; i < raw.size(); ++i) {
      if constexpr (std::is_same_v<T, float>) {
        out[i] = raw[i];
      } else {
        uint16_t bits;
        std::memcpy(&bits, &raw[i], 2);
        out[i] = bf16_value(bits);
      }
    }
    return out;
  }

  // A launcher's answer: must be cudaSuccess, and the work must end without an error.
  bool launched(const std::string& label, cudaError_t error) {
    if (error == cudaSuccess) error = cudaStreamSynchronize(context_.stream);
    if (error != cudaSuccess) record(label + ": " + cudaGetErrorString(error), false, NAN, NAN, 0);
    return error == cudaSuccess;
  }
  // A launcher must refuse (wrong shapes, null pointers).
  void refused(const std::string& label, cudaError_t error) {
    record(label + (error == cudaSuccess ? ": was not refused" : ": refused"), error != cudaSuccess, 0, 0, 0);
    if (error != cudaSuccess) (void)cudaGetLastError();
  }
  template <class R>
  void close(const std::string& label, const std::vector<float>& out, const std::vector<R>& reference, Limits limits) {
    if (out.size() != reference.size()) return record(label + ": sizes differ", false, NAN, NAN, limits.relative);
    double squared = 0, wrong = 0, worst = 0, worst_share = 0;
    for (const R value : reference) squared += double(value) * double(value);
    const double rms = out.empty() ? 0 : std::sqrt(squared / double(out.size()));
    bool finite = true;
    size_t worst_at = 0;
    for (size_t i = 0; i < out.size(); ++i) {
      const double difference = double(out[i]) - double(reference[i]), size = std::fabs(difference);
      if (!std::isfinite(double(out[i])) && !(double(out[i]) == double(reference[i]))) finite = false, worst_at = i;
      if (size == 0) continue;
      wrong += difference * difference;
      const double share = size / (limits.relative * (limits.element * rms + 2 * std::fabs(double(reference[i]))));
      if (share > worst_share) worst_share = share, worst = size, worst_at = i;
    }
    const double relative = squared > 0 ? std::sqrt(wrong / squared) : std::sqrt(wrong);
    const bool ok = finite && relative <= limits.relative && worst_share <= 1;
    record(ok ? label : label + " at element " + std::to_string(worst_at) + (finite ? " of " : " (not finite) of ") + std::to_string(out.size()), ok, finite ? relative : NAN,
           finite ? worst : NAN, limits.relative);
  }
  template <class T>
  void equal(const std::string& label, const std::vector<T>& out, const std::vector<T>& reference) {
    size_t different = out.size() == reference.size() ? 0 : 1;
    size_t first = 0;
    for (size_t i = 0; i < std::min(out.size(), reference.size()); ++i)
      if (std::memcmp(&out[i], &reference[i], sizeof(T)) != 0 && different++ == 0) first = i;
    record(different ? label + ": " + std::to_string(different) + " differ, first at " + std::to_string(first) : label, different == 0, double(different), 0, 0);
  }
  void that(const std::string& label, bool ok) { record(label, ok, ok ? 0 : 1, 0, 0); }

  // Oracles of thousands of rows: fn(i) for i below n, over the machine's cores (two at most in the emulator).
  template <class Fn>
  void parallel(int64_t n, Fn fn) {
    const int64_t threads = std::min<int64_t>(n, std::max(1, int(kEmulated ? 2 : std::thread::hardware_concurrency())));
    if (threads <= 1) {
      for (int64_t i = 0; i < n; ++i) fn(i);
      return;
    }
    std::vector<std::thread> workers;
    for (int64_t t = 0; t < threads; ++t)
      workers.emplace_back([=] {
        for (int64_t i = t; i < n; i += threads) fn(i);
      });
    for (auto& worker : workers) worker.join();
  }

  // Three runs of as many launches as fill about 20 ms, by events, after a warm-up. launch(i): i counts up, so that inputs may rotate.
  // bytes and operations are one launch's. Nothing is judged: a time never fails.
  Timing time(const std::string& label, double bytes, double operations, const std::function<cudaError_t(int)>& launch, double fill_seconds = 0.02, int runs = 3);

  void report_json(const std::string& line) {
    if (json_) std::fprintf(json_, "%s\n", line.c_str()), std::fflush(json_);
  }

 private:
  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out + "\"";
  }
  static std::string number(double value) {
    if (!std::isfinite(value)) return "null";
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
  }
  const char* path_name() const { return hopper() ? "hopper" : "ampere"; }
  void record(const std::string& label, bool ok, double relative, double worst, double limit) {
    ++(ok ? passed_ : failed_);
    if (!ok || options_.verbose)
      std::fprintf(ok ? stdout : stderr, "%s %s [%s] %s: error %.3g (limit %.3g), worst element off by %.3g\n", ok ? "ok" : "FAILED", operation_.c_str(), path_name(), label.c_str(),
                   relative, limit, worst);
    report_json("{\"kind\":\"check\",\"operator\":" + quoted(operation_) + ",\"path\":\"" + path_name() + "\",\"case\":" + quoted(label) + ",\"ok\":" + (ok ? "true" : "false") +
                ",\"error\":" + number(relative) + ",\"worst\":" + number(worst) + ",\"limit\":" + number(limit) + "}");
  }

  SuiteOptions options_;
  Context context_{};
  Buffer<char> workspace_;
  std::string operation_ = "operator";
  std::FILE* json_ = nullptr;
  int passed_ = 0, failed_ = 0;
};

inline Timing Suite::time(const std::string& label, double bytes, double operations, const std::function<cudaError_t(int)>& launch, double fill_seconds, int runs) {
  cudaEvent_t start, stop;
  must(cudaEventCreate(&start), "cudaEventCreate");
  must(cudaEventCreate(&stop), "cudaEventCreate");
  int turn = 0;
  const auto once = [&](int launches) {
    must(cudaEventRecord(start, context_.stream), "cudaEventRecord");
    for (int i = 0; i < launches; ++i) must(launch(turn++), label.c_str());
    must(cudaEventRecord(stop, context_.stream), "cudaEventRecord");
    must(cudaEventSynchronize(stop), "cudaEventSynchronize");
    float milliseconds = 0;
    must(cudaEventElapsedTime(&milliseconds, start, stop), "cudaEventElapsedTime");
    return double(milliseconds) * 1e-3;
  };
  once(1);
  Timing timing;
  const double first = once(kEmulated ? 1 : 3) / (kEmulated ? 1 : 3);
  const int launches = kEmulated ? 1 : std::clamp(int(fill_seconds / std::max(first, 1e-7)), 3, 10000);
  for (int run = 0; run < (kEmulated ? 1 : runs); ++run) timing.seconds.push_back(once(launches) / launches);
  cudaEventDestroy(start);
  cudaEventDestroy(stop);
  std::string list;
  for (const double seconds : timing.seconds) list += (list.empty() ? "" : ",") + number(seconds);
  report_json("{\"kind\":\"time\",\"name\":" + quoted(label) + ",\"path\":\"" + path_name() + "\",\"seconds\":[" + list + "],\"launches\":" + std::to_string(launches) +
              ",\"bytes\":" + number(bytes) + ",\"operations\":" + number(operations) + "}");
  return timing;
}

using Check = void (*)(Suite&);

// Options of a test program: --seed N|fresh, --sizes 1,17, --json FILE, --exact (no guards), --verbose, --path hopper|ampere.
SuiteOptions read_options(int argc, char** argv, std::vector<Path>& paths);
int run_check(const char* name, Check check, const SuiteOptions& options, const std::vector<Path>& paths);

}  // namespace refine::cuda::testing

#include "suite_main.h"
