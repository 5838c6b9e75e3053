// The hash of a run of symbols that moves on by one symbol in constant time: a polynomial mod 2^64 over mixed symbols. It
// only orders and groups; nothing is called equal by it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace refine::substring {

constexpr uint64_t kBase = 0x9e3779b97f4a7c15ull;

inline uint64_t mix(uint64_t x) {  // a bijection
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  x ^= x >> 29;
  return x;
}
inline uint64_t symbol_code(uint32_t symbol) { return mix((symbol + 1) * 0xbf58476d1ce4e5b9ull); }

inline uint64_t power(uint64_t base, uint32_t exponent) {
  uint64_t result = 1;
  for (; exponent; exponent >>= 1, base *= base)
    if (exponent & 1) result *= base;
  return result;
}

// The smallest of the last `width` values pushed, the first of equals; constant work a value on average, whatever they are.
class SlidingMinimum {
 public:
  struct Value {
    uint64_t order;
    size_t at;
  };
  explicit SlidingMinimum(size_t width) : width_(width) {
    size_t room = 1;
    while (room < width + 1) room *= 2;
    queue_.resize(room);
  }
  void clear() { head_ = tail_ = 0; }
  // `at` goes up by one from call to call.
  const Value& push(uint64_t order, size_t at) {
    const size_t mask = queue_.size() - 1;
    while (tail_ != head_ && queue_[(tail_ - 1) & mask].order > order) --tail_;
    queue_[tail_++ & mask] = {order, at};
    if (queue_[head_ & mask].at + width_ <= at) ++head_;
    return queue_[head_ & mask];
  }

 private:
  size_t width_, head_ = 0, tail_ = 0;  // [head_, tail_) modulo the queue's size, ascending by (order, at)
  std::vector<Value> queue_;
};

}  // namespace refine::substring
