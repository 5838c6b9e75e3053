#include "set_block.h"

#include <algorithm>
#include <cstring>

namespace refine {
namespace {
constexpr size_t kChunkWords = size_t(1) << 15;
constexpr size_t kFirstSlots = 64;
}  // namespace

void SetBlock::start(JaccardThreshold threshold, uint32_t classes, bool indexed) {
  threshold_ = threshold;
  classes_ = classes;
  indexed_ = indexed;
  sets_.clear();
  if (chunks_.size() > 1) chunks_.resize(1);
  chunk_ = chunks_.empty() ? nullptr : chunks_[0].get();
  chunk_left_ = chunks_.empty() ? 0 : kChunkWords;
  slots_.assign(indexed ? kFirstSlots : 0, {});
  slots_.shrink_to_fit();
  lists_.clear();
  seen_.clear();
  tokens_ = search_ = 0;
  bytes_ = 0;
}

uint64_t* SetBlock::store(const uint64_t* tokens, size_t size) {
  if (size > chunk_left_) {
    const size_t words = std::max(size, kChunkWords);
    chunks_.push_back(std::make_unique_for_overwrite<uint64_t[]>(words));
    if (chunks_.size() == 1 && words > kChunkWords) {  // the first chunk is kept for the next cluster: always of the usual size
      chunks_.insert(chunks_.begin(), std::make_unique_for_overwrite<uint64_t[]>(kChunkWords));
    }
    chunk_ = chunks_.back().get();
    chunk_left_ = words;
  }
  uint64_t* at = chunk_;
  std::memcpy(at, tokens, size * sizeof(uint64_t));
  chunk_ += size;
  chunk_left_ -= size;
  return at;
}

bool SetBlock::fits(const OrderedSet& set, size_t max_bytes) const {
  if (sets_.empty()) return true;
  size_t more = (set.size + classes_ + 1) * sizeof(uint64_t) + sizeof(OrderedSet) + sizeof(uint64_t);
  if (indexed_) {
    const size_t prefix = threshold_.prefix(set.size);
    more += prefix * sizeof(Posting) * 2;
    size_t slots = slots_.size();
    while (2 * (tokens_ + prefix) > slots) slots *= 2;
    more += (slots == slots_.size() ? slots : slots + slots_.size()) * sizeof(Slot);  // old and new stand beside each other for a while
  }
  return bytes_ + more <= max_bytes;
}

uint32_t SetBlock::add(const OrderedSet& set, uint32_t group) {
  const auto number = uint32_t(sets_.size());
  OrderedSet own;
  own.size = set.size;
  own.tokens = store(set.tokens, set.size);
  std::vector<uint64_t> ends((classes_ + 1) / 2);
  std::memcpy(ends.data(), set.ends, classes_ * sizeof(uint32_t));
  own.ends = reinterpret_cast<const uint32_t*>(store(ends.data(), ends.size()));
  sets_.push_back(own);
  seen_.push_back(0);
  bytes_ += (set.size + ends.size()) * sizeof(uint64_t) + sizeof(OrderedSet) + sizeof(uint64_t);
  if (!indexed_) return number;
  const size_t prefix = threshold_.prefix(own.size);
  if (2 * (tokens_ + prefix) > slots_.size()) {
    size_t slots = slots_.size();
    while (2 * (tokens_ + prefix) > slots) slots *= 2;
    std::vector<Slot> old(slots);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.position != kFree) slots_[find(slot.token)] = slot;
  }
  for (size_t i = 0; i < prefix; ++i) post(own.tokens[i], {reach(own.size, i), number, uint32_t(i)}, group);
  return number;
}

size_t SetBlock::find(uint64_t token) const {
  const size_t mask = slots_.size() - 1;
  size_t at = size_t(token * 0x9E3779B97F4A7C15ull >> 20) & mask;
  while (slots_[at].position != kFree && slots_[at].token != token) at = (at + 1) & mask;
  return at;
}

void SetBlock::push(Heap& heap, Posting posting) {
  const size_t before = heap.capacity();
  heap.push_back(posting);
  std::push_heap(heap.begin(), heap.end(), [](const Posting& a, const Posting& b) { return a.reach < b.reach; });
  bytes_ += (heap.capacity() - before) * sizeof(Posting);
}

void SetBlock::post(uint64_t token, Posting posting, uint32_t group) {
  Slot& slot = slots_[find(token)];
  if (slot.position == kFree) {
    ++tokens_;
    slot.token = token;
    if (group == kLoose) {
      slot.set = posting.set;
      slot.position = posting.position;
      return;
    }
  }
  if (slot.position != kMany) {
    lists_.emplace_back();
    bytes_ += sizeof(List) * 2;
    if (slot.position != kFree) push(lists_.back().loose, {reach(sets_[slot.set].size, slot.position), slot.set, slot.position});
    slot.set = uint32_t(lists_.size() - 1);
    slot.position = kMany;
  }
  List& list = lists_[slot.set];
  if (group == kLoose) return push(list.loose, posting);
  for (Group& one : list.groups)
    if (one.name == group) return push(one.heap, posting);
  list.groups.push_back({group, {}});
  bytes_ += sizeof(Group) * 2;
  push(list.groups.back().heap, posting);
}

uint32_t SetBlock::first_similar(const OrderedSet& x, size_t* overlap) {
  uint32_t best = kNone;
  candidates(
      x,
      [&](uint32_t y, size_t i, size_t j, uint32_t c, size_t already) {
        ++met;
        if (y >= best) return;  // kNone is the largest
        const OrderedSet& set = sets_[y];
        const size_t need = threshold_.required(x.size, set.size);
        if (const size_t found = overlap_at_least(x, i, set, j, c, classes_, already, need)) {
          best = y;
          *overlap = found;
        }
      },
      [&](uint32_t) { return best == 0; });
  return best;
}

}  // namespace refine
