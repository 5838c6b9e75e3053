// Asynchronous copies and Hopper's barriers in shared memory. A copy's destination is poison from its issue on; the data, read from the
// source only then, arrives at the wait (cp.async) or when nobody else can go on (TMA; other seeds draw earlier moments).
#include <algorithm>
#include <cstring>

#include "block.h"
#include "watch.h"
#include "words.h"

namespace refine::cuda {
namespace simt {
namespace {

constexpr uint64_t kMagic = 0xba447e4000000000u;  // what the emulator keeps in an mbarrier's cell: written over, it is found

Mbarrier& find(uint64_t* bar, const char* what) {
  const auto found = block.mbarriers.find(bar);
  if (found == block.mbarriers.end()) fault("%s of an mbarrier that nobody has initialised", what);
  if (*bar != kMagic + found->second.phase) fault("%s of an mbarrier that was written over", what);
  return found->second;
}

// Two phases can be in use at once: late threads still leave the one while others arrive for the next.
const void* phase_of(const uint64_t* cell, uint32_t phase) { return reinterpret_cast<const char*>(cell) + (phase & 1); }

void settle(uint64_t* cell, Mbarrier& bar) {
  if (bar.pending != 0 || bar.bytes != 0) return;
  bar.pending = bar.arrivals;
  *cell = kMagic + ++bar.phase;
  for (Thread* thread : bar.waiting) wake(thread);
  bar.waiting.clear();
}

void arrive(uint64_t* cell, Mbarrier& bar, const char* what) {
  if (watch) watch->release(*block.running, phase_of(cell, bar.phase));
  if (bar.pending == 0) fault("%s: more arrivals than the %d of this mbarrier's phase (bytes are still missing)", what, bar.arrivals);
  --bar.pending;
  settle(cell, bar);
}

uint32_t swizzled(uint32_t address) { return address ^ (address >> 7 & 7) << 4; }

// Calls each(offset in shared memory, 16-byte chunk's source or target row and byte column) of a box.
template <class Each>
void each_chunk(const TensorCopy& copy, Each each) {
  const int row_bytes = copy.map.box_columns * copy.map.element_bytes;
  for (int r = 0; r < copy.map.box_rows; ++r)
    for (int c = 0; c < row_bytes; c += 16) each(swizzled(copy.shared + uint32_t(r * row_bytes + c)), int64_t(copy.y) + r, int64_t(copy.x) * copy.map.element_bytes + c);
}

void finish_load(const TensorCopy& copy) {
  const TensorMap& map = copy.map;
  const int64_t width = map.columns * map.element_bytes;
  each_chunk(copy, [&](uint32_t to, int64_t row, int64_t column) {
    char chunk[16] = {};
    if (row >= 0 && row < map.rows) {
      const int64_t start = std::max<int64_t>(column, 0), end = std::min<int64_t>(column + 16, width);
      if (start < end) std::memcpy(chunk + (start - column), static_cast<const char*>(map.base) + row * map.row_bytes + start, size_t(end - start));
    }
    std::memcpy(block.shared + to, chunk, 16);
    std::memcpy(block.seen + to, chunk, 16);
    if (watch) watch->engine_writes(block.shared + to, 16, phase_of(copy.bar, find(copy.bar, "the end of a tensor copy").phase));
  });
  Mbarrier& bar = find(copy.bar, "the end of a tensor copy");
  bar.bytes -= int64_t(map.box_rows) * map.box_columns * map.element_bytes;
  settle(copy.bar, bar);
}

void finish_store(const TensorCopy& copy) {
  const TensorMap& map = copy.map;
  const int64_t width = map.columns * map.element_bytes;
  each_chunk(copy, [&](uint32_t from, int64_t row, int64_t column) {
    if (watch) watch->engine_reads(*block.running, block.shared + from, 16);
    if (std::memcmp(block.shared + from, block.seen + from, 16) != 0) fault("tma_store_2d: shared memory at offset %u was written without fence_proxy_async", from);
    if (row < 0 || row >= map.rows) return;
    const int64_t start = std::max<int64_t>(column, 0), end = std::min<int64_t>(column + 16, width);
    if (start < end) std::memcpy(static_cast<char*>(const_cast<void*>(map.base)) + row * map.row_bytes + start, block.shared + from + (start - column), size_t(end - start));
  });
}

void check_map(const char* what, const TensorMap* map, uint32_t) {
  if (map->made != kTensorMapMade) fault("%s: the tensor map was not made by make_tensor_map_2d", what);
  if (!on_device(map->base, size_t(map->rows > 0 ? (map->rows - 1) * map->row_bytes + map->columns * map->element_bytes : 0))) fault("%s: the tensor is not in device memory", what);
}

}  // namespace

void copy_async_16(void* shared, const void* global, int valid_bytes) {
  if (valid_bytes < 0 || valid_bytes > 16) fault("cp_async_16 of %d valid bytes", valid_bytes);
  if (reinterpret_cast<uintptr_t>(shared) % 16 != 0) fault("cp_async_16: shared address %p is no multiple of 16", shared);
  if (reinterpret_cast<uintptr_t>(global) % 16 != 0) fault("cp_async_16: global address %p is no multiple of 16", global);
  if (valid_bytes > 0 && !on_device(global, size_t(valid_bytes))) fault("cp_async_16: %d bytes at %p are no device memory", valid_bytes, global);
  Thread& me = *block.running;
  if (watch) watch->access(me, shared, 16, true);
  std::memset(shared, kPoison, 16);
  me.copies.push_back({static_cast<char*>(shared), static_cast<const char*>(global), valid_bytes, me.copy_group});
}
void copy_async_commit() { ++block.running->copy_group; }
void copy_async_wait(int pending) {
  Thread& me = *block.running;
  const auto done = [&](const SharedCopy& copy) {
    if (copy.group + uint32_t(pending) >= me.copy_group) return false;  // of the latest `pending` groups, or not committed
    if (watch) watch->access(me, copy.to, 16, true);
    std::memset(copy.to, 0, 16);
    std::memcpy(copy.to, copy.from, size_t(copy.valid));
    return true;
  };
  me.copies.erase(std::remove_if(me.copies.begin(), me.copies.end(), done), me.copies.end());
}

bool complete_some_copy() {
  if (block.tensor_copies.empty()) return false;
  const size_t which = seed() == 0 ? 0 : draw() % block.tensor_copies.size();
  const TensorCopy copy = block.tensor_copies[which];
  block.tensor_copies.erase(block.tensor_copies.begin() + ptrdiff_t(which));
  finish_load(copy);
  return true;
}

void check_finished(const Thread& thread) {
  if (!thread.stores.empty()) fault("the thread ends with a tma_store_2d under way");
  for (const auto& accumulators : thread.group->accumulators)
    if (accumulators.registers[thread.number] != nullptr) fault("the thread ends with a wgmma under way");
}

uint32_t window_address(const void* shared) { return kWindow + shared_offset("shared_address", shared, 0, 1); }

void check_registers(int registers) {
  if (registers < 24 || registers > 256 || registers % 8 != 0) fault("setmaxnreg of %d registers: a multiple of 8 from 24 to 256", registers);
}

}  // namespace simt

using namespace simt;

cudaError_t make_tensor_map_2d(TensorMap* map, const void* base, TensorElement element, int64_t rows, int64_t columns, int64_t row_bytes, int box_rows, int box_columns) {
  const int bytes = element == TensorElement::kBf16 ? 2 : 1;
  const bool fine = base != nullptr && reinterpret_cast<uintptr_t>(base) % 16 == 0 && rows > 0 && columns > 0 && rows <= (int64_t(1) << 32) && columns <= (int64_t(1) << 32) && row_bytes % 16 == 0 &&
                    row_bytes > 0 && row_bytes < (int64_t(1) << 40) && box_rows > 0 && box_rows <= 256 && box_columns > 0 && box_columns <= 256 && box_columns * bytes % 16 == 0 &&
                    box_columns * bytes <= 128;
  if (!fine) return cudaErrorInvalidValue;
  *map = TensorMap{base, rows, columns, row_bytes, box_rows, box_columns, bytes, kTensorMapMade, {}};
  return cudaSuccess;
}

void mbarrier_init(uint64_t* bar, int arrivals) {
  if (reinterpret_cast<uintptr_t>(bar) % 8 != 0) fault("mbarrier_init at %p, no multiple of 8", static_cast<void*>(bar));
  if (arrivals < 1 || arrivals >= 1 << 20) fault("mbarrier_init with %d arrivals", arrivals);
  if (block.mbarriers.count(bar) != 0) fault("mbarrier_init of an mbarrier that is in use");
  block.mbarriers[bar] = Mbarrier{arrivals, arrivals, 0, 0, {}};
  *bar = kMagic;
}
void fence_barrier_init() {}
void mbarrier_expect(uint64_t* bar, uint32_t bytes) {
  Mbarrier& it = find(bar, "mbarrier_expect");
  it.bytes += bytes;
  arrive(bar, it, "mbarrier_expect");
}
void mbarrier_arrive(uint64_t* bar) { arrive(bar, find(bar, "mbarrier_arrive"), "mbarrier_arrive"); }
void mbarrier_wait(uint64_t* bar, uint32_t parity) {
  if (parity > 1) fault("mbarrier_wait for parity %u: 0 or 1", parity);
  Mbarrier& it = find(bar, "mbarrier_wait");
  while ((it.phase & 1) == parity) {
    it.waiting.push_back(block.running);
    wait("mbarrier at %llx, parity %llu", reinterpret_cast<uintptr_t>(bar), parity);
  }
  if (watch) watch->acquire(*block.running, phase_of(bar, parity));
}

// The thread's own writes become visible to the asynchronous proxy; here everybody's do, so a fence by the wrong thread goes unseen.
void fence_proxy_async() {
  std::memcpy(block.seen, block.shared, block.shared_bytes);
  if (watch) watch->fence(*block.running);
}

void tma_load_2d(void* shared, const TensorMap* map, uint64_t* bar, int x, int y) {
  const uint32_t bytes = uint32_t(map->box_rows) * uint32_t(map->box_columns * map->element_bytes);
  check_map("tma_load_2d", map, bytes);
  const uint32_t offset = shared_offset("tma_load_2d", shared, bytes, 1024);
  find(bar, "tma_load_2d");
  if (watch) watch->access(*block.running, shared, bytes, true);
  std::memset(block.shared + offset, kPoison, bytes);
  std::memset(block.seen + offset, kPoison, bytes);
  block.tensor_copies.push_back({*map, offset, bar, x, y, 0});
}
void tma_store_2d(const TensorMap* map, const void* shared, int x, int y) {
  const uint32_t bytes = uint32_t(map->box_rows) * uint32_t(map->box_columns * map->element_bytes);
  check_map("tma_store_2d", map, bytes);
  Thread& me = *block.running;
  me.stores.push_back({*map, shared_offset("tma_store_2d", shared, bytes, 1024), nullptr, x, y, me.store_group});
}
void tma_store_commit() { ++block.running->store_group; }
void tma_store_wait_for(int pending) {
  Thread& me = *block.running;
  const auto done = [&](const TensorCopy& copy) {
    if (copy.group + uint32_t(pending) >= me.store_group) return false;
    finish_store(copy);
    return true;
  };
  me.stores.erase(std::remove_if(me.stores.begin(), me.stores.end(), done), me.stores.end());
}

}  // namespace refine::cuda
