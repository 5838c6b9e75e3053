#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "sanitizer.h"

#if defined(__x86_64__)
asm(R"(
.text
.type refine_simt_switch, @function
.globl refine_simt_switch
.hidden refine_simt_switch
refine_simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size refine_simt_switch, .-refine_simt_switch
)");
#elif defined(__aarch64__)
asm(R"(
.text
.type refine_simt_switch, %function
.globl refine_simt_switch
.hidden refine_simt_switch
refine_simt_switch:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size refine_simt_switch, .-refine_simt_switch
)");
#else
#error "the CUDA emulator switches stacks on x86-64 and arm64 only"
#endif

extern "C" void refine_simt_switch(void** save, void* load);

namespace refine::cuda::simt {

char* stack_of(size_t i) {
  constexpr size_t kGuard = 4096, kEach = kStackBytes + kGuard, kChunk = 64;
  static std::vector<char*> chunks;
  while (chunks.size() * kChunk <= i) {
    void* memory = mmap(nullptr, kChunk * kEach, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      std::fprintf(stderr, "simt: no memory for the threads' stacks\n");
      std::abort();
    }
    for (size_t s = 0; s < kChunk; ++s) mprotect(static_cast<char*>(memory) + s * kEach, kGuard, PROT_NONE);
    chunks.push_back(static_cast<char*>(memory));
  }
  return chunks[i / kChunk] + (i % kChunk) * kEach + kGuard;
}

void prepare(Fiber& fiber, void (*entry)()) {
#if REFINE_ASAN
  // Red zones of the frames that were left: anywhere in a fiber that was left in the middle, at the top in one that ended. The shadow of
  // a whole stack is 32 KiB, which a launch of small blocks would write more than anything else.
  constexpr size_t kLast = 4096;
  const size_t stale = fiber.unwound ? kLast : kStackBytes;
  ASAN_UNPOISON_MEMORY_REGION(fiber.stack + kStackBytes - stale, stale);
#endif
  fiber.unwound = false;
  fiber.sanitizer = nullptr;
  fiber.bottom = fiber.stack;
  fiber.size = kStackBytes;
  auto* top = reinterpret_cast<uint64_t*>(fiber.stack + kStackBytes);
#if defined(__x86_64__)
  *--top = 0;  // entry's return address; it also leaves the stack pointer as a call would
  *--top = reinterpret_cast<uint64_t>(entry);
  for (int i = 0; i < 6; ++i) *--top = 0;
#else
  top -= 20;
  for (int i = 0; i < 20; ++i) top[i] = 0;
  top[11] = reinterpret_cast<uint64_t>(entry);
#endif
  fiber.stack_pointer = top;
}

void switch_fiber(Fiber& from, Fiber& to, [[maybe_unused]] bool from_ends) {
#if REFINE_ASAN
  __sanitizer_start_switch_fiber(from_ends ? nullptr : &from.sanitizer, to.bottom, to.size);
#endif
  refine_simt_switch(&from.stack_pointer, to.stack_pointer);
#if REFINE_ASAN
  __sanitizer_finish_switch_fiber(from.sanitizer, nullptr, nullptr);
#endif
}

void fiber_entered([[maybe_unused]] Fiber& from) {
#if REFINE_ASAN
  const void* bottom = nullptr;
  size_t size = 0;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
  if (from.stack == nullptr) {
    from.bottom = bottom;
    from.size = size;
  }
#endif
}

}  // namespace refine::cuda::simt
