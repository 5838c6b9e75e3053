// Sets of one cluster held in memory, with an inverted index over their prefixes: which of them could meet the threshold with
// a given set, without looking at the others.
// A posting (set y, position j of the token in y) can belong to a pair that meets the threshold, with the token the first that
// both share, only if |y| - j >= required overlap, so only if |y| - (1 + t) j >= t |x|. The postings of a token are a heap on
// that left side: a token of the template, which stands far back in every set, costs nothing to look at however many
// pages have it. If the first shared token fails this, every later one does.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "jaccard.h"

namespace refine {

class SetBlock {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kLoose = UINT32_MAX;  // of no group

  // classes 1 and `indexed` false: every set is a candidate, as fits a handful.
  void start(JaccardThreshold threshold, uint32_t classes, bool indexed);
  uint32_t size() const { return uint32_t(sets_.size()); }
  const OrderedSet& operator[](uint32_t number) const { return sets_[number]; }
  // Whether another set keeps the block within `max_bytes`; a first one always does.
  bool fits(const OrderedSet& set, size_t max_bytes) const;
  // Copies the set; it gets the next number. A group's postings stand together, so that a visitor can pass over all of them.
  uint32_t add(const OrderedSet& set, uint32_t group = kLoose);

  // Calls visit(number, i, j, class, overlap) once for each set that may meet the threshold with `x`; (i, j): the walk's start.
  // passed(group): skip that group from here on; passed(kLoose): end the search. Asked anew after every visit.
  template <class Visit, class Passed>
  void candidates(const OrderedSet& x, Visit&& visit, Passed&& passed);

  // The set of the smallest number that meets the threshold with `x`, and its overlap; kNone.
  uint32_t first_similar(const OrderedSet& x, size_t* overlap);

  uint64_t met = 0;  // candidates of all searches

 private:
  struct Posting {
    double reach;  // |y| - (1 + t) j
    uint32_t set, position;
  };
  using Heap = std::vector<Posting>;
  struct Group {
    uint32_t name;
    Heap heap;
  };
  struct List {
    Heap loose;
    std::vector<Group> groups;
  };
  struct Slot {
    uint64_t token = 0;
    uint32_t set = 0, position = kFree;  // a token's only posting stands here; of several: position kMany, `set` names the list
  };
  static constexpr uint32_t kFree = UINT32_MAX, kMany = UINT32_MAX - 1;

  size_t find(uint64_t token) const;
  void post(uint64_t token, Posting posting, uint32_t group);
  void push(Heap& heap, Posting posting);
  uint64_t* store(const uint64_t* tokens, size_t size);
  double reach(uint32_t size, size_t position) const { return double(size) - (1 + threshold_.min) * double(position); }

  JaccardThreshold threshold_;
  uint32_t classes_ = 1;
  bool indexed_ = false;
  std::vector<OrderedSet> sets_;
  std::vector<std::unique_ptr<uint64_t[]>> chunks_;
  uint64_t* chunk_ = nullptr;
  size_t chunk_left_ = 0, bytes_ = 0;
  std::vector<Slot> slots_;
  size_t tokens_ = 0;
  std::vector<List> lists_;
  std::vector<uint64_t> seen_;  // by set: the number of the last search that met it
  uint64_t search_ = 0;
  std::vector<uint32_t> stack_;
};

template <class Visit, class Passed>
void SetBlock::candidates(const OrderedSet& x, Visit&& visit, Passed&& passed) {
  if (!indexed_) {
    for (uint32_t y = 0; y < sets_.size(); ++y) visit(y, size_t(0), size_t(0), 0u, size_t(0));
    return;
  }
  ++search_;
  const double bound = threshold_.min * double(x.size) - 1;  // 1: overlaps are whole, so no rounding can lose a pair
  const size_t prefix = threshold_.prefix(x.size);
  uint32_t c = 0;
  for (size_t i = 0; i < prefix && !passed(kLoose); ++i) {
    while (x.ends[c] <= i) ++c;
    const Slot& slot = slots_[find(x.tokens[i])];
    if (slot.position == kFree) continue;
    auto meet = [&](uint32_t y, uint32_t j) {
      if (seen_[y] == search_) return;
      seen_[y] = search_;
      visit(y, i + 1, size_t(j) + 1, c, size_t(1));
    };
    if (slot.position != kMany) {
      meet(slot.set, slot.position);
      continue;
    }
    auto walk = [&](const Heap& heap, auto&& stop) {  // every posting of the heap that reaches the bound
      stack_.clear();
      if (!heap.empty()) stack_.push_back(0);
      while (!stack_.empty()) {
        const uint32_t at = stack_.back();
        stack_.pop_back();
        if (heap[at].reach < bound) continue;
        if (2 * size_t(at) + 2 < heap.size()) stack_.push_back(2 * at + 2);
        if (2 * size_t(at) + 1 < heap.size()) stack_.push_back(2 * at + 1);
        meet(heap[at].set, heap[at].position);
        if (stop()) return;
      }
    };
    List& list = lists_[slot.set];
    walk(list.loose, [&] { return passed(kLoose); });
    for (const Group& group : list.groups)
      if (!passed(group.name)) walk(group.heap, [&] { return passed(group.name); });
  }
}

}  // namespace refine
