// Memory of the device and of its copies' host side, counted: what this process holds, and the limit under which it stays.
// Also how the runtime's errors become the library's.
// Invariant: nothing is allocated between the loading of a model and its last call but what a longer document or a new head asks for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "device.h"
#include "library.h"

namespace refine::cuda {

// A refine_cuda_code with its sentence; REFINE_CUDA_DONE is no failure.
struct Outcome {
  int code = REFINE_CUDA_DONE;
  int cuda = 0;
  std::string message;

  bool ok() const { return code == REFINE_CUDA_DONE; }
  static Outcome refuse(int code, std::string message) { return {code, 0, std::move(message)}; }
};

// Errors after which no call of this process works any more: the context is corrupt or the card has gone.
bool is_lost(cudaError_t error);
// cudaSuccess is DONE; `doing` is what was tried. A lost device is remembered: see `lost_device`.
Outcome outcome_of(cudaError_t error, const char* doing);
// What every call asks first: DONE, or LOST with the error that ended the device.
Outcome lost_device();

// All models' together; `limit` 0: none but the card's.
uint64_t held_bytes();

// A block of the device; moves, frees itself.
class DeviceBlock {
 public:
  DeviceBlock() = default;
  ~DeviceBlock() { reset(); }
  DeviceBlock(DeviceBlock&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  DeviceBlock& operator=(DeviceBlock&& other) noexcept {
    if (this != &other) {
      reset();
      data_ = std::exchange(other.data_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  // cudaErrorMemoryAllocation where the card has no room or all blocks would pass `limit`; holds nothing then.
  cudaError_t allocate(size_t bytes, uint64_t limit);
  void reset();
  unsigned char* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  unsigned char* data_ = nullptr;
  size_t bytes_ = 0;
};

// Pinned host memory, so that copies run beside kernels.
class HostBlock {
 public:
  HostBlock() = default;
  ~HostBlock() { reset(); }
  HostBlock(const HostBlock&) = delete;
  HostBlock& operator=(const HostBlock&) = delete;
  cudaError_t allocate(size_t bytes);
  void reset();
  unsigned char* data() const { return data_; }

 private:
  unsigned char* data_ = nullptr;
};

// Parts of a block, one after the other, 256-byte aligned: run once to know the size, once more to get pointers.
class Parts {
 public:
  explicit Parts(unsigned char* base = nullptr) : base_(base) {}
  template <class T>
  T* take(int64_t count) {
    T* const part = base_ ? reinterpret_cast<T*>(base_ + used_) : nullptr;
    used_ += (size_t(count) * sizeof(T) + 255) / 256 * 256;
    return part;
  }
  size_t used() const { return used_; }

 private:
  unsigned char* base_;
  size_t used_ = 0;
};

}  // namespace refine::cuda
