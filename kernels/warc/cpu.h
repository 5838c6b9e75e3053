// Run-time dispatch: one cached look at the processor, and a switch for tests that want the scalar paths.
#pragma once
#include <atomic>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace refine::cpu {

inline std::atomic<bool> enabled{true};

#if defined(__x86_64__)
struct Features {
  bool pclmul = false, sha = false;  // each with SSSE3 and SSE4.1, which its code also uses
  Features() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    const bool sse41 = (c & bit_SSE4_1) && (c & bit_SSSE3);
    pclmul = sse41 && (c & bit_PCLMUL);
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) sha = sse41 && (b & (1u << 29));
  }
};
inline const Features& features() {
  static const Features found;
  return found;
}
inline bool has_pclmul() { return features().pclmul && enabled.load(std::memory_order_relaxed); }
inline bool has_sha() { return features().sha && enabled.load(std::memory_order_relaxed); }
#endif

}  // namespace refine::cpu
