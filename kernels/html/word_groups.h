// A set of words in groups, found in one pass by an automaton (Aho and Corasick 1975). Words match anywhere in a text,
// without ASCII case; `-` and `_` are one symbol, a space in a word stands as `.`, and other bytes end every word.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace refine::html {

struct WordGroup { uint8_t group; const char* words; };  // group < 64; words divided by spaces

class WordGroups {
 public:
  WordGroups(const WordGroup* groups, size_t count);
  // A bit a group, for the words in `text`.
  uint64_t find(std::string_view text) const {
    uint64_t mask = 0;
    uint32_t state = 0;
    for (const char c : text) {
      state = next_[state][kSymbols[static_cast<unsigned char>(c)]];
      mask |= found_[state];
    }
    return mask;
  }

 private:
  static const std::array<uint8_t, 256> kSymbols;
  static constexpr size_t kAlphabet = 34;
  std::vector<std::array<uint16_t, kAlphabet>> next_{{}};
  std::vector<uint64_t> found_{0};
};

}  // namespace refine::html
