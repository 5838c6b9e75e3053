// See device_memory.h.
#include "device_memory.h"

#include <atomic>
#include <mutex>

namespace refine::cuda {

namespace {

std::atomic<uint64_t> held{0};
std::mutex lost_lock;
Outcome lost;

std::string name_of(cudaError_t error) { return std::string(cudaGetErrorName(error)) + " (" + std::to_string(int(error)) + "): " + cudaGetErrorString(error); }

}  // namespace

bool is_lost(cudaError_t error) {
  switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContained:
    case cudaErrorDevicesUnavailable:
    case cudaErrorContextIsDestroyed: return true;
    default: return false;
  }
}

Outcome outcome_of(cudaError_t error, const char* doing) {
  if (error == cudaSuccess) return {};
  cudaGetLastError();  // one that is not sticky is told once
  const int code = is_lost(error) ? REFINE_CUDA_LOST : error == cudaErrorMemoryAllocation ? REFINE_CUDA_MEMORY : REFINE_CUDA_FAILED;
  Outcome outcome{code, int(error), std::string(doing) + ": " + name_of(error)};
  if (code == REFINE_CUDA_LOST) {
    const std::lock_guard<std::mutex> guard(lost_lock);
    if (lost.ok()) lost = outcome;
  }
  return outcome;
}

Outcome lost_device() {
  const std::lock_guard<std::mutex> guard(lost_lock);
  return lost;
}

uint64_t held_bytes() { return held.load(); }

cudaError_t DeviceBlock::allocate(size_t bytes, uint64_t limit) {
  reset();
  if (bytes == 0) bytes = 256;
  const uint64_t before = held.fetch_add(bytes);
  if (limit > 0 && (bytes > limit || before > limit - bytes)) {
    held.fetch_sub(bytes);
    return cudaErrorMemoryAllocation;
  }
  void* data = nullptr;
  if (const cudaError_t error = cudaMalloc(&data, bytes); error != cudaSuccess) {
    held.fetch_sub(bytes);
    if (error == cudaErrorMemoryAllocation) cudaGetLastError();
    return error;
  }
  data_ = static_cast<unsigned char*>(data);
  bytes_ = bytes;
  return cudaSuccess;
}

void DeviceBlock::reset() {
  if (data_ == nullptr) return;
  cudaFree(data_);
  held.fetch_sub(bytes_);
  data_ = nullptr;
  bytes_ = 0;
}

cudaError_t HostBlock::allocate(size_t bytes) {
  reset();
  void* data = nullptr;
  const cudaError_t error = cudaMallocHost(&data, bytes ? bytes : 256);
  if (error == cudaSuccess) data_ = static_cast<unsigned char*>(data);
  return error;
}

void HostBlock::reset() {
  if (data_ != nullptr) cudaFreeHost(data_);
  data_ = nullptr;
}

}  // namespace refine::cuda
