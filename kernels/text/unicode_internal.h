// Tables that only the Unicode sources of this room read; the others stand in unicode.h for inlining.
#pragma once
#include <cstddef>
#include <cstdint>

namespace refine {

struct CompositionPair {
  uint32_t first, second, composed;
};
extern const uint8_t kDecompositionStage1[];
extern const uint16_t kDecompositionStage2[];
extern const uint32_t kDecompositionPool[];  // at an offset: length, then the code points of the full decomposition
extern const CompositionPair kCompositions[];
extern const size_t kCompositionCount;

}  // namespace refine
