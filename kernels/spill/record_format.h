// The bytes of a record file, all little-endian:
//   header   32   "RFSPILL", format u8 | key words u8, value bytes u8, tail u8, 0 x 5 | 0 u64 | check u64 of the 24 bytes before
//   blocks        frame 16: records u32, payload bytes u32, check u64; payload: records x fixed part (key words, value, and where the
//                 shape has a tail its length u32), then the tails end to end. Blocks lie end to end, runs too.
//   index         a block 32: offset u64, first key word of its first and of its last record u64 x 2, records u32, payload bytes u32;
//                 then for each run the number of its first block u64
//   trailer  64   index offset, blocks, runs, records, check of the index (u64 x 5), 0 u64 | check u64 of the 48 bytes before | "RFSPEND", format u8
// A block's check is XXH3 of (XXH3 of the payload, records, bytes, offset in the file): a block in another place is damage too.
// Invariant of an opened file: what its index says lies within the file, adds up, and ascends by first key word within a run.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

#include "refine/records.h"
#include "refine/xxh3.h"

namespace refine::spill {

static_assert(std::endian::native == std::endian::little, "record files are read and written as they lie in memory");

constexpr uint8_t kFormat = 1;
constexpr char kHeaderMagic[8] = "RFSPILL", kTrailerMagic[8] = "RFSPEND";  // the 8th byte is the format
constexpr size_t kHeaderBytes = 32, kFrameBytes = 16, kIndexBytes = 32, kTrailerBytes = 64;
// Payload aimed at: small enough that a narrow partition reads little beside its own records, large enough that frames, index and
// checks cost nothing; it grows with the file so that the index stays under some 200,000 entries for 20 GiB.
constexpr size_t kLeastBlock = size_t(16) << 10, kLargestBlock = size_t(128) << 10, kBlocksBeforeGrowth = 8192;

inline uint64_t check_of(const void* bytes, size_t size) { return xxh3_64({static_cast<const char*>(bytes), size}); }

template <class T>
T load(const uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}
template <class T>
void store(uint8_t* p, T value) {
  std::memcpy(p, &value, sizeof(T));
}

inline uint64_t block_check(const uint8_t* payload, uint32_t records, uint32_t bytes, uint64_t offset) {
  uint64_t parts[3] = {check_of(payload, bytes), uint64_t(bytes) << 32 | records, offset};
  return check_of(parts, sizeof parts);
}

struct BlockEntry {
  uint64_t offset, first, last;
  uint32_t records, bytes;
};
static_assert(sizeof(BlockEntry) == kIndexBytes);

// A fixed part: few words. A call of memcpy would read with vectors what was just written word by word, and wait for it; the empty
// statements keep compilers from making these loops that call.
inline void copy_fixed(uint8_t* to, const uint8_t* from, size_t bytes) {
  for (; bytes >= 8; to += 8, from += 8, bytes -= 8) {
    store(to, load<uint64_t>(from));
    asm volatile("" ::: "memory");
  }
  for (; bytes > 0; ++to, ++from, --bytes) {
    *to = *from;
    asm volatile("" ::: "memory");
  }
}

// What a record takes in a block beside its tail.
inline size_t stride_of(const RecordShape& shape) { return shape.fixed_bytes() + (shape.tail ? 4 : 0); }

}  // namespace refine::spill
