// Decode tables for canonical Huffman codes (RFC 1951 section 3.2.2): a primary table indexed by the next `table_bits`
// bits, and subtables for longer codes. Shared by the deflate decoder's three alphabets.
// An entry: bit 31 literal; 30 end of block; 29 pointer to a subtable; 28 invalid; 16..27 literal, base or subtable start;
// 8..15 the code's own length (a pointer: the subtable's bits); 0..7 all bits of the symbol, extra bits included.
#pragma once
#include <cstddef>
#include <cstdint>

namespace refine::inflate {

constexpr uint32_t kLiteral = 1u << 31, kEndOfBlock = 1u << 30, kSubtable = 1u << 29, kInvalid = 1u << 28;

enum class Alphabet { kPrecode, kLitlen, kDistance };
// Fills `table` from `count` code lengths. False when the lengths over-subscribe the code, or leave it incomplete where
// zlib refuses that too (all but a single code of one bit, and an absent distance code).
bool build_table(Alphabet alphabet, const uint8_t* lengths, unsigned count, unsigned table_bits, uint32_t* table, size_t capacity);

}  // namespace refine::inflate
