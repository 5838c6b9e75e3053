// Stacks and the switch between them: callee-saved registers and the stack pointer change, nothing else. x86-64 and arm64, ELF.
#pragma once
#include <cstddef>

namespace refine::cuda::simt {

constexpr size_t kStackBytes = 256 * 1024;  // reserved; pages are taken as they are touched

struct Fiber {
  void* stack_pointer = nullptr;
  char* stack = nullptr;  // null: the stack of the host's thread, known once it has switched away
  void* sanitizer = nullptr;
  const void* bottom = nullptr;
  size_t size = 0;
  bool unwound = false;  // it ended with nothing but entry()'s own frame on its stack
};

// `count` stacks with a guard page each, kept for the process; stack_of(i) is the lower end of the i-th.
char* stack_of(size_t i);
// The fiber will run entry() on its stack; entry never returns.
void prepare(Fiber& fiber, void (*entry)());
void switch_fiber(Fiber& from, Fiber& to, bool from_ends);
// First thing in entry().
void fiber_entered(Fiber& from);

}  // namespace refine::cuda::simt
