// Remembers the ids of pieces by their exact bytes: a table of slots, bounded by its capacity and emptied when full.
// Pieces to 15 bytes lie in the slot with up to 3 ids; longer ones to kMaxPiece lie in an arena and are compared whole.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

namespace refine::bpe {

struct PieceKey {  // the piece's bytes, zero padded, its length in the last byte; or hash and length of a long one
  uint64_t low = 0, high = 0;
  bool operator==(const PieceKey&) const = default;
};

class PieceCache {
 public:
  static constexpr size_t kMaxPiece = 192;  // bytes; longer pieces rarely repeat

  // A cache of a text's own pieces looks at no more than kMaxProbe slots: pieces written to collide are forgotten instead
  // of searched for. The vocabulary must keep them all, and nobody writes into it.
  static constexpr size_t kMaxProbe = 32;
  explicit PieceCache(size_t capacity, size_t max_probe = kMaxProbe) : slots_(std::bit_ceil(capacity * 2)), limit_(capacity), max_probe_(max_probe) {
    shift_ = 64 - std::countr_zero(slots_.size());
  }

  // `readable` bytes may be read from piece on (at least length): 16 of them save a copy.
  static PieceKey key_of(const uint8_t* piece, size_t length, size_t readable) {
    PieceKey key;
    if (length < 16) {
      if (readable >= 16 && std::endian::native == std::endian::little) {
        std::memcpy(&key.low, piece, 8);
        std::memcpy(&key.high, piece + 8, 8);
        if (length < 8) {
          key.low &= (uint64_t(1) << (length * 8)) - 1;
          key.high = 0;
        } else {
          key.high &= (uint64_t(1) << ((length - 8) * 8)) - 1;
        }
      } else {
        uint8_t bytes[16] = {};
        std::memcpy(bytes, piece, length);
        std::memcpy(&key.low, bytes, 8);
        std::memcpy(&key.high, bytes + 8, 8);
      }
      key.high |= uint64_t(length) << 56;
      return key;
    }
    uint64_t h = length * 0x9E3779B97F4A7C15ull;
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
      uint64_t word;
      std::memcpy(&word, piece + at, 8);
      h = mix(h ^ word);
    }
    uint64_t word = 0;
    std::memcpy(&word, piece + at, length - at);
    key.low = mix(h ^ word);
    key.high = uint64_t(length) << 56 | kLong;
    return key;
  }

  size_t slot_of(const PieceKey& key) const {  // public for the test that crowds one
    return size_t(((key.low ^ std::rotl(key.high * 0xD6E8FEB86659FD93ull, 29)) * 0x9E3779B97F4A7C15ull) >> shift_);
  }

  // Appends the ids of a remembered piece; false where it is not.
  bool find(const PieceKey& key, const uint8_t* piece, size_t length, std::vector<uint32_t>& ids) const {
    size_t at = slot_of(key);
    for (size_t probe = 0; probe < max_probe_; ++probe, at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.count == kFree) return false;
      if (slot.key != key) continue;
      if (length >= 16 && std::memcmp(bytes_.data() + slot.piece, piece, length) != 0) continue;
      if (slot.count == 1) ids.push_back(slot.ids[0]);
      else if (slot.count <= kInline) ids.insert(ids.end(), slot.ids, slot.ids + slot.count);
      else ids.insert(ids.end(), arena_.data() + slot.ids[0], arena_.data() + slot.ids[0] + slot.count);
      return true;
    }
    return false;
  }

  // Only for a piece that find() did not know. A piece may have no ids: bytes without a token are dropped.
  void put(const PieceKey& key, const uint8_t* piece, size_t length, const uint32_t* ids, size_t count) {
    if (used_ == limit_) clear();
    size_t at = slot_of(key);
    for (size_t probe = 0; slots_[at].count != kFree; at = (at + 1) & (slots_.size() - 1))
      if (++probe >= max_probe_) return;
    Slot& slot = slots_[at];
    slot.key = key;
    slot.count = uint32_t(count);
    if (count <= kInline) {
      std::copy_n(ids, count, slot.ids);
    } else {
      slot.ids[0] = uint32_t(arena_.size());
      arena_.insert(arena_.end(), ids, ids + count);
    }
    if (length >= 16) {
      slot.piece = uint32_t(bytes_.size());
      bytes_.insert(bytes_.end(), piece, piece + length);
    }
    ++used_;
  }

 private:
  static constexpr uint64_t kLong = 1;
  static constexpr size_t kInline = 3;
  static constexpr uint32_t kFree = UINT32_MAX;
  struct Slot {
    PieceKey key;
    uint32_t count = kFree;
    uint32_t ids[kInline] = {};
    uint32_t piece = 0;  // a long piece's place in bytes_
  };
  static uint64_t mix(uint64_t x) {
    x *= 0x9FB21C651E98DF25ull;
    return x ^ (x >> 32);
  }
  void clear() {
    slots_.assign(slots_.size(), Slot{});
    bytes_.clear();
    arena_.clear();
    used_ = 0;
  }
  std::vector<Slot> slots_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> arena_;
  size_t used_ = 0, limit_, max_probe_;
  int shift_;
};

}  // namespace refine::bpe
