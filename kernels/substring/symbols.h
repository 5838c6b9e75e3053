// The tail of a symbols record. Bytes: the text itself. Tokens: varint n, then n pairs (varint id, varint bytes of the text).
// Varints are LEB128; readers refuse what passes 32 bits or the tail.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "refine/bpe.h"

namespace refine::substring {

void append_varint(std::string& out, uint32_t value);
bool read_varint(const uint8_t*& at, const uint8_t* end, uint32_t* value);

// The bytes of `text` that each token stands for. False where the tokens do not spell the text: byte for byte, but for U+2581
// standing for a space and for a space put before the text.
bool token_lengths(const bpe::Tokenizer& tokenizer, const std::vector<uint32_t>& ids, std::string_view text, std::vector<uint32_t>& lengths);

void pack_tokens(const std::vector<uint32_t>& ids, const std::vector<uint32_t>& lengths, std::string& out);
// `ends[i]`: where token i ends in the text. False where the tail is no such thing.
bool unpack_tokens(std::string_view tail, std::vector<uint32_t>& ids, std::vector<uint32_t>& ends);

// Tails of contents records: bytes as they are, ids as varints without a count.
void pack_ids(const uint32_t* ids, size_t count, std::string& out);
bool unpack_ids(std::string_view tail, std::vector<uint32_t>& ids);

}  // namespace refine::substring
