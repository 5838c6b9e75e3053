// What every launcher of kernels/cuda is told besides its tensors: where to run, which family of kernels, and spare memory.
// A launcher takes device pointers, row-major, sizes as int64_t; it checks shapes (cudaErrorInvalidValue), accepts no rows,
// starts its kernels on `stream`, returns the launch's error, and neither waits nor allocates.
// Invariant: a row's result never depends on the number of rows or on its neighbours.
#pragma once
#include <cstddef>
#include <cstdint>

#include "device.h"

namespace refine::cuda {

struct Context {
  cudaStream_t stream = nullptr;
  Path path = Path::kAmpere;
  int multiprocessors = 1;
  void* workspace = nullptr;  // one launcher's at a time, 256-byte aligned; launchers of one stream share it
  size_t workspace_bytes = 0;
};

// REFINE_CUDA_PATH=ampere keeps a Hopper card on the other path, which is how that one is tested there.
Path path_of(int major, int minor);

}  // namespace refine::cuda
