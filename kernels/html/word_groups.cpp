// See word_groups.h.
#include "word_groups.h"

#include <deque>

namespace refine::html {
namespace {
// 0: bytes that no word holds. Letters, a digit for all, hyphen and underscore, white space, and some marks.
constexpr std::array<uint8_t, 256> symbols() {
  std::array<uint8_t, 256> s{};
  for (int c = 'a'; c <= 'z'; ++c) { s[size_t(c)] = uint8_t(c - 'a' + 1); s[size_t(c - 32)] = s[size_t(c)]; }
  for (int c = '0'; c <= '9'; ++c) s[size_t(c)] = 27;
  s['-'] = s['_'] = 28;
  s['.'] = s[' '] = s['\n'] = s['\t'] = 29;
  s['$'] = 30;
  s[0xC2] = 31;
  s[0xA9] = 32;
  s[':'] = 33;
  return s;
}
}  // namespace
constexpr std::array<uint8_t, 256> WordGroups::kSymbols = symbols();

WordGroups::WordGroups(const WordGroup* groups, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uint16_t state = 0;
    for (const char* p = groups[i].words;; ++p) {
      if (*p == ' ' || *p == 0) {
        found_[state] |= uint64_t(1) << groups[i].group;
        state = 0;
        if (*p == 0) break;
        continue;
      }
      const uint8_t symbol = kSymbols[static_cast<unsigned char>(*p)];
      if (next_[state][symbol] == 0) {
        next_[state][symbol] = uint16_t(next_.size());
        next_.push_back({});
        found_.push_back(0);
      }
      state = next_[state][symbol];
    }
  }
  std::vector<uint16_t> fail(next_.size(), 0);
  std::deque<uint16_t> open;
  for (const uint16_t child : next_[0]) if (child != 0) open.push_back(child);
  while (!open.empty()) {
    const uint16_t state = open.front();
    open.pop_front();
    found_[state] |= found_[fail[state]];
    for (size_t symbol = 0; symbol < kAlphabet; ++symbol) {
      uint16_t& child = next_[state][symbol];
      if (child == 0) { child = next_[fail[state]][symbol]; continue; }
      fail[child] = next_[fail[state]][symbol];
      open.push_back(child);
    }
  }
}

}  // namespace refine::html
