// What the emulator's parts share: the running block, its threads, and waiting.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "emulator.h"
#include "fiber.h"
#include "instructions.h"

namespace refine::cuda::simt {

struct Thread;

struct Meeting {
  const char* what = nullptr;
  uint32_t mask = 0, arrived = 0;  // mask 0: free
  void* slots[32] = {};
};
struct Warp {
  uint32_t present = 0, exited = 0;
  Meeting meetings[8];  // masks apart may be under way at once
  Thread* threads[32] = {};
};
struct NamedBarrier {
  uint32_t expected = 0, arrived = 0;  // expected 0: nobody here
  int sum = 0, result = 0;
  std::vector<Thread*> waiting;
};
struct Mbarrier {
  int arrivals = 0, pending = 0;
  int64_t bytes = 0;  // expected less arrived
  uint32_t phase = 0;
  std::vector<Thread*> waiting;
};
struct SharedCopy {
  char* to;
  const char* from;
  int valid;
  uint32_t group;
};
struct TensorCopy {
  TensorMap map;
  uint32_t shared;  // offset in dynamic shared memory
  uint64_t* bar;    // null: a store
  int x, y;
  uint32_t group;
};
// A wgmma's accumulators while they belong to the tensor core.
struct Accumulators {
  void* registers[128];
  std::vector<uint32_t> values;  // 128 lanes x count, as bits
  uint32_t count = 0, last_group = 0;
  uint32_t delivered = 0;  // lanes
};
// What a wgmma under way still reads.
struct Operand {
  uint32_t offset;
  uint8_t bytes[16];
};
struct Product {
  uint32_t group;
  std::vector<Operand> operands;
};
struct Warpgroup {
  void* slots[128] = {};
  uint32_t arrived = 0;
  const char* what = nullptr;
  std::vector<Accumulators> accumulators;
  std::vector<Product> products;
};

struct Thread {
  Fiber fiber;
  uint3 index{};
  uint32_t linear = 0, lane = 0, number = 0;
  Warp* warp = nullptr;
  Warpgroup* group = nullptr;
  bool exited = false;
  const char* waits = nullptr;  // a format of two numbers; null: ready or running
  uint64_t waits_a = 0, waits_b = 0;
  std::vector<SharedCopy> copies;  // cp.async under way
  uint32_t copy_group = 0;
  std::vector<TensorCopy> stores;
  uint32_t store_group = 0;
  bool fenced = false;  // wgmma_fence since the last commit
  uint32_t product_group = 0;
};

struct Block {
  const void* kernel = nullptr;
  const std::function<void()>* body = nullptr;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::vector<Warpgroup> groups;
  std::vector<Thread*> ready;  // a queue from `first` on
  size_t first = 0;
  uint32_t live = 0;
  Thread* running = nullptr;
  Fiber host;
  NamedBarrier barriers[16];
  std::map<uint64_t*, Mbarrier> mbarriers;
  std::vector<TensorCopy> tensor_copies;
  char* shared = nullptr;  // dynamic, 1,024-byte aligned
  char* seen = nullptr;    // the same as wgmma and the copy engine see it: ordinary writes arrive by fence_proxy_async
  size_t shared_bytes = 0;
  uint64_t random = 0;
  bool failed = false;
  std::string message;
};
extern Block block;

// The running thread waits until wake(); the format says for what, in an error's words.
void wait(const char* format, uint64_t a = 0, uint64_t b = 0);
void wake(Thread* thread);
uint64_t draw();  // of the seed's sequence

// One asynchronous copy of the block's arrives: which, the seed decides. False: none is under way.
bool complete_some_copy();
// A block's end: nothing may be under way.
void check_finished(const Thread& thread);

// The place in dynamic shared memory of a pointer, or an error.
uint32_t shared_offset(const char* what, const void* pointer, size_t bytes, size_t alignment);
// shared_address() of offset 0: the driver's kilobyte lies below.
constexpr uint32_t kWindow = 1024;

std::string name_of(const void* function);
// The kernel's own __shared__ arrays.
struct Range {
  char* start;
  size_t bytes;
};
const std::vector<Range>& static_shared(const void* kernel);

}  // namespace refine::cuda::simt
