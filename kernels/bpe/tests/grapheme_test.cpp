// Clusters against Unicode's own GraphemeBreakTest.
#include "../grapheme.h"

#include <string>
#include <string_view>
#include <vector>

#include "../../testing/check.h"

namespace {
#include "grapheme_tests.inc"
}

int main() {
  for (const auto& clusters : kGraphemeBreakTest) {
    std::string text;
    for (const auto cluster : clusters) text += cluster;
    std::vector<std::string_view> found;
    const auto begin = reinterpret_cast<const uint8_t*>(text.data()), end = begin + text.size();
    for (const uint8_t* p = begin; p < end;) {
      const uint8_t* const stop = refine::bpe::grapheme_end(p, end);
      found.emplace_back(reinterpret_cast<const char*>(p), size_t(stop - p));
      p = stop;
    }
    CHECK(found == clusters);
  }
  CHECK(kGraphemeBreakTest.size() > 1000);
  return refine::testing::report();
}
