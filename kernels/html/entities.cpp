// Named character references: a sorted table, entered by the first two letters and narrowed letter by letter, so the
// longest match costs its own length.
#include <array>
#include <cstring>

#include "tokenizer.h"

namespace refine::html {
namespace {
struct Entity { const char* name; const char* value; };
#include "entities.inc"
constexpr size_t kCount = sizeof(kEntities) / sizeof(kEntities[0]);

// Where the names that begin with two letters start; names are of ASCII letters and digits and at least two long.
constexpr unsigned kLetters = 128 - '0';
using Starts = std::array<uint16_t, kLetters * kLetters + 1>;
const Starts& starts() {
  static const Starts table = [] {
    Starts t{};
    size_t entity = 0;
    for (size_t pair = 0; pair < t.size(); ++pair) {
      const auto before = [&](const char* name) { return size_t(name[0] - '0') * kLetters + size_t(name[1] - '0') < pair; };
      while (entity < kCount && before(kEntities[entity].name)) ++entity;
      t[pair] = uint16_t(entity);
    }
    return t;
  }();
  return table;
}
}  // namespace

size_t match_entity(const char* p, const char* end, std::string_view* value, uint64_t* reads) {
  if (end - p < 2) return 0;
  const unsigned a = static_cast<unsigned char>(p[0]) - unsigned('0'), b = static_cast<unsigned char>(p[1]) - unsigned('0');
  if (a >= kLetters || b >= kLetters) return 0;
  size_t low = starts()[a * kLetters + b], high = starts()[a * kLetters + b + 1], longest = 0;
  uint64_t looks = 2;
  for (size_t depth = 2; low < high; ++depth) {
    if (kEntities[low].name[depth] == 0) {  // sorted: the name that ends here comes first
      longest = depth;
      *value = kEntities[low++].value;
    }
    if (p + depth >= end) break;
    const char c = p[depth];
    while (low < high && kEntities[low].name[depth] != c) ++low, ++looks;
    size_t last = high;
    while (last > low && kEntities[last - 1].name[depth] != c) --last, ++looks;
    high = last;
  }
  if (reads) *reads += looks;
  return longest;
}

}  // namespace refine::html
