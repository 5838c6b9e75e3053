// The core's unit tests: CHECK counts, and main returns report(), so a failed check is the exit code.
#pragma once
#include <cstdio>
#include <iostream>

namespace refine::testing {
// Instrumented code runs some ten times slower: a test of many random cases may take a share of them there and all of them in the plain build.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif
inline int passed = 0, failed = 0;
inline int report() {
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}
}  // namespace refine::testing

#define CHECK(condition) \
  do { if (condition) ++refine::testing::passed; else { ++refine::testing::failed; std::fprintf(stderr, "%s:%d: CHECK(%s) failed\n", __FILE__, __LINE__, #condition); } } while (0)
#define CHECK_EQ(a, b) \
  do { const auto& a_ = (a); const auto& b_ = (b); if (a_ == b_) ++refine::testing::passed; else { ++refine::testing::failed; std::cerr << __FILE__ << ":" << __LINE__ << ": " #a " is " << a_ << ", expected " #b " = " << b_ << "\n"; } } while (0)
