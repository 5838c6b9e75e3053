#include "jaccard.h"

namespace refine {

size_t overlap_at_least(const OrderedSet& x, size_t i, const OrderedSet& y, size_t j, uint32_t from, uint32_t classes, size_t overlap, size_t need) {
  if (need > x.size || need > y.size) return 0;
  const size_t may_miss_x = x.size - need, may_miss_y = y.size - need;
  size_t missed_x = i - overlap, missed_y = j - overlap;
  for (uint32_t c = from; c < classes; ++c) {
    const size_t end_x = x.ends[c], end_y = y.ends[c];
    while (i < end_x && j < end_y) {
      const uint64_t a = x.tokens[i], b = y.tokens[j];
      if (a == b) {
        ++overlap, ++i, ++j;
      } else if (a < b) {
        ++i;
        if (++missed_x > may_miss_x) return 0;
      } else {
        ++j;
        if (++missed_y > may_miss_y) return 0;
      }
    }
    missed_x += end_x - i;
    missed_y += end_y - j;
    if (missed_x > may_miss_x || missed_y > may_miss_y) return 0;
    i = end_x;
    j = end_y;
  }
  return overlap;
}

}  // namespace refine
