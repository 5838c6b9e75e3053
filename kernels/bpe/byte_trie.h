// Byte strings with values in a double array: one read a byte finds the strings that begin a text.
// Invariant: built once, then only read. Memory: 8 bytes a slot, about 1.1 slots a node.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace refine::bpe {

class ByteTrie {
 public:
  static constexpr uint32_t kNone = UINT32_MAX, kRoot = 0;

  // Equal strings keep the first one's value; empty ones are left out. Values are below 2^32 - 1.
  explicit ByteTrie(std::vector<std::pair<std::string_view, uint32_t>> entries);

  // The node behind `node` over `byte`, or kNone.
  uint32_t step(uint32_t node, uint8_t byte) const {
    const uint32_t next = slots_[node].base + byte;
    return slots_[next].owner == node ? next : kNone;
  }
  // The value of the string that ends at this node, or kNone.
  uint32_t value(uint32_t node) const { return values_[node]; }

 private:
  struct Slot {
    uint32_t base = 0, owner = kNone;  // children of this node stand at base + byte and have this node as owner
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> values_;
};

}  // namespace refine::bpe
