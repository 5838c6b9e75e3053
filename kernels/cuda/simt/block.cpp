#include "block.h"

#include <sys/mman.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sanitizer.h"
#include "watch.h"
#include "words.h"

namespace refine::cuda::simt {

Block block;

namespace {

// Not memset: the size that a symbol has under AddressSanitizer may include its red zone, whose bytes nobody reads.
__attribute__((no_sanitize("address"))) void poison_static(const Range& range) {
  for (size_t i = 0; i < range.bytes; ++i) static_cast<volatile char*>(range.start)[i] = char(kPoison);
}

uint64_t the_seed = [] {
  const char* text = std::getenv("REFINE_SIMT_SEED");
  return text ? std::strtoull(text, nullptr, 10) : 0;
}();
bool catching = false;
std::string caught;
uint64_t blocks = 0;

Thread* next() {
  if (the_seed != 0 && !block.tensor_copies.empty() && draw() % 8 == 0) complete_some_copy();
  while (block.first == block.ready.size()) {
    if (complete_some_copy()) continue;
    std::string& text = block.message;  // deadlock: say what everybody waits for, equal neighbours together (no local: this stack is left)
    text.clear();
    for (size_t i = 0; i < block.threads.size();) {
      const Thread& thread = block.threads[i];
      size_t end = i + 1;
      while (end < block.threads.size() && block.threads[end].waits == thread.waits && block.threads[end].waits_a == thread.waits_a && block.threads[end].waits_b == thread.waits_b &&
             block.threads[end].exited == thread.exited)
        ++end;
      char line[320], what[200];
      if (thread.exited) std::snprintf(what, sizeof what, "ended");
      else std::snprintf(what, sizeof what, thread.waits, static_cast<unsigned long long>(thread.waits_a), static_cast<unsigned long long>(thread.waits_b));
      std::snprintf(line, sizeof line, "\n  threads %zu to %zu: %s", i, end - 1, what);
      text += line;
      i = end;
    }
    for (const auto& [cell, bar] : block.mbarriers) {
      char line[200];
      const auto address = reinterpret_cast<uintptr_t>(cell);
      std::snprintf(line, sizeof line, "\n  mbarrier at %llx: phase %u, %d of %d arrivals and %lld bytes missing", static_cast<unsigned long long>(address), bar.phase, bar.pending, bar.arrivals,
                    static_cast<long long>(bar.bytes));
      text += line;
    }
    fault("deadlock: no thread can go on%s", text.c_str());
  }
  if (the_seed != 0) std::swap(block.ready[block.first], block.ready[block.first + draw() % (block.ready.size() - block.first)]);
  Thread* thread = block.ready[block.first++];
  if (block.first == block.ready.size()) {
    block.ready.clear();
    block.first = 0;
  }
  return thread;
}

void switch_to(Fiber& from, Thread* to, bool ends) {
  block.running = to;
  threadIdx = to->index;
  if (&from != &to->fiber) switch_fiber(from, to->fiber, ends);
}

// `last`: the thread that came last, where it waits too.
void complete(NamedBarrier& barrier, Thread* last) {
  if (watch) {
    std::vector<Thread*> all = barrier.waiting;
    if (last != nullptr) all.push_back(last);
    watch->meet(all.data(), all.size(), &barrier);
  }
  barrier.result = barrier.sum;
  barrier.sum = 0;
  barrier.arrived = barrier.expected = 0;
  for (Thread* thread : barrier.waiting) wake(thread);
  barrier.waiting.clear();
}

// barrier.sync.aligned: a warp comes whole or has ended whole.
void complete_block_barrier(Thread* last) {
  for (const Warp& warp : block.warps)
    if (warp.exited != 0 && warp.exited != warp.present)
      fault("__syncthreads: lanes %08x of warp %zu have ended, the others wait here", warp.exited, size_t(&warp - block.warps.data()));
  complete(block.barriers[0], last);
}

void thread_main() {
  fiber_entered(block.host);
  (*block.body)();
  Thread& me = *block.running;
  check_finished(me);
  me.exited = true;
  me.warp->exited |= 1u << me.lane;
  --block.live;
  for (const Meeting& meeting : me.warp->meetings)
    if (meeting.mask >> me.lane & 1) fault("%s of mask %08x: lane %u ended without it", meeting.what, meeting.mask, me.lane);
  me.fiber.unwound = true;
  if (block.live == 0) {
    if (!block.tensor_copies.empty()) fault("the block ended with %zu tensor copies under way", block.tensor_copies.size());
    block.running = nullptr;
    switch_fiber(me.fiber, block.host, true);
  }
  NamedBarrier& barrier = block.barriers[0];
  if (barrier.arrived != 0 && barrier.expected == UINT32_MAX && barrier.arrived == block.live) complete_block_barrier(nullptr);
  switch_to(me.fiber, next(), true);
  __builtin_unreachable();
}

int sync_all(int predicate) {
  NamedBarrier& barrier = block.barriers[0];
  if (barrier.expected != 0 && barrier.expected != UINT32_MAX) fault("__syncthreads on barrier 0, which others use with %u threads", barrier.expected);
  barrier.expected = UINT32_MAX;
  barrier.sum += predicate != 0;
  if (++barrier.arrived == block.live) {
    complete_block_barrier(block.running);
  } else {
    barrier.waiting.push_back(block.running);
    wait("__syncthreads");
  }
  return barrier.result;
}

}  // namespace

uint64_t draw() {  // splitmix64
  uint64_t z = block.random += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void wait(const char* format, uint64_t a, uint64_t b) {
  Thread* me = block.running;
  me->waits = format;
  me->waits_a = a;
  me->waits_b = b;
  switch_to(me->fiber, next(), false);
}
void wake(Thread* thread) {
  thread->waits = nullptr;
  block.ready.push_back(thread);
}
void pause() {
  Thread* me = block.running;
  wake(me);
  Thread* to = next();
  switch_to(me->fiber, to, false);
}

void fault(const char* format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  char place[256] = "";
  if (block.running != nullptr)
    std::snprintf(place, sizeof place, " block (%u, %u, %u) thread (%u, %u, %u)", blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z);
  block.message = "simt: " + name_of(block.kernel) + place + ": " + text;
  if (!catching || block.running == nullptr) {
    std::fprintf(stderr, "%s\n", block.message.c_str());
    std::abort();
  }
  block.failed = true;
  block.running->fiber.unwound = false;
  switch_fiber(block.running->fiber, block.host, true);
  __builtin_unreachable();
}

void set_seed(uint64_t value) { the_seed = value; }
uint64_t seed() { return the_seed; }
uint64_t blocks_run() { return blocks; }

std::string error_of(const std::function<void()>& body) {
  catching = true;
  caught.clear();
  body();
  catching = false;
  return std::exchange(caught, std::string());
}

cudaError_t run_grid(const void* kernel, dim3 grid, dim3 block_size, size_t dynamic_shared_bytes, const std::function<void()>& thread) {
  static char* arenas = [] {
    constexpr size_t kArena = kSharedLimit + 2048;
    void* memory = mmap(nullptr, 2 * kArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(memory) + 1023) & ~uintptr_t(1023));
  }();
  block.shared = arenas;
  block.seen = arenas + kSharedLimit + 1024;
  block.shared_bytes = dynamic_shared_bytes;
  block.kernel = kernel;
  block.body = &thread;
  block.random = the_seed;
  blockDim = block_size;
  gridDim = grid;
  const uint32_t count = block_size.x * block_size.y * block_size.z;
  block.threads.resize(count);
  block.warps.assign((count + 31) / 32, Warp{});
  block.groups.resize((count + 127) / 128);
  for (uint32_t i = 0; i < count; ++i) {
    Thread& t = block.threads[i];
    t.linear = i;
    t.lane = i % 32;
    t.index = uint3{i % block_size.x, i / block_size.x % block_size.y, i / (block_size.x * block_size.y)};
    t.warp = &block.warps[i / 32];
    t.group = &block.groups[i / 128];
    t.number = i % 128;
    t.fiber.stack = stack_of(i);
    t.warp->present |= 1u << t.lane;
    t.warp->threads[t.lane] = &t;
  }
  const auto& statics = static_shared(kernel);
#if REFINE_ASAN
  ASAN_UNPOISON_MEMORY_REGION(block.shared, kSharedLimit + 1024);
#endif
  for (blockIdx.z = 0; blockIdx.z < grid.z; ++blockIdx.z)
    for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y)
      for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x) {
        std::memset(block.shared, kPoison, dynamic_shared_bytes);
        std::memset(block.seen, kPoison, dynamic_shared_bytes);
        for (const Range& range : statics) poison_static(range);
#if REFINE_ASAN
        ASAN_POISON_MEMORY_REGION(block.shared + dynamic_shared_bytes, kSharedLimit + 1024 - dynamic_shared_bytes);
#endif
        block.ready.clear();
        block.first = 0;
        block.live = count;
        for (auto& warp : block.warps) {
          warp.exited = 0;
          for (auto& meeting : warp.meetings) meeting.mask = 0;
        }
        for (auto& group : block.groups) {
          group.arrived = 0;
          group.accumulators.clear();
          group.products.clear();
        }
        for (auto& barrier : block.barriers) barrier = NamedBarrier{};
        block.mbarriers.clear();
        block.tensor_copies.clear();
        for (auto& t : block.threads) {
          t.exited = t.fenced = false;
          t.waits = nullptr;
          t.copies.clear();
          t.stores.clear();
          t.copy_group = t.store_group = t.product_group = 0;
          prepare(t.fiber, thread_main);
          block.ready.push_back(&t);
        }
        ++blocks;
        if (watch) watch->block_starts(blockIdx.x == 0 && blockIdx.y == 0 && blockIdx.z == 0);
        switch_to(block.host, next(), false);
        block.running = nullptr;
        if (block.failed) {
          block.failed = false;
          caught = std::move(block.message);
          return cudaErrorLaunchFailure;
        }
      }
  return cudaSuccess;
}

void* dynamic_shared_base() { return block.shared; }
uint32_t lane() { return block.running->lane; }
uint32_t live_lanes() { return 1u << block.running->lane; }

void sync_block() { sync_all(0); }
int sync_block_count(int predicate) { return sync_all(predicate); }

void sync_named(int id, int threads, bool waits) {
  if (id < 0 || id > 15) fault("named barrier %d: there are 0 to 15", id);
  if (threads <= 0 || threads % 32 != 0 || uint32_t(threads) > (block.threads.size() + 31) / 32 * 32) fault("named barrier %d of %d threads: a multiple of 32 within the block", id, threads);
  NamedBarrier& barrier = block.barriers[id];
  if (barrier.expected != 0 && barrier.expected != uint32_t(threads)) fault("named barrier %d of %d threads, where others wait for %u", id, threads, barrier.expected);
  barrier.expected = uint32_t(threads);
  if (watch && !waits) watch->release(*block.running, &barrier);
  if (++barrier.arrived == uint32_t(threads)) {
    complete(barrier, waits ? block.running : nullptr);
  } else if (waits) {
    barrier.waiting.push_back(block.running);
    wait("named barrier %llu of %llu threads", uint64_t(id), uint64_t(threads));
  }
}

void meet_warp(const char* what, uint32_t mask, void* slot, void (*act)(void* const (&slots)[32], uint32_t mask, const void* with), const void* with) {
  Thread& me = *block.running;
  Warp& warp = *me.warp;
  if (!(mask >> me.lane & 1)) fault("%s of mask %08x: lane %u is not in it", what, mask, me.lane);
  if (const uint32_t gone = mask & (warp.exited | ~warp.present)) fault("%s of mask %08x: lane %d has ended or never was", what, mask, __builtin_ctz(gone));
  Meeting* meeting = nullptr;
  for (auto& candidate : warp.meetings)
    if (candidate.mask == mask && !(candidate.arrived >> me.lane & 1) && (candidate.what == what || std::strcmp(candidate.what, what) == 0)) meeting = &candidate;
  if (meeting == nullptr) {
    for (auto& candidate : warp.meetings)
      if (candidate.mask == 0) {
        meeting = &candidate;
        break;
      }
    if (meeting == nullptr) fault("%s: more meetings of one warp than its lanes can be in", what);
    meeting->what = what;
    meeting->mask = mask;
    meeting->arrived = 0;
  }
  meeting->slots[me.lane] = slot;
  meeting->arrived |= 1u << me.lane;
  if (meeting->arrived != mask) {
    wait(what);
    return;
  }
  act(meeting->slots, mask, with);
  meeting->mask = 0;
  for (uint32_t rest = mask & ~(1u << me.lane); rest != 0; rest &= rest - 1) wake(warp.threads[__builtin_ctz(rest)]);
}

void sync_warp(uint32_t mask) {
  meet_warp(
      "__syncwarp", mask, nullptr,
      [](void* const(&)[32], uint32_t all, const void*) {
        if (!watch) return;
        Thread* lanes[32];
        size_t count = 0;
        for (uint32_t rest = all; rest != 0; rest &= rest - 1) lanes[count++] = block.running->warp->threads[__builtin_ctz(rest)];
        watch->meet(lanes, count, nullptr);
      },
      nullptr);
}

uint64_t shuffle(Exchange exchange, uint32_t mask, uint64_t bits, uint32_t operand, uint32_t width) {
  if (width == 0 || width > 32 || (width & (width - 1)) != 0) fault("shuffle of width %u: a power of two up to 32", width);
  ShuffleSlot slot{bits, operand, width};
  meet_warp(
      exchange == Exchange::kIndex ? "__shfl_sync" : exchange == Exchange::kUp ? "__shfl_up_sync" : exchange == Exchange::kDown ? "__shfl_down_sync" : "__shfl_xor_sync", mask, &slot,
      [](void* const(&slots)[32], uint32_t all, const void* with) {
        const auto how = *static_cast<const Exchange*>(with);
        uint64_t before[32] = {};
        for (uint32_t rest = all; rest != 0; rest &= rest - 1) before[__builtin_ctz(rest)] = static_cast<ShuffleSlot*>(slots[__builtin_ctz(rest)])->value;
        for (uint32_t rest = all; rest != 0; rest &= rest - 1) {
          const uint32_t at = uint32_t(__builtin_ctz(rest));
          auto& mine = *static_cast<ShuffleSlot*>(slots[at]);
          const uint32_t start = at & ~(mine.width - 1), last = start + mine.width - 1;
          uint32_t from = at;
          switch (how) {  // outside the segment a lane keeps its own value
            case Exchange::kIndex: from = start | (mine.operand & (mine.width - 1)); break;
            case Exchange::kUp: from = at >= start + mine.operand ? at - mine.operand : at; break;
            case Exchange::kDown: from = mine.operand <= last - at ? at + mine.operand : at; break;
            case Exchange::kXor: from = (at ^ mine.operand) <= last ? at ^ mine.operand : at; break;
          }
          if (from > 31 || !(all >> from & 1)) fault("a shuffle of mask %08x: lane %u reads lane %u outside of it", all, at, from);
          mine.value = before[from];
        }
      },
      &exchange);
  return slot.value;
}

uint32_t ballot(uint32_t mask, bool predicate) {
  uint32_t slot = predicate;
  meet_warp(
      "__ballot_sync", mask, &slot,
      [](void* const(&slots)[32], uint32_t all, const void*) {
        uint32_t votes = 0;
        for (uint32_t i = 0; i < 32; ++i)
          if (all >> i & 1) votes |= *static_cast<uint32_t*>(slots[i]) << i;
        for (uint32_t i = 0; i < 32; ++i)
          if (all >> i & 1) *static_cast<uint32_t*>(slots[i]) = votes;
      },
      nullptr);
  return slot;
}

uint32_t reduce_lanes(uint32_t mask, uint32_t value, char operation) {
  uint32_t slot = value;
  meet_warp(
      "__reduce_sync", mask, &slot,
      [](void* const(&slots)[32], uint32_t all, const void* with) {
        const char how = *static_cast<const char*>(with);
        uint32_t sum = *static_cast<uint32_t*>(slots[__builtin_ctz(all)]);
        for (uint32_t rest = all & (all - 1); rest != 0; rest &= rest - 1) {
          const uint32_t term = *static_cast<uint32_t*>(slots[__builtin_ctz(rest)]);
          switch (how) {
            case '+': sum += term; break;
            case '<': sum = std::min(sum, term); break;
            case '>': sum = std::max(sum, term); break;
            case 's': sum = uint32_t(std::min(int32_t(sum), int32_t(term))); break;
            case 'S': sum = uint32_t(std::max(int32_t(sum), int32_t(term))); break;
            case '&': sum &= term; break;
            case '|': sum |= term; break;
            default: sum ^= term;
          }
        }
        for (uint32_t rest = all; rest != 0; rest &= rest - 1) *static_cast<uint32_t*>(slots[__builtin_ctz(rest)]) = sum;
      },
      &operation);
  return slot;
}

uint32_t shared_offset(const char* what, const void* pointer, size_t bytes, size_t alignment) {
  const auto* at = static_cast<const char*>(pointer);
  if (at < block.shared || at + bytes > block.shared + block.shared_bytes) fault("%s: %zu bytes at %p are not in dynamic shared memory", what, bytes, pointer);
  const auto offset = uint32_t(at - block.shared);
  if (offset % alignment != 0) fault("%s: offset %u of shared memory is no multiple of %zu", what, offset, alignment);
  return offset;
}

}  // namespace refine::cuda::simt
