#include "zstd_entropy.h"

namespace refine::zstd {
namespace {
unsigned high_bit(uint32_t value) { return 31u - unsigned(__builtin_clz(value)); }  // value > 0
}  // namespace

size_t FseTable::read(const uint8_t* data, size_t size, unsigned max_log, unsigned max_symbol) {
  const uint64_t total = uint64_t(size) * 8;
  uint64_t at = 0;
  const auto peek = [&](unsigned count) {  // forward, least significant first; zeros behind the end
    uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i) {
      const uint64_t bit = at + i;
      if (bit < total) value |= uint32_t(data[bit >> 3] >> (bit & 7) & 1) << i;
    }
    return value;
  };
  const unsigned table_log = peek(4) + 5;
  at += 4;
  if (table_log > max_log) return 0;
  int16_t counts[64] = {};
  int32_t remaining = 1 << table_log;
  unsigned symbol = 0;
  while (remaining > 0 && symbol <= max_symbol) {
    const unsigned bits = high_bit(uint32_t(remaining + 1)) + 1;
    uint32_t value = peek(bits);
    const uint32_t low_mask = (1u << (bits - 1)) - 1, threshold = (1u << bits) - 1 - uint32_t(remaining + 1);
    if ((value & low_mask) < threshold) {
      at += bits - 1;
      value &= low_mask;
    } else {
      at += bits;
      if (value > low_mask) value -= threshold;
    }
    const int32_t count = int32_t(value) - 1;
    remaining -= count < 0 ? 1 : count;
    counts[symbol++] = int16_t(count);
    if (count == 0) {
      for (;;) {
        const uint32_t repeat = peek(2);
        at += 2;
        symbol += repeat;
        if (symbol > max_symbol + 1) return 0;
        if (repeat < 3) break;
        if (at > total) return 0;
      }
    }
    if (at > total) return 0;
  }
  if (remaining != 0 || at > total) return 0;
  return build(counts, symbol, table_log) ? size_t((at + 7) / 8) : 0;
}

bool FseTable::build(const int16_t* counts, unsigned symbols, unsigned table_log) {
  log = table_log;
  built = false;
  const uint32_t size = 1u << log;
  uint16_t next[64];
  uint32_t high = size;
  for (unsigned s = 0; s < symbols; ++s) {
    if (counts[s] == -1) {
      if (high == 0) return false;
      entries[--high].symbol = uint8_t(s);
      next[s] = 1;
    } else {
      next[s] = uint16_t(counts[s]);
    }
  }
  const uint32_t step = (size >> 1) + (size >> 3) + 3, mask = size - 1;
  uint32_t at = 0;
  for (unsigned s = 0; s < symbols; ++s) {
    for (int i = 0; i < counts[s]; ++i) {
      entries[at].symbol = uint8_t(s);
      do at = (at + step) & mask;
      while (at >= high);
    }
  }
  if (at != 0) return false;
  for (uint32_t i = 0; i < size; ++i) {
    const uint32_t state = next[entries[i].symbol]++;
    if (state == 0) return false;
    entries[i].bits = uint8_t(log - high_bit(state));
    entries[i].base = uint16_t((state << entries[i].bits) - size);
  }
  built = true;
  return true;
}

void FseTable::build_single(uint8_t symbol) {
  log = 0;
  entries[0] = {0, symbol, 0};
  built = true;
}

size_t HuffmanTable::read(const uint8_t* data, size_t size) {
  built = false;
  if (size == 0) return 0;
  uint8_t weights[256] = {};
  unsigned count = 0;
  size_t used;
  const unsigned head = data[0];
  if (head >= 128) {  // four bits a weight
    count = head - 127;
    used = 1 + (count + 1) / 2;
    if (used > size) return 0;
    for (unsigned i = 0; i < count; ++i) weights[i] = i & 1 ? data[1 + i / 2] & 15 : data[1 + i / 2] >> 4;
  } else {  // FSE, two interleaved states
    used = 1 + size_t(head);
    if (used > size || head == 0) return 0;
    FseTable table;
    const size_t description = table.read(data + 1, head, 6, 15);
    BackwardBits bits;
    if (description == 0 || !bits.open(data + 1 + description, head - description)) return 0;
    uint32_t states[2];
    for (uint32_t& state : states) state = uint32_t(bits.take(table.log));
    if (bits.left() < 0) return 0;
    for (unsigned turn = 0;; turn ^= 1) {
      if (count >= 254) return 0;
      const FseTable::Entry& entry = table.entries[states[turn]];
      weights[count++] = entry.symbol;
      states[turn] = entry.base + uint32_t(bits.take(entry.bits));
      if (bits.left() < 0) {  // the other state still holds one
        weights[count++] = table.entries[states[turn ^ 1]].symbol;
        break;
      }
    }
  }
  uint32_t total = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (weights[i] > kMaxLog) return 0;
    if (weights[i]) total += 1u << (weights[i] - 1);
  }
  if (total == 0) return 0;
  log = high_bit(total) + 1;
  const uint32_t left = (1u << log) - total;
  if (log > kMaxLog || (left & (left - 1)) != 0) return 0;
  weights[count++] = uint8_t(high_bit(left) + 1);  // the last weight is what completes the code

  uint32_t ranks[kMaxLog + 2] = {}, start[kMaxLog + 2] = {};
  for (unsigned i = 0; i < count; ++i) ++ranks[weights[i]];
  uint32_t at = 0;
  for (unsigned weight = 1; weight <= log; ++weight) {
    start[weight] = at;
    at += ranks[weight] << (weight - 1);
  }
  for (unsigned i = 0; i < count; ++i) {
    if (weights[i] == 0) continue;
    const uint32_t span = 1u << (weights[i] - 1);
    for (uint32_t k = 0; k < span; ++k) entries[start[weights[i]] + k] = {uint8_t(i), uint8_t(log + 1 - weights[i])};
    start[weights[i]] += span;
  }
  built = true;
  return used;
}

bool HuffmanTable::decode(const uint8_t* data, size_t size, uint8_t* out, size_t count) const {
  BackwardBits bits;
  if (!bits.open(data, size)) return false;
  size_t i = 0;
  const unsigned max = log;
  for (; i + 4 <= count && bits.left() >= 56; i += 4) {  // four codes of at most 11 bits from one look
    uint64_t look = bits.peek(4 * max);
    unsigned used = 0;
    for (unsigned k = 0; k < 4; ++k) {
      const Entry entry = entries[(look >> (4 * max - used - max)) & ((1u << max) - 1)];
      out[i + k] = entry.symbol;
      used += entry.bits;
    }
    bits.skip(used);
  }
  for (; i < count; ++i) {
    const Entry entry = entries[bits.peek(max)];
    out[i] = entry.symbol;
    bits.skip(entry.bits);
    if (bits.left() < 0) return false;
  }
  return bits.left() == 0;
}

}  // namespace refine::zstd
