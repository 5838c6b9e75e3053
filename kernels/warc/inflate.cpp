// The deflate decoder. Its fast loop keeps 56 to 64 bits in a register, takes up to three literals a refill and copies
// matches in wide steps that may scribble past them; it runs while both buffers have slack, and an exact loop does the
// rest. The layout of entries and the refill follow the published designs of libdeflate and of Fabian Giesen's notes.
#include "refine/inflate.h"

#include <cstring>

#include "inflate_tables.h"

namespace refine {
namespace {

using namespace inflate;

constexpr size_t kInSlack = 16;         // two 8-byte refills
constexpr size_t kOutSlack = 258 + 40;  // three literals, the longest match, and the scribble of a wide copy

inline uint64_t load64(const uint8_t* p) {
  uint64_t value;
  std::memcpy(&value, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}
inline uint64_t low_bits(uint64_t value, unsigned count) { return value & ((uint64_t(1) << count) - 1); }  // count < 64

// Copies `length` bytes from `distance` back; may write up to 15 bytes past out + length.
inline void copy_match(uint8_t* out, size_t distance, size_t length) {
  const uint8_t* from = out - distance;
  uint8_t* const end = out + length;
  if (distance >= 16) {
    do {
      std::memcpy(out, from, 16);
      out += 16;
      from += 16;
    } while (out < end);
  } else if (distance == 1) {
    std::memset(out, *from, length);
  } else if (distance >= 8) {
    do {
      std::memcpy(out, from, 8);
      out += 8;
      from += 8;
    } while (out < end);
  } else {
    // A short period: after one byte-wise stretch of at least 8 bytes, a multiple of the period lies 8 or more back.
    size_t wide = distance;
    while (wide < 8) wide += distance;
    uint8_t* const stretch_end = out + (length < wide ? length : wide);
    while (out < stretch_end) *out++ = *from++;
    while (out < end) {
      std::memcpy(out, out - wide, 8);
      out += 8;
    }
  }
}

}  // namespace

void Inflater::reset() {
  buf_ = 0;
  bits_ = 0;
  state_ = State::kBlockHeader;
  last_block_ = false;
  fixed_built_ = false;
  stored_left_ = copy_length_ = copy_distance_ = 0;
}

bool Inflater::build_fixed() {
  if (fixed_built_) return true;
  uint8_t lengths[288];
  for (unsigned i = 0; i < 288; ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  if (!build_table(Alphabet::kLitlen, lengths, 288, kLitBits, lit_, kLitTable)) return false;
  for (unsigned i = 0; i < 32; ++i) lengths[i] = 5;
  fixed_built_ = build_table(Alphabet::kDistance, lengths, 32, kDistBits, dist_, kDistTable);
  return fixed_built_;
}

// Reads a whole block header or nothing: at most 570 bytes, so a caller that keeps the bytes left just calls again.
Inflater::Header Inflater::read_block_header(const uint8_t*& in_ref, const uint8_t* in_end) {
  const uint8_t* in = in_ref;
  uint64_t buf = buf_;
  unsigned bits = bits_;
  auto need = [&](unsigned count) {
    while (bits < count) {
      if (in == in_end) return false;
      buf |= uint64_t(*in++) << bits;
      bits += 8;
    }
    return true;
  };
  auto take = [&](unsigned count) {
    const unsigned value = unsigned(low_bits(buf, count));
    buf >>= count;
    bits -= count;
    return value;
  };
  if (!need(3)) return Header::kNeedInput;
  const bool last = take(1) != 0;
  const unsigned type = take(2);
  State state = State::kSymbols;
  if (type == 0) {
    take(bits & 7);
    if (!need(32)) return Header::kNeedInput;
    const unsigned length = take(16), check = take(16);
    if ((length ^ check) != 0xFFFF) return Header::kError;
    stored_left_ = length;
    state = State::kStored;
  } else if (type == 1) {
    if (!build_fixed()) return Header::kError;
  } else if (type == 2) {
    static constexpr uint8_t kOrder[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    if (!need(14)) return Header::kNeedInput;
    const unsigned literals = take(5) + 257, distances = take(5) + 1, precodes = take(4) + 4;
    if (literals > 286 || distances > 30) return Header::kError;
    uint8_t lengths[286 + 30 + 138] = {};
    for (unsigned i = 0; i < precodes; ++i) {
      if (!need(3)) return Header::kNeedInput;
      lengths[kOrder[i]] = uint8_t(take(3));
    }
    uint32_t pre[1 << kPreBits];
    if (!build_table(Alphabet::kPrecode, lengths, 19, kPreBits, pre, 1 << kPreBits)) return Header::kError;
    std::memset(lengths, 0, 19);
    for (unsigned i = 0; i < literals + distances;) {
      need(14);  // as many as there are
      const uint32_t entry = pre[low_bits(buf, kPreBits)];
      const unsigned length = entry & 0xFF, symbol = (entry >> 16) & 0xFF;
      if (length > bits) return Header::kNeedInput;
      if (symbol < 16) {
        take(length);
        lengths[i++] = uint8_t(symbol);
        continue;
      }
      const unsigned extra = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
      if (length + extra > bits) return Header::kNeedInput;
      take(length);
      const unsigned repeat = take(extra) + (symbol == 18 ? 11 : 3);
      if (symbol == 16 && i == 0) return Header::kError;
      if (i + repeat > literals + distances) return Header::kError;
      std::memset(lengths + i, symbol == 16 ? lengths[i - 1] : 0, repeat);
      i += repeat;
    }
    if (lengths[256] == 0) return Header::kError;  // a block that could not end
    fixed_built_ = false;
    if (!build_table(Alphabet::kLitlen, lengths, literals, kLitBits, lit_, kLitTable)) return Header::kError;
    if (!build_table(Alphabet::kDistance, lengths + literals, distances, kDistBits, dist_, kDistTable)) return Header::kError;
  } else {
    return Header::kError;
  }
  last_block_ = last;
  state_ = state;
  buf_ = buf;
  bits_ = bits;
  in_ref = in;
  return Header::kOk;
}

InflateResult Inflater::run(const uint8_t*& in_ref, const uint8_t* in_end, const uint8_t* window, uint8_t*& out_ref, uint8_t* out_end) {
  const uint8_t* in = in_ref;
  uint8_t* out = out_ref;
  uint64_t buf = buf_;
  unsigned bits = bits_;
  auto leave = [&](InflateResult result) {
    in -= bits >> 3;  // whole unused bytes go back
    bits_ = bits & 7;
    buf_ = low_bits(buf, bits_);
    in_ref = in;
    out_ref = out;
    if (result == InflateResult::kError) state_ = State::kFailed;
    return result;
  };

  if (copy_length_ > 0) {
    while (copy_length_ > 0 && out < out_end) {
      *out = out[-ptrdiff_t(copy_distance_)];
      ++out;
      --copy_length_;
    }
    if (copy_length_ > 0) return leave(InflateResult::kNeedOutput);
  }

  for (;;) {
    switch (state_) {
      case State::kDone:
        return leave(InflateResult::kEnd);
      case State::kFailed:
        return leave(InflateResult::kError);

      case State::kBlockHeader: {
        in -= bits >> 3;
        bits_ = bits & 7;
        buf_ = low_bits(buf, bits_);
        const Header header = read_block_header(in, in_end);
        buf = buf_;
        bits = bits_;
        if (header == Header::kNeedInput) return leave(InflateResult::kNeedInput);
        if (header == Header::kError) return leave(InflateResult::kError);
        continue;
      }

      case State::kStored: {
        in -= bits >> 3;  // aligned: bits is a multiple of 8 here
        bits = 0;
        buf = 0;
        size_t take = stored_left_;
        if (take > size_t(in_end - in)) take = size_t(in_end - in);
        if (take > size_t(out_end - out)) take = size_t(out_end - out);
        if (take) std::memcpy(out, in, take);
        in += take;
        out += take;
        stored_left_ -= uint32_t(take);
        if (stored_left_ > 0) return leave(in == in_end ? InflateResult::kNeedInput : InflateResult::kNeedOutput);
        state_ = last_block_ ? State::kDone : State::kBlockHeader;
        continue;
      }

      case State::kSymbols:
        break;
    }

    bool block_ended = false;
    if (size_t(in_end - in) > kInSlack && size_t(out_end - out) > kOutSlack) {
      const uint8_t* const in_fast = in_end - kInSlack;
      uint8_t* const out_fast = out_end - kOutSlack;
      const auto refill = [&] {
        buf |= load64(in) << bits;
        in += (63 - bits) >> 3;
        bits |= 56;
      };
      const auto consume = [&](uint32_t entry) {
        buf >>= entry & 0xFF;
        bits -= entry & 0xFF;
      };
      do {
        refill();
        uint32_t entry = lit_[low_bits(buf, kLitBits)];
        if (entry & kLiteral) {
          consume(entry);
          *out++ = uint8_t(entry >> 16);
          entry = lit_[low_bits(buf, kLitBits)];
          if (entry & kLiteral) {
            consume(entry);
            *out++ = uint8_t(entry >> 16);
            entry = lit_[low_bits(buf, kLitBits)];
            if (entry & kLiteral) {
              consume(entry);
              *out++ = uint8_t(entry >> 16);
              continue;
            }
          }
          refill();
        }
        if (entry & (kSubtable | kEndOfBlock | kInvalid)) {
          if (entry & kSubtable) {
            const unsigned sub_bits = (entry >> 8) & 0xFF;
            consume(entry);
            entry = lit_[((entry >> 16) & 0xFFF) + low_bits(buf, sub_bits)];
            if (entry & kLiteral) {
              consume(entry);
              *out++ = uint8_t(entry >> 16);
              continue;
            }
          }
          if (entry & kEndOfBlock) {
            consume(entry);
            block_ended = true;
            break;
          }
          if (entry & kInvalid) return leave(InflateResult::kError);
        }
        const unsigned length_code = (entry >> 8) & 0xFF;
        const size_t length = ((entry >> 16) & 0xFFF) + (low_bits(buf, entry & 0xFF) >> length_code);
        consume(entry);
        uint32_t entry_d = dist_[low_bits(buf, kDistBits)];  // 28 bits at most: 56 less the length's 20 are left
        if (entry_d & kSubtable) {
          const unsigned sub_bits = (entry_d >> 8) & 0xFF;
          consume(entry_d);
          entry_d = dist_[((entry_d >> 16) & 0xFFF) + low_bits(buf, sub_bits)];
        }
        if (entry_d & kInvalid) return leave(InflateResult::kError);
        const unsigned all = entry_d & 0xFF, code = (entry_d >> 8) & 0xFF;
        const size_t base = (entry_d >> 16) & 0xFFF;
        const size_t distance = (all > code ? (base << (all - code)) + 1 : base) + (low_bits(buf, all) >> code);
        consume(entry_d);
        if (distance > size_t(out - window)) return leave(InflateResult::kError);
        copy_match(out, distance, length);
        out += length;
      } while (in < in_fast && out < out_fast);
      buf = low_bits(buf, bits);  // the refill's surplus bits go; bits is below 64
      if (!block_ended) continue;
    }

    while (!block_ended) {  // the exact loop: a symbol is used only when all its bits are there
      in -= bits >> 3;      // refilled from whole bytes, so that up to 64 bits are at hand
      bits &= 7;
      buf = low_bits(buf, bits);
      while (bits <= 56 && in < in_end) {
        buf |= uint64_t(*in++) << bits;
        bits += 8;
      }
      uint64_t peek = buf;
      unsigned used = 0;
      uint32_t entry = lit_[low_bits(peek, kLitBits)];
      if (entry & kSubtable) {
        used = kLitBits;
        peek >>= kLitBits;
        entry = lit_[((entry >> 16) & 0xFFF) + low_bits(peek, (entry >> 8) & 0xFF)];
      }
      used += entry & 0xFF;
      if (used > bits) return leave(InflateResult::kNeedInput);
      if (entry & kInvalid) return leave(InflateResult::kError);
      if (entry & kLiteral) {
        if (out == out_end) return leave(InflateResult::kNeedOutput);
        *out++ = uint8_t(entry >> 16);
        buf = used < 64 ? buf >> used : 0;
        bits -= used;
        if (size_t(in_end - in) > kInSlack + 8 && size_t(out_end - out) > kOutSlack) break;  // back to the fast loop
        continue;
      }
      if (entry & kEndOfBlock) {
        buf >>= used;
        bits -= used;
        block_ended = true;
        break;
      }
      const size_t length = ((entry >> 16) & 0xFFF) + (low_bits(peek, entry & 0xFF) >> ((entry >> 8) & 0xFF));
      peek >>= entry & 0xFF;
      uint32_t entry_d = dist_[low_bits(peek, kDistBits)];
      if (entry_d & kSubtable) {
        used += kDistBits;
        peek >>= kDistBits;
        entry_d = dist_[((entry_d >> 16) & 0xFFF) + low_bits(peek, (entry_d >> 8) & 0xFF)];
      }
      const unsigned all = entry_d & 0xFF, code = (entry_d >> 8) & 0xFF;
      used += all;
      if (used > bits) return leave(InflateResult::kNeedInput);
      if (entry_d & kInvalid) return leave(InflateResult::kError);
      const size_t base = (entry_d >> 16) & 0xFFF;
      const size_t distance = (all > code ? (base << (all - code)) + 1 : base) + (low_bits(peek, all) >> code);
      if (distance > size_t(out - window)) return leave(InflateResult::kError);
      if (out == out_end) return leave(InflateResult::kNeedOutput);
      buf >>= used;
      bits -= used;
      size_t left = length;
      for (; left > 0 && out < out_end; --left, ++out) *out = out[-ptrdiff_t(distance)];
      if (left > 0) {
        copy_length_ = uint32_t(left);
        copy_distance_ = uint32_t(distance);
        return leave(InflateResult::kNeedOutput);
      }
      if (size_t(in_end - in) > kInSlack + 8 && size_t(out_end - out) > kOutSlack) break;
    }
    if (block_ended) state_ = last_block_ ? State::kDone : State::kBlockHeader;
  }
}

}  // namespace refine
