// Where a row stands among sorted rows: many questions at once, side by side, so that their cache misses overlap.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace refine::spill {

class RowIndex {
 public:
  static constexpr size_t kEvery = 32;  // rows a sample: 4 cache lines

  // rows ascend, each once; they stay the caller's.
  void build(const uint64_t* rows, size_t n) {
    rows_ = rows;
    n_ = n;
    samples_.clear();
    for (size_t i = 0; i < n; i += kEvery) samples_.push_back(rows[i]);
  }
  // out[i]: the place of asked[i]; false where one of them is not there.
  bool find(const uint64_t* asked, uint32_t* out, size_t count) const {
    for (; count > kLanes; asked += kLanes, out += kLanes, count -= kLanes)
      if (!find_lanes(asked, out, kLanes)) return false;
    return count == 0 || find_lanes(asked, out, count);
  }

 private:
  static constexpr size_t kLanes = 16;

  bool find_lanes(const uint64_t* asked, uint32_t* out, size_t lanes) const {
    if (n_ == 0) return false;
    size_t at[kLanes] = {};
    // The last sample that is not above: halving steps without branches, the same for all lanes.
    for (size_t size = samples_.size(); size > 1;) {
      const size_t half = size / 2;
      for (size_t lane = 0; lane < lanes; ++lane) at[lane] += samples_[at[lane] + half] <= asked[lane] ? half : 0;
      size -= half;
    }
    for (size_t lane = 0; lane < lanes; ++lane) {
      at[lane] *= kEvery;
      __builtin_prefetch(rows_ + at[lane]);
      __builtin_prefetch(rows_ + at[lane] + kEvery / 2);
    }
    bool found = true;
    for (size_t lane = 0; lane < lanes; ++lane) {
      const uint64_t* from = rows_ + at[lane];
      size_t size = std::min(kEvery, n_ - at[lane]), place = 0;
      while (size > 1) {
        const size_t half = size / 2;
        place += from[place + half] <= asked[lane] ? half : 0;
        size -= half;
      }
      found &= from[place] == asked[lane];
      out[lane] = uint32_t(at[lane] + place);
    }
    return found;
  }

  const uint64_t* rows_ = nullptr;
  size_t n_ = 0;
  std::vector<uint64_t> samples_;
};

}  // namespace refine::spill
