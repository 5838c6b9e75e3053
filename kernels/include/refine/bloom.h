// A split-block Bloom filter over 64-bit hashes: 256-bit blocks, one bit in each of a block's eight 32-bit words, as in
// Parquet's format (BloomFilter.md; Putze, Sanders, Singler 2007). One cache line a question; no false negatives.
// Invariants: its bits depend on the set of hashes alone (not on order, batches, merges or instruction set), and two filters of
// as many blocks merge to the filter of both sets. Hashes must be well mixed: the high half chooses the block, the low the bits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "refine/minhash.h"  // Isa
#include "refine/views.h"

namespace refine {

class BloomFilter {
 public:
  static constexpr size_t kMaxBlocks = size_t(1) << 32;  // of 32 bytes: what 32 bits of a hash can choose from
  // The smallest filter that answers wrongly for at most `rate` of absent keys after `keys` distinct ones; rate in (0, 1).
  static size_t blocks_for(uint64_t keys, double rate);
  // The expected share of wrong answers. The law of split blocks, not the classic one: with k keys in a block each of its words
  // lacks a given bit with (31/32)^k, all eight must have theirs, and k is Poisson with mean keys / blocks.
  static double expected_rate(uint64_t keys, size_t blocks);

  // Zeroed, in huge pages where the system grants them; throws std::bad_alloc.
  explicit BloomFilter(size_t blocks);

  void add(uint64_t hash);
  bool has(uint64_t hash) const;
  // Many at once: blocks are fetched ahead, 32 hashes deep.
  void add_all(const uint64_t* hashes, size_t count, Isa isa = best_isa());
  void has_all(const uint64_t* hashes, size_t count, uint8_t* out, Isa isa = best_isa()) const;  // 1: probably there
  void fetch(uint64_t hash) const { __builtin_prefetch(words() + block_of(hash, blocks_) * 8, 1); }

  // The union; ERR_REFINE_BLOOM_SIZE where the other has another number of blocks.
  Status merge(const BloomFilter& other);
  // Bits set, over all bits.
  double fill() const;
  size_t blocks() const { return blocks_; }
  size_t bytes() const { return blocks_ * 32; }
  const uint32_t* words() const { return words_.get(); }

  // A file: magic with the format's number, blocks, XXH3 of the header; the words, little-endian, each MiB followed by its
  // XXH3. Written in place and synced: give it a temporary name. ERR_REFINE_DISK names the system's error.
  Status save(const std::string& path) const;
  // ERR_REFINE_BLOOM_FORMAT where it is none, or of a newer format; ERR_REFINE_BLOOM_DAMAGED where a checksum or the length is wrong.
  static Status load(const std::string& path, std::unique_ptr<BloomFilter>& out);

 private:
  static size_t block_of(uint64_t hash, size_t blocks) { return size_t((static_cast<unsigned __int128>(hash >> 32) * blocks) >> 32); }
  struct Free {
    size_t bytes = 0;
    void operator()(uint32_t* words) const;
  };
  static std::unique_ptr<uint32_t[], Free> allocate(size_t bytes);

  size_t blocks_;
  std::unique_ptr<uint32_t[], Free> words_;
};

}  // namespace refine
