// 8-bit products in plain C++: what the other sets must equal.
#include <utility>

#include "kernels.h"

#define REFINE_INT8_OPAQUE(x) __asm__("" : "+r"(x))
#define REFINE_INT8_TARGET

namespace refine::model {
namespace {

using S = int32_t;
constexpr int kSumWidth = 1, kInt8Rows = 4, kInt8Vectors = 4;
S no_sums() { return 0; }
uint32_t load_words(const uint32_t* p) { return *p; }
uint32_t word(uint32_t x) { return x; }
S dot4(S sum, uint32_t a, uint32_t w) {
  for (int i = 0; i < 32; i += 8) sum += int32_t(int8_t(a >> i)) * int32_t(int8_t(w >> i));
  return sum;
}
void store_sums(int32_t* p, S x) { *p = x; }

}  // namespace
}  // namespace refine::model
#include "int8_tiles.inc"

namespace refine::model {
const Int8Tiles* int8_scalar() {
  static const Int8Tiles tiles = int8_tiles(std::make_integer_sequence<int, kInt8Rows>{}, false);
  return &tiles;
}
}  // namespace refine::model
