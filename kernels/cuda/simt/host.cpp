#include "host.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "emulator.h"
#include "words.h"

namespace refine::cuda::simt {

struct Graph {
  std::vector<std::function<cudaError_t()>> steps;
};
struct Stream {
  Graph* capture = nullptr;
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
  long launches_left = -1;
  bool lost = false;
  cudaError_t last = cudaSuccess;

  Host() {
    if (const char* bytes = std::getenv("REFINE_SIMT_MEMORY")) total = std::strtoull(bytes, nullptr, 10);
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

cudaError_t run(cudaStream_t stream, std::function<cudaError_t()> step) {
  if (stream != nullptr && stream->capture != nullptr) {
    stream->capture->steps.push_back(std::move(step));
    return cudaSuccess;
  }
  return keep(step());
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

cudaError_t submit(const void* kernel, dim3 grid, dim3 block, size_t dynamic_shared_bytes, cudaStream_t stream, std::function<void()> thread) {
  REFINE_ENTER();
  if (host().launches_left > 0 && --host().launches_left == 0) host().lost = true;
  if (host().lost) return keep(cudaErrorLaunchFailure);
  const uint64_t threads = uint64_t(block.x) * block.y * block.z;
  if (threads == 0 || threads > 1024 || block.z > 64 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) return keep(cudaErrorInvalidConfiguration);
  if (dynamic_shared_bytes > kSharedLimit) return keep(cudaErrorInvalidValue);
  return run(stream, [=, thread = std::move(thread)] { return run_grid(kernel, grid, block, dynamic_shared_bytes, thread); });
}

}  // namespace refine::cuda::simt

using namespace refine::cuda::simt;

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  REFINE_ENTER();
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
  REFINE_ENTER();
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
  REFINE_ENTER();
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
  });
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
  });
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
  });
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
  if (stream == nullptr || stream->capture != nullptr) return keep(cudaErrorStreamCaptureUnsupported);
  stream->capture = new Graph;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  REFINE_ENTER();
  if (stream == nullptr || stream->capture == nullptr) return keep(cudaErrorStreamCaptureUnsupported);
  *graph = std::exchange(stream->capture, nullptr);
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  REFINE_ENTER();
  *status = stream != nullptr && stream->capture != nullptr ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  REFINE_ENTER();
  *exec = new Graph(*graph);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  REFINE_ENTER();
  for (const auto& step : exec->steps)
    if (const auto error = run(stream, step); error != cudaSuccess) return error;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
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
  REFINE_ENTER();
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
