// zstd's entropy coders (RFC 8878 section 4): FSE and Huffman tables, and the bit streams that are read from their end.
// Invariant: a table that was built is complete, so every state and every code leads to a symbol within bounds.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace refine::zstd {

// Bits from the last byte down. The bytes must stand in memory with kPad readable bytes on both sides.
constexpr size_t kPad = 32;
class BackwardBits {
 public:
  // False where the stream has no end mark.
  bool open(const uint8_t* data, size_t size) {
    if (size == 0 || data[size - 1] == 0) return false;
    data_ = data;
    left_ = int64_t(size) * 8 - 8 + (31 - __builtin_clz(data[size - 1]));
    return true;
  }
  // The next `count` (<= 56) bits, most significant first; zeros behind the stream's beginning, for at most 8 * kPad bits.
  uint64_t peek(unsigned count) const {
    if (count == 0) return 0;
    const int64_t low = left_ - int64_t(count);
    if (low < 0) {  // partly before the beginning
      if (left_ <= 0) return 0;
      return (load(0) & ((uint64_t(1) << left_) - 1)) << (-low);
    }
    return (load(low >> 3) >> (low & 7)) & ((uint64_t(1) << count) - 1);
  }
  void skip(unsigned count) { left_ -= count; }
  uint64_t take(unsigned count) {
    const uint64_t value = peek(count);
    skip(count);
    return value;
  }
  int64_t left() const { return left_; }  // negative: more was taken than there is

 private:
  uint64_t load(int64_t byte) const {
    uint64_t value;
    std::memcpy(&value, data_ + byte, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
  }
  const uint8_t* data_ = nullptr;
  int64_t left_ = 0;
};

struct FseTable {
  static constexpr unsigned kMaxLog = 9;
  struct Entry {
    uint16_t base;
    uint8_t symbol, bits;
  };
  unsigned log = 0;
  bool built = false;
  Entry entries[1 << kMaxLog];

  // From a description (4.1.1); the bytes used, 0 when it is wrong.
  size_t read(const uint8_t* data, size_t size, unsigned max_log, unsigned max_symbol);
  bool build(const int16_t* counts, unsigned symbols, unsigned log);
  void build_single(uint8_t symbol);
};

struct HuffmanTable {
  static constexpr unsigned kMaxLog = 11;
  struct Entry {
    uint8_t symbol, bits;
  };
  unsigned log = 0;
  bool built = false;
  Entry entries[1 << kMaxLog];

  // From a tree description (4.2.1), padded as BackwardBits wants; the bytes used, 0 when it is wrong.
  size_t read(const uint8_t* data, size_t size);
  bool decode(const uint8_t* data, size_t size, uint8_t* out, size_t count) const;
};

}  // namespace refine::zstd
