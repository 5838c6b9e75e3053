// The race detector: g++ -fsanitize=thread calls __tsan_read4 and the like at every access of a kernel; this file is that run time, over the
// emulator's threads. Two accesses of shared memory, one of them a write, by different threads must be ordered by __syncthreads,
// __syncwarp, a named barrier or an mbarrier (vector clocks: Lamport 1978; Flanagan and Freund 2009), whatever order they came in here.
// wgmma and the copy engine must find every ordinary write followed by its writer's fence_proxy_async before that. In device memory two
// threads of a launch must not write the same place unordered. Cells are of two bytes, halves told apart. Atomics are left out.
#include "../watch.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <unordered_map>
#include <vector>

#include "../block.h"
#include "../words.h"

namespace refine::cuda::simt {
namespace {

constexpr uint32_t kEngine = 1024;  // the copy engine as a thread
constexpr uint32_t kNobody = 0xffff;

struct Access {
  uint32_t clock = 0;
  uint16_t thread = kNobody;
  uint8_t halves = 0;
};
struct Cell {
  uint32_t block = 0;  // of which block's run this is
  Access write;
  Access reads[4];  // the latest of warps 0, 4, 8, ..; 1, 5, ..
};

std::vector<std::vector<uint32_t>> clocks;  // [thread][other]: how much of the other's work it has seen
std::vector<std::vector<uint32_t>> fences;  // [thread]: its clock at each fence_proxy_async
std::unordered_map<const void*, std::vector<uint32_t>> objects;
std::vector<Cell> shared_cells(kSharedLimit / 2);
std::unordered_map<uintptr_t, Cell> static_cells;
struct GlobalWrite {
  uint32_t block, clock;
  uint16_t thread;
  uint8_t halves;
};
std::unordered_map<uintptr_t, GlobalWrite> global_cells;
uint32_t run = 0;  // counts blocks
bool busy = false;

void join(std::vector<uint32_t>& to, const std::vector<uint32_t>& from) {
  if (to.size() < from.size()) to.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i) to[i] = to[i] < from[i] ? from[i] : to[i];
}
bool seen(uint32_t by, uint32_t thread, uint32_t clock) {
  const auto& known = clocks[by];
  return by == thread || (thread < known.size() && clock <= known[thread]);
}

Cell& cell_of(uintptr_t address, bool dynamic) {
  Cell& cell = dynamic ? shared_cells[(address - reinterpret_cast<uintptr_t>(block.shared)) / 2] : static_cells[address / 2];
  if (cell.block != run) {
    cell = Cell{};
    cell.block = run;
  }
  return cell;
}

void complain(const char* what, uint32_t thread, const Access& before, const char* was, uintptr_t address, bool dynamic) {
  busy = true;
  char name[32] = "the copy engine";
  if (before.thread != kEngine) std::snprintf(name, sizeof name, "thread %u", before.thread);
  if (dynamic) fault("race: thread %u %s byte %zu of dynamic shared memory, which %s %s, and nothing orders the two", thread, what, size_t(address) - size_t(reinterpret_cast<uintptr_t>(block.shared)), name, was);
  fault("race: thread %u %s static shared memory at %zx, which %s %s, and nothing orders the two", thread, what, size_t(address), name, was);
}

void touch(uint32_t thread, uintptr_t address, size_t bytes, bool writes, bool dynamic) {
  const uint32_t clock = thread == kEngine ? clocks[kEngine][kEngine] : clocks[thread][thread];
  for (uintptr_t at = address & ~uintptr_t(1); at < address + bytes; at += 2) {
    uint8_t halves = 3;
    if (at < address) halves &= 2;
    if (at + 2 > address + bytes) halves &= 1;
    Cell& cell = cell_of(at, dynamic);
    if (cell.write.thread != kNobody && cell.write.halves & halves && !seen(thread, cell.write.thread, cell.write.clock)) complain(writes ? "writes" : "reads", thread, cell.write, "wrote", at, dynamic);
    if (writes) {
      for (const Access& read : cell.reads)
        if (read.thread != kNobody && read.halves & halves && !seen(thread, read.thread, read.clock)) complain("writes", thread, read, "read", at, dynamic);
      cell.write = {clock, uint16_t(thread), uint8_t(cell.write.thread == thread ? cell.write.halves | halves : halves)};
    } else {
      cell.reads[thread / 32 % 4] = {clock, uint16_t(thread), halves};
    }
  }
}

bool in_dynamic(uintptr_t address) { return address - reinterpret_cast<uintptr_t>(block.shared) < block.shared_bytes; }

void access(const Thread& thread, const void* pointer, size_t bytes, bool writes) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  if (in_dynamic(address)) return touch(thread.linear, address, bytes, writes, true);
  if (address - reinterpret_cast<uintptr_t>(thread.fiber.stack) < kStackBytes) return;
  for (const Range& range : static_shared(block.kernel))
    if (address - reinterpret_cast<uintptr_t>(range.start) < range.bytes) return touch(thread.linear, address, bytes, writes, false);
  if (!writes || !on_device(pointer, bytes)) return;
  for (uintptr_t at = address & ~uintptr_t(1); at < address + bytes; at += 2) {
    uint8_t halves = 3;
    if (at < address) halves &= 2;
    if (at + 2 > address + bytes) halves &= 1;
    auto [found, fresh] = global_cells.try_emplace(at / 2, GlobalWrite{run, clocks[thread.linear][thread.linear], uint16_t(thread.linear), halves});
    if (fresh) continue;
    GlobalWrite& write = found->second;
    if (write.halves & halves && (write.block != run || !seen(thread.linear, write.thread, write.clock))) {
      busy = true;
      fault("race: thread %u writes device memory at %p, which thread %u of %s block wrote in the same launch", thread.linear, pointer, write.thread, write.block == run ? "this" : "another");
    }
    write = {run, clocks[thread.linear][thread.linear], uint16_t(thread.linear), uint8_t(write.halves | halves)};
  }
}

const Watch kWatch = {
    [](bool first) {
      busy = false;
      ++run;
      if (first) global_cells.clear();
      clocks.assign(kEngine + 1, {});
      for (size_t i = 0; i < block.threads.size(); ++i) {
        clocks[i].assign(block.threads.size(), 0);
        clocks[i][i] = 1;
      }
      clocks[kEngine].assign(kEngine + 1, 0);
      clocks[kEngine][kEngine] = 1;
      fences.assign(block.threads.size(), {});
      objects.clear();
      static_cells.clear();
    },
    [](Thread* const* threads, size_t count, const void* object) {
      std::vector<uint32_t> all;
      if (const auto found = objects.find(object); found != objects.end()) all.swap(found->second);
      for (size_t i = 0; i < count; ++i) join(all, clocks[threads[i]->linear]);
      for (size_t i = 0; i < count; ++i) {
        clocks[threads[i]->linear] = all;
        ++clocks[threads[i]->linear][threads[i]->linear];
      }
    },
    [](const Thread& thread, const void* object) {
      auto& mine = clocks[thread.linear];
      join(objects[object], mine);
      ++mine[thread.linear];
    },
    [](const Thread& thread, const void* object) {
      if (const auto found = objects.find(object); found != objects.end()) join(clocks[thread.linear], found->second);
    },
    [](const Thread& thread) { fences[thread.linear].push_back(++clocks[thread.linear][thread.linear]); },
    access,
    [](const Thread& thread, const void* pointer, size_t bytes) {
      const auto address = reinterpret_cast<uintptr_t>(pointer);
      touch(thread.linear, address, bytes, false, true);
      for (uintptr_t at = address & ~uintptr_t(1); at < address + bytes; at += 2) {
        const Access& write = cell_of(at, true).write;
        if (write.thread == kNobody || write.thread == kEngine) continue;
        const auto& after = fences[write.thread];  // ascending
        const auto fence = std::upper_bound(after.begin(), after.end(), write.clock);
        if (fence == after.end() || !seen(thread.linear, write.thread, *fence)) {
          busy = true;
          fault("race: wgmma or the copy engine reads byte %zu of dynamic shared memory, which thread %u wrote without fence_proxy_async before the barrier", size_t(at) - size_t(reinterpret_cast<uintptr_t>(block.shared)),
                write.thread);
        }
      }
    },
    [](const void* pointer, size_t bytes, const void* object) {
      const auto address = reinterpret_cast<uintptr_t>(pointer);
      auto& engine = clocks[kEngine];
      for (uintptr_t at = address; at < address + bytes; at += 2) {
        Cell& cell = cell_of(at, true);
        cell = Cell{};
        cell.block = run;
        cell.write = {engine[kEngine], uint16_t(kEngine), 3};
      }
      auto& clock = objects[object];
      if (clock.size() <= kEngine) clock.resize(kEngine + 1);
      clock[kEngine] = engine[kEngine]++;
    },
};
[[maybe_unused]] const bool installed = (watch = &kWatch, true);

void hear(const void* at, size_t bytes, bool writes) {
  if (block.running == nullptr || busy) return;
  access(*block.running, at, bytes, writes);
}

}  // namespace
}  // namespace refine::cuda::simt

using refine::cuda::simt::hear;
#define REFINE_HEAR(bytes)                                                     \
  void __tsan_read##bytes(void* at) { hear(at, bytes, false); }                \
  void __tsan_write##bytes(void* at) { hear(at, bytes, true); }                \
  void __tsan_unaligned_read##bytes(void* at) { hear(at, bytes, false); }      \
  void __tsan_unaligned_write##bytes(void* at) { hear(at, bytes, true); }      \
  void __tsan_volatile_read##bytes(void* at) { hear(at, bytes, false); }       \
  void __tsan_volatile_write##bytes(void* at) { hear(at, bytes, true); }
extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_read_range(void* at, unsigned long bytes) { hear(at, bytes, false); }
void __tsan_write_range(void* at, unsigned long bytes) { hear(at, bytes, true); }
REFINE_HEAR(1)
REFINE_HEAR(2)
REFINE_HEAR(4)
REFINE_HEAR(8)
REFINE_HEAR(16)
}
