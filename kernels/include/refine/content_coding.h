// The content codings that the core undoes, by name: what Node's boundary and tests use.
#pragma once
#include <string>
#include <string_view>

#include "refine/inflate.h"

namespace refine {

// `gzip`, `x-gzip`, `deflate` or `zstd`; false for any other name.
bool decode_content(std::string_view coding, std::string_view body, size_t limit, std::string& out, DecodeResult* result);

}  // namespace refine
