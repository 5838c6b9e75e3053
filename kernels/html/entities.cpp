// Named character references: a sorted table narrowed letter by letter, so the longest match costs its own length.
#include <cstring>

#include "tokenizer.h"

namespace refine::html {
namespace {
struct Entity { const char* name; const char* value; };
#include "entities.inc"
constexpr size_t kCount = sizeof(kEntities) / sizeof(kEntities[0]);
}  // namespace

size_t match_entity(const char* p, const char* end, std::string_view* value) {
  size_t low = 0, high = kCount, longest = 0;
  for (size_t depth = 0; p + depth < end; ++depth) {
    const unsigned char c = static_cast<unsigned char>(p[depth]);
    size_t a = low, b = high;
    while (a < b) {  // first name whose letter here is >= c; names that end here have NUL
      const size_t mid = (a + b) / 2;
      if (static_cast<unsigned char>(kEntities[mid].name[depth]) < c) a = mid + 1; else b = mid;
    }
    low = a;
    b = high;
    while (a < b) {
      const size_t mid = (a + b) / 2;
      if (static_cast<unsigned char>(kEntities[mid].name[depth]) <= c) a = mid + 1; else b = mid;
    }
    high = a;
    if (low >= high || c == 0) break;
    if (kEntities[low].name[depth + 1] == 0) {
      longest = depth + 1;
      *value = kEntities[low].value;
      if (high - low == 1) break;
    }
  }
  return longest;
}

}  // namespace refine::html
