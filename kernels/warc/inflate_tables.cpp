#include "inflate_tables.h"

#include <cstring>

namespace refine::inflate {
namespace {

constexpr uint16_t kLengthBase[29] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr uint8_t kLengthExtra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

// The entry of a symbol less its code length. A distance's base is (2 + (symbol & 1)) << extra, too wide for the field:
// the field holds the symbol's two leading bits and the decoder shifts them by the number of extra bits.
uint32_t symbol_entry(Alphabet alphabet, unsigned symbol) {
  switch (alphabet) {
    case Alphabet::kPrecode:
      return symbol << 16;
    case Alphabet::kLitlen:
      if (symbol < 256) return kLiteral | (symbol << 16);
      if (symbol == 256) return kEndOfBlock;
      if (symbol > 285) return kInvalid;
      return (uint32_t(kLengthBase[symbol - 257]) << 16) | kLengthExtra[symbol - 257];
    case Alphabet::kDistance:
      if (symbol > 29) return kInvalid;
      if (symbol < 4) return (symbol + 1) << 16;
      return ((2 + (symbol & 1)) << 16) | ((symbol >> 1) - 1);
  }
  return kInvalid;
}

}  // namespace

bool build_table(Alphabet alphabet, const uint8_t* lengths, unsigned count, unsigned table_bits, uint32_t* table, size_t capacity) {
  unsigned counts[16] = {}, offsets[16];
  for (unsigned i = 0; i < count; ++i) ++counts[lengths[i]];
  unsigned longest = 15;
  while (longest > 0 && counts[longest] == 0) --longest;

  const size_t primary = size_t(1) << table_bits;
  if (longest == 0) {  // no code at all: a block without matches may leave its distance code out
    if (alphabet != Alphabet::kDistance) return false;
    for (size_t i = 0; i < primary; ++i) table[i] = kInvalid | 0x0101;
    return true;
  }
  int left = 1;
  for (unsigned length = 1; length <= 15; ++length) {
    left = (left << 1) - int(counts[length]);
    if (left < 0) return false;
  }
  if (left > 0) {
    if (alphabet == Alphabet::kPrecode || longest != 1) return false;
    unsigned symbol = 0;
    while (lengths[symbol] == 0) ++symbol;
    for (size_t i = 0; i < primary; ++i) table[i] = i & 1 ? kInvalid | 0x0101 : symbol_entry(alphabet, symbol) + 0x0101;
    return true;
  }

  uint16_t sorted[288];
  offsets[1] = 0;
  for (unsigned length = 1; length < 15; ++length) offsets[length + 1] = offsets[length] + counts[length];
  for (unsigned symbol = 0; symbol < count; ++symbol)
    if (lengths[symbol]) sorted[offsets[lengths[symbol]]++] = uint16_t(symbol);

  // Codes in order of length; `code` runs bit-reversed. The primary table grows by doubling: an entry of a code of
  // `length` bits is written once into the first 2^length slots and copied as the table doubles.
  const uint16_t* next = sorted;
  uint32_t code = 0;
  unsigned length = 1;
  while (counts[length] == 0) ++length;
  size_t filled = size_t(1) << length;
  auto advance = [&code](uint32_t ones) {  // the next code of as many bits as `ones` has, reversed
    if (code == ones) return false;
    const uint32_t bit = 1u << (31 - __builtin_clz(code ^ ones));
    code = (code & (bit - 1)) | bit;
    return true;
  };
  while (length <= table_bits) {
    for (unsigned n = counts[length]; n > 0; --n) {
      table[code] = symbol_entry(alphabet, *next++) + length * 0x0101;
      if (!advance(uint32_t(filled - 1))) {  // the last code: all ones
        for (; filled < primary; filled <<= 1) std::memcpy(table + filled, table, filled * sizeof(uint32_t));
        return true;
      }
    }
    do {
      if (++length <= table_bits) {
        std::memcpy(table + filled, table, filled * sizeof(uint32_t));
        filled <<= 1;
      }
    } while (counts[length] == 0);
  }

  size_t subtable = primary, subtable_end = primary;
  uint32_t prefix = UINT32_MAX;
  for (;; ++length) {
    for (unsigned n = counts[length]; n > 0; --n) {
      if ((code & (primary - 1)) != prefix) {
        prefix = code & uint32_t(primary - 1);
        subtable = subtable_end;
        // As many bits as the codes of this prefix need: grow until they fill the space that is left below it.
        unsigned sub_bits = length - table_bits;
        int room = (1 << sub_bits) - int(n);
        while (room > 0) {
          ++sub_bits;
          room = (room << 1) - int(counts[table_bits + sub_bits]);
        }
        subtable_end = subtable + (size_t(1) << sub_bits);
        if (subtable_end > capacity) return false;
        table[prefix] = kSubtable | uint32_t(subtable << 16) | (sub_bits << 8) | table_bits;
      }
      const uint32_t entry = symbol_entry(alphabet, *next++) + (length - table_bits) * 0x0101;
      for (size_t slot = subtable + (code >> table_bits); slot < subtable_end; slot += size_t(1) << (length - table_bits)) table[slot] = entry;
      if (!advance((1u << length) - 1)) return true;
    }
  }
}

}  // namespace refine::inflate
