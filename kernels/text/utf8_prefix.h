// The two ways to find where UTF-8 stops being valid, each by name, so that a test can compare them. Callers use
// valid_utf8_prefix in refine/utf8.h, which picks the faster one that this machine has.
#pragma once
#include <cstddef>
#include <string_view>

namespace refine::detail {

size_t valid_utf8_prefix_scalar(std::string_view bytes);
bool has_avx2();
size_t valid_utf8_prefix_avx2(std::string_view bytes);  // only where has_avx2()

}  // namespace refine::detail
