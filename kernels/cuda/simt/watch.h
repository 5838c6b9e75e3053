// What the race detector (watch/watch.cpp, linked only where kernels are compiled with -fsanitize=thread's instrumentation) wants to hear
// of the emulator: who has seen whose work, and accesses made on a thread's behalf.
#pragma once
#include <cstddef>

namespace refine::cuda::simt {

struct Thread;

struct Watch {
  void (*block_starts)(bool first);
  void (*meet)(Thread* const* threads, size_t count, const void* object);  // all have seen all, and what was left with the object
  void (*release)(const Thread& thread, const void* object);  // what the thread did so far goes with the object
  void (*acquire)(const Thread& thread, const void* object);
  void (*fence)(const Thread& thread);                         // fence_proxy_async
  void (*access)(const Thread& thread, const void* at, size_t bytes, bool writes);
  void (*engine_reads)(const Thread& thread, const void* at, size_t bytes);  // wgmma, tensor stores
  void (*engine_writes)(const void* at, size_t bytes, const void* object);   // a tensor copy arrives
};
inline const Watch* watch = nullptr;

}  // namespace refine::cuda::simt
