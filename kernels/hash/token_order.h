// The order of tokens within a cluster: rare ones first, so that what pages of one template share stands at the end of every
// set and is rarely looked at. A class is the token's share of the cluster's documents to a factor of two, by a table of
// counters that several tokens may share: a miscount moves a token in the order and changes no result, since filters are
// exact under any common order. Within a class tokens ascend.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "jaccard.h"

namespace refine {

constexpr uint32_t kTokenClasses = 16;

class TokenOrder {
 public:
  // `tokens`: of the whole cluster, for the size of the table (at most 16 MiB, a quarter of `max_bytes` for less).
  void start(uint64_t tokens, size_t max_bytes) {
    size_t slots = 1024;
    while (slots < (size_t(1) << 22) && slots < 2 * tokens && 8 * slots <= max_bytes / 4) slots *= 2;
    counts_.assign(slots, 0);
    shift_ = uint32_t(64 - std::countr_zero(slots));
    documents_ = 0;
  }
  void count(const uint64_t* tokens, size_t size) {
    ++documents_;
    for (size_t i = 0; i < size; ++i) ++counts_[slot(tokens[i])];
  }

  // `ordered` gets the tokens by (class, token); `ends` the kTokenClasses ends.
  void order(const uint64_t* tokens, size_t size, std::vector<uint64_t>& ordered, uint32_t* ends) {
    classes_.resize(size);
    ordered.resize(size);
    uint32_t counts[kTokenClasses] = {};
    for (size_t i = 0; i < size; ++i) ++counts[classes_[i] = class_of(tokens[i])];
    uint32_t next[kTokenClasses], at = 0;
    for (uint32_t c = 0; c < kTokenClasses; ++c) {
      next[c] = at;
      ends[c] = at += counts[c];
    }
    for (size_t i = 0; i < size; ++i) ordered[next[classes_[i]]++] = tokens[i];
  }

 private:
  size_t slot(uint64_t token) const { return size_t(token * 0x9E3779B97F4A7C15ull >> shift_); }
  uint8_t class_of(uint64_t token) const {
    const uint64_t one_in = documents_ / counts_[slot(token)];  // every token was counted
    const int rarity = one_in ? std::bit_width(one_in) - 1 : 0;
    return uint8_t(kTokenClasses - 1 - uint32_t(rarity < int(kTokenClasses) ? rarity : int(kTokenClasses) - 1));
  }

  std::vector<uint32_t> counts_;
  std::vector<uint8_t> classes_;
  uint64_t documents_ = 0;
  uint32_t shift_ = 0;
};

}  // namespace refine
