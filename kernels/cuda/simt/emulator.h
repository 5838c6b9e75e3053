// The emulator of one block: every thread is a fiber that runs until it has to wait, so whatever a kernel leaves to chance happens in the
// least convenient order; asynchronous work arrives as late as the PTX ISA allows (README.md one folder up).
// Seed 0 takes waiting threads in order; any other seed (REFINE_SIMT_SEED, set_seed) draws them and lets tensor copies come early at times.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "host.h"

namespace refine::cuda::simt {

constexpr int kPoison = 0xff;  // NaN as bf16 and float, -1 as an integer: what fresh memory holds
constexpr size_t kSharedLimit = 227 * 1024;
constexpr int kMultiprocessors = 4;  // few, so that a persistent kernel's blocks go round

void set_seed(uint64_t seed);
uint64_t seed();
// The error in which a launch inside `body` ended, or nothing. Outside of it an error ends the process: no test can overlook one.
std::string error_of(const std::function<void()>& body);
// Blocks run since the process began: what a test of a launcher's "no launch" looks at.
uint64_t blocks_run();

cudaError_t run_grid(const void* kernel, dim3 grid, dim3 block, size_t dynamic_shared_bytes, const std::function<void()>& thread);

}  // namespace refine::cuda::simt
