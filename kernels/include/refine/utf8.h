// UTF-8 coding. Invalid input follows the Encoding Standard: each maximal subpart of an ill-formed sequence is one U+FFFD.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace refine {

constexpr char32_t kReplacement = 0xFFFD;

// Decodes the code point at p (p < end) and moves p past it.
char32_t decode_utf8(const uint8_t*& p, const uint8_t* end);
// Appends a scalar value; surrogates and values above U+10FFFF append U+FFFD.
void append_utf8(std::string& out, char32_t code_point);
// Bytes of the longest valid prefix; it ends where a character ends.
size_t valid_utf8_prefix(std::string_view bytes);
bool is_valid_utf8(std::string_view bytes);
// The bytes with every ill-formed part replaced; equal to the input where that is valid.
std::string to_valid_utf8(std::string_view bytes);
// Code points in valid UTF-8.
size_t count_code_points(std::string_view utf8);

}  // namespace refine
