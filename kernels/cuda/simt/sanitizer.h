// REFINE_ASAN: 1 under AddressSanitizer, which g++ and clang announce in different words; its interface with it.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define REFINE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REFINE_ASAN 1
#endif
#endif
#if !defined(REFINE_ASAN)
#define REFINE_ASAN 0
#endif

#if REFINE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
