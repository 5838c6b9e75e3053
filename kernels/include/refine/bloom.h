// A split-block Bloom filter over 64-bit hashes: 256-bit blocks, one bit in each of a block's eight 32-bit words, as in
// Parquet's format (Putze, Sanders, Singler 2007). One cache line a question; no false negatives.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace refine {

class BloomFilter {
 public:
  // The smallest filter that answers wrongly for at most `rate` of absent keys after `keys` distinct ones; rate in (0, 1).
  static size_t blocks_for(uint64_t keys, double rate);
  // The expected share of wrong answers: with k keys in a block a word lacks a given bit with (31/32)^k, and k is
  // Poisson with mean keys / blocks.
  static double expected_rate(uint64_t keys, size_t blocks);

  explicit BloomFilter(size_t blocks) : words_(blocks * 8), blocks_(blocks) {}
  void add(uint64_t hash);
  bool has(uint64_t hash) const;
  size_t bytes() const { return words_.size() * 4; }

 private:
  std::vector<uint32_t> words_;
  size_t blocks_;
};

}  // namespace refine
