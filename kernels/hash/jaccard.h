// Bounds of a Jaccard threshold over set sizes, and the overlap of two sets in a common order of tokens.
// Every bound is derived from `meets`, the one place that compares, so no rounding can let a filter and the verdict disagree: a
// quotient of two counts is rounded to the nearest double, as is a threshold written in decimals, so 4 / 5 meets 0.8.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace refine {

struct JaccardThreshold {
  double min = 0.8;

  static double of(size_t overlap, size_t a, size_t b) { return double(overlap) / double(a + b - overlap); }
  bool meets(size_t overlap, size_t a, size_t b) const { return of(overlap, a, b) >= min; }

  // The smallest overlap with which sets of a and b tokens meet the threshold; min(a, b) + 1 where none does.
  size_t required(size_t a, size_t b) const {
    const size_t most = std::min(a, b) + 1;
    size_t overlap = std::min(most, size_t(std::ceil(min / (1 + min) * double(a + b))));
    while (overlap > 1 && meets(overlap - 1, a, b)) --overlap;
    while (overlap < most && !meets(overlap, a, b)) ++overlap;
    return overlap;
  }

  // Two sets that meet the threshold share a token among the first prefix(size) of each in any common order: they share at
  // least min x the size of each, so not all of that lies behind (AllPairs).
  size_t prefix(size_t size) const {
    size_t overlap = std::min(size, size_t(std::ceil(min * double(size))));  // with a subset, the partner that needs least
    while (overlap > 1 && double(overlap - 1) / double(size) >= min) --overlap;
    while (overlap < size && double(overlap) / double(size) < min) ++overlap;
    return size - overlap + 1;
  }
};

// A set's tokens ordered by (class, token); class c ends at ends[c].
struct OrderedSet {
  const uint64_t* tokens = nullptr;
  const uint32_t* ends = nullptr;
  uint32_t size = 0;
};

// |x and y| where it is at least `need`, else 0. The walk starts at x.tokens[i], y.tokens[j], both in class `from`, with `overlap`
// tokens before them in common; it ends when either set has missed more than it may.
size_t overlap_at_least(const OrderedSet& x, size_t i, const OrderedSet& y, size_t j, uint32_t from, uint32_t classes, size_t overlap, size_t need);

}  // namespace refine
