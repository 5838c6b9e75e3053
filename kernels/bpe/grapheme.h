// Extended grapheme clusters: where a character seen by a reader ends. Unicode 16.0, UAX #29 revision 45, rules GB3 to GB999.
#pragma once
#include <cstdint>

namespace refine::bpe {

// The end of the cluster that starts at p < end, in valid UTF-8 that begins at a cluster's start.
const uint8_t* grapheme_end(const uint8_t* p, const uint8_t* end);

}  // namespace refine::bpe
