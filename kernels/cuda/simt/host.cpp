#include "host.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "block.h"
#include "emulator.h"
#include "words.h"

namespace refine::cuda::simt {

struct Step {
  Launch what;
  std::function<cudaError_t()> run;
};
struct Graph {
  std::vector<Step> steps;
  size_t held = 0;  // bytes of the device
};
struct Stream {
  Graph* capture = nullptr;
  bool spoilt = false;  // by a call that no capture allows
};
struct Event {
  bool recorded = false;
};

namespace {

struct Host {
  std::recursive_mutex mutex;
  std::map<uintptr_t, size_t> device;  // start -> bytes
  std::map<uintptr_t, size_t> pinned;
  size_t used = 0;
  size_t total = size_t(8) << 30;
  size_t node_bytes = 4096;
  long launches_left = -1;
  bool lost = false;
  cudaError_t last = cudaSuccess;

  Host() {
    if (const char* bytes = std::getenv("REFINE_SIMT_MEMORY")) total = std::strtoull(bytes, nullptr, 10);
    if (const char* bytes = std::getenv("REFINE_SIMT_GRAPH_BYTES")) node_bytes = std::strtoull(bytes, nullptr, 10);
    if (const char* count = std::getenv("REFINE_SIMT_LOSE_AFTER")) launches_left = std::strtol(count, nullptr, 10);
  }
};
Host& host() {
  static Host* const it = new Host;  // never destroyed: static objects of a program may free device memory at its end
  return *it;
}
using Lock = std::lock_guard<std::recursive_mutex>;

cudaError_t keep(cudaError_t error) {
  if (error != cudaSuccess) host().last = error;
  return error;
}
#define REFINE_ENTER()        \
  Lock lock(host().mutex);    \
  if (host().lost) return keep(cudaErrorLaunchFailure)

thread_local Stream* capturing = nullptr;  // by this thread: while it does, the calls of REFINE_ENTER_UNCAPTURED spoil the capture
#define REFINE_ENTER_UNCAPTURED() \
  REFINE_ENTER();                 \
  if (capturing != nullptr) return capturing->spoilt = true, keep(cudaErrorStreamCaptureUnsupported)

cudaError_t run(cudaStream_t stream, std::function<cudaError_t()> step, Launch what) {
  if (stream == nullptr && capturing != nullptr) return capturing->spoilt = true, keep(cudaErrorStreamCaptureUnsupported);
  if (stream != nullptr && stream->capture != nullptr) {
    stream->capture->steps.push_back({std::move(what), std::move(step)});
    return cudaSuccess;
  }
  return keep(step());
}
template <class... Numbers>
Launch words_of(Numbers... numbers) {
  Launch what;
  (what.arguments.push_back(bytes_of(numbers)), ...);
  return what;
}

// Launch N and all after it fail: REFINE_SIMT_LOSE_AFTER.
bool lost_at_launch() {
  if (host().launches_left > 0 && --host().launches_left == 0) host().lost = true;
  return host().lost;
}

bool within(const std::map<uintptr_t, size_t>& ranges, const void* pointer, size_t bytes) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  auto after = ranges.upper_bound(address);
  if (after == ranges.begin()) return false;
  --after;
  return address + bytes <= after->first + after->second;
}

// What the runtime checks of a copy, and what only a crash would tell: a host pointer given as a device one, and the reverse.
bool copy_is_sound(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0 || kind == cudaMemcpyDefault) return true;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  return within(host().device, to, to_device ? bytes : 1) == to_device && within(host().device, from, from_device ? bytes : 1) == from_device;
}

}  // namespace

bool on_device(const void* pointer, size_t bytes) {
  Lock lock(host().mutex);
  return within(host().device, pointer, bytes);
}

void check_argument(const void*, int number, const void* pointer) {
  // An allocation's end is a legal pointer to nothing.
  if (pointer == nullptr || on_device(pointer, 0) || on_device(static_cast<const char*>(pointer) - 1, 1)) return;
  fault("parameter %d is no device memory", number);
}

cudaError_t submit(Launch what, cudaStream_t stream, std::function<void()> thread) {
  REFINE_ENTER();
  if (lost_at_launch()) return keep(cudaErrorLaunchFailure);
  const dim3 grid = what.grid, block = what.block;
  const uint64_t threads = uint64_t(block.x) * block.y * block.z;
  if (threads == 0 || threads > 1024 || block.z > 64 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) return keep(cudaErrorInvalidConfiguration);
  if (what.dynamic_shared_bytes > kSharedLimit) return keep(cudaErrorInvalidValue);
  auto step = [kernel = what.kernel, grid, block, bytes = what.dynamic_shared_bytes, thread = std::move(thread)] {
    const std::function<void()> fresh = thread;  // a replay looks again at what its pointers point to
    return run_grid(kernel, grid, block, bytes, fresh);
  };
  return run(stream, std::move(step), std::move(what));
}

std::string difference_of(const Graph& a, const Graph& b) {
  for (size_t i = 0; i < std::max(a.steps.size(), b.steps.size()); ++i) {
    const std::string where = "launch " + std::to_string(i + 1) + ", ";
    if (i >= a.steps.size() || i >= b.steps.size()) return where + "of " + std::to_string(a.steps.size()) + " against " + std::to_string(b.steps.size());
    const Launch &x = a.steps[i].what, &y = b.steps[i].what;
    if (x.kernel != y.kernel) return where + name_of(x.kernel) + " against " + name_of(y.kernel);
    const auto same = [](dim3 p, dim3 q) { return p.x == q.x && p.y == q.y && p.z == q.z; };
    if (!same(x.grid, y.grid) || !same(x.block, y.block) || x.dynamic_shared_bytes != y.dynamic_shared_bytes) return where + name_of(x.kernel) + ": another grid";
    if (x.arguments.size() != y.arguments.size()) return where + name_of(x.kernel) + ": another number of arguments";
    for (size_t k = 0; k < x.arguments.size(); ++k)
      if (x.arguments[k] != y.arguments[k]) return where + name_of(x.kernel) + ": argument " + std::to_string(k + 1);
  }
  return {};
}

}  // namespace refine::cuda::simt

using namespace refine::cuda::simt;

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  REFINE_ENTER_UNCAPTURED();
  auto& h = host();
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (bytes > h.total - h.used || posix_memalign(pointer, 256, bytes) != 0) {
    *pointer = nullptr;
    return keep(cudaErrorMemoryAllocation);
  }
  std::memset(*pointer, kPoison, bytes);
  h.device[reinterpret_cast<uintptr_t>(*pointer)] = bytes;
  h.used += bytes;
  return cudaSuccess;
}
cudaError_t cudaFree(void* pointer) {
  REFINE_ENTER_UNCAPTURED();
  if (pointer == nullptr) return cudaSuccess;
  auto& h = host();
  const auto found = h.device.find(reinterpret_cast<uintptr_t>(pointer));
  if (found == h.device.end()) return keep(cudaErrorInvalidValue);
  h.used -= found->second;
  h.device.erase(found);
  std::free(pointer);
  return cudaSuccess;
}
cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t) { return cudaMalloc(pointer, bytes); }
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t) { return cudaFree(pointer); }
cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned) {
  REFINE_ENTER_UNCAPTURED();
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (posix_memalign(pointer, 256, bytes) != 0) return keep(cudaErrorMemoryAllocation);
  host().pinned[reinterpret_cast<uintptr_t>(*pointer)] = bytes;
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* pointer) {
  Lock lock(host().mutex);
  if (pointer == nullptr) return cudaSuccess;
  if (host().pinned.erase(reinterpret_cast<uintptr_t>(pointer)) == 0) return keep(cudaErrorInvalidValue);
  std::free(pointer);
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) { return cudaMemcpyAsync(to, from, bytes, kind, nullptr); }
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  REFINE_ENTER();
  if (!copy_is_sound(to, from, bytes, kind)) return keep(cudaErrorInvalidValue);
  return run(stream, [=] {
    if (bytes) std::memmove(to, from, bytes);
    return cudaSuccess;
  }, words_of(to, from, bytes, kind));
}
cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  REFINE_ENTER();
  if (width > to_pitch || width > from_pitch) return keep(cudaErrorInvalidValue);
  for (size_t row = 0; row < height; ++row)
    if (const auto error = cudaMemcpyAsync(static_cast<char*>(to) + row * to_pitch, static_cast<const char*>(from) + row * from_pitch, width, kind, stream); error != cudaSuccess) return error;
  return cudaSuccess;
}
cudaError_t cudaMemset(void* to, int value, size_t bytes) { return cudaMemsetAsync(to, value, bytes, nullptr); }
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  REFINE_ENTER();
  if (bytes && !within(host().device, to, bytes)) return keep(cudaErrorInvalidValue);
  return run(stream, [=] {
    if (bytes) std::memset(to, value, bytes);
    return cudaSuccess;
  }, words_of(to, value, bytes));
}
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  REFINE_ENTER();
  *free = host().total - host().used;
  *total = host().total;
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, 0); }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  REFINE_ENTER();
  *stream = new Stream;
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  REFINE_ENTER();
  return stream != nullptr && stream->capture != nullptr ? keep(cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) {
  REFINE_ENTER();
  return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, void (*function)(void*), void* data) {
  REFINE_ENTER();
  return run(stream, [=] {
    function(data);
    return cudaSuccess;
  }, words_of(function, data));
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  REFINE_ENTER();
  *event = new Event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  REFINE_ENTER();
  event->recorded = true;
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t) {
  REFINE_ENTER();
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t) {
  REFINE_ENTER();
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  REFINE_ENTER();
  if (!start->recorded || !end->recorded) return keep(cudaErrorInvalidResourceHandle);
  *milliseconds = 0;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  REFINE_ENTER();
  if (stream == nullptr || stream->capture != nullptr || capturing != nullptr) return keep(cudaErrorStreamCaptureUnsupported);
  stream->capture = new Graph;
  stream->spoilt = false;
  capturing = stream;
  return cudaSuccess;
}
// Ends the capture of a lost device too: its graph goes.
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  Lock lock(host().mutex);
  if (stream == nullptr || stream->capture == nullptr || capturing != stream) return keep(cudaErrorStreamCaptureUnsupported);
  capturing = nullptr;
  *graph = std::exchange(stream->capture, nullptr);
  if (!host().lost && !stream->spoilt) return cudaSuccess;
  delete std::exchange(*graph, nullptr);
  return keep(host().lost ? cudaErrorLaunchFailure : cudaErrorStreamCaptureInvalidated);
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  REFINE_ENTER();
  *status = stream != nullptr && stream->capture != nullptr ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  REFINE_ENTER();
  if (nodes != nullptr) return keep(cudaErrorNotSupported);
  *count = graph->steps.size();
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  REFINE_ENTER();
  auto& h = host();
  const size_t bytes = graph->steps.size() * h.node_bytes;
  if (bytes > h.total - h.used) return keep(cudaErrorMemoryAllocation);
  h.used += bytes;
  *exec = new Graph(*graph);
  (*exec)->held = bytes;
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  REFINE_ENTER();
  for (const auto& step : exec->steps) {
    if (step.what.kernel != nullptr && lost_at_launch()) return keep(cudaErrorLaunchFailure);
    if (const auto error = run(stream, step.run, step.what); error != cudaSuccess) return error;
  }
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  Lock lock(host().mutex);
  host().used -= exec->held;
  delete exec;
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : keep(cudaErrorInvalidDevice); }
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return keep(cudaErrorInvalidDevice);
  *properties = cudaDeviceProp{};
  std::strcpy(properties->name, "emulator");
  properties->totalGlobalMem = host().total;
  properties->sharedMemPerBlock = 48 * 1024;
  properties->sharedMemPerBlockOptin = kSharedLimit;
  properties->sharedMemPerMultiprocessor = kSharedLimit + 1024;
  properties->major = 9;
  properties->multiProcessorCount = kMultiprocessors;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = 1024;
  properties->l2CacheSize = 50 << 20;
  properties->regsPerBlock = 65536;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp p;
  if (const auto error = cudaGetDeviceProperties(&p, device); error != cudaSuccess) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock: *value = p.maxThreadsPerBlock; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = int(p.sharedMemPerBlock); break;
    case cudaDevAttrWarpSize: *value = p.warpSize; break;
    case cudaDevAttrMaxRegistersPerBlock: *value = p.regsPerBlock; break;
    case cudaDevAttrClockRate: *value = 1'000'000; break;
    case cudaDevAttrMultiProcessorCount: *value = p.multiProcessorCount; break;
    case cudaDevAttrMemoryClockRate: *value = 1'000'000; break;
    case cudaDevAttrGlobalMemoryBusWidth: *value = 64; break;
    case cudaDevAttrL2CacheSize: *value = p.l2CacheSize; break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *value = 2048; break;
    case cudaDevAttrComputeCapabilityMajor: *value = p.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = p.minor; break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *value = int(p.sharedMemPerMultiprocessor); break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = int(p.sharedMemPerBlockOptin); break;
    default: return keep(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
  REFINE_ENTER_UNCAPTURED();
  return cudaSuccess;
}
cudaError_t cudaDeviceReset() { return cudaSuccess; }
cudaError_t cudaGetLastError() {
  Lock lock(host().mutex);
  return std::exchange(host().last, host().lost ? cudaErrorLaunchFailure : cudaSuccess);
}
cudaError_t cudaPeekAtLastError() {
  Lock lock(host().mutex);
  return host().last;
}
const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    case cudaErrorNotSupported: return "cudaErrorNotSupported";
    default: return "cudaErrorUnknown";
  }
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
    case cudaErrorLaunchFailure: return "unspecified launch failure";
    case cudaErrorNotSupported: return "operation not supported";
    default: return "unknown error";
  }
}
