// Words, lines and paragraphs of UTF-8 text, without copies. A word is a run of characters without White_Space.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace refine {

// Bytes of the White_Space character at p, 0 where there is none. The 25 characters are fixed since Unicode 6.3.
inline size_t white_space_at(const uint8_t* p, const uint8_t* end) {
  const uint8_t c = *p;
  if (c < 0x80) return c == ' ' || uint8_t(c - 9) < 5;
  if (c == 0xC2) return end - p >= 2 && (p[1] == 0x85 || p[1] == 0xA0) ? 2 : 0;
  if (c < 0xE1 || c > 0xE3 || end - p < 3) return 0;
  if (c == 0xE2) {
    if (p[1] == 0x80) return p[2] >= 0x80 && (p[2] <= 0x8A || p[2] == 0xA8 || p[2] == 0xA9 || p[2] == 0xAF) ? 3 : 0;
    return p[1] == 0x81 && p[2] == 0x9F ? 3 : 0;
  }
  if (c == 0xE1) return p[1] == 0x9A && p[2] == 0x80 ? 3 : 0;
  return p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;  // U+3000
}

// Calls visit(word, code_points) for each word in order.
template <class Visit>
void for_each_word(std::string_view text, Visit visit) {
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto end = p + text.size();
  while (p < end) {
    if (const size_t n = white_space_at(p, end)) { p += n; continue; }
    const auto start = p;
    uint32_t points = 0;
    do {
      points += (*p & 0xC0) != 0x80;
      ++p;
    } while (p < end && (*p > ' ' ? *p < 0xC2 || !white_space_at(p, end) : !white_space_at(p, end)));
    visit(std::string_view(reinterpret_cast<const char*>(start), size_t(p - start)), points);
  }
}

inline bool is_blank(std::string_view text) {
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto end = p + text.size();
  while (p < end) {
    const size_t n = white_space_at(p, end);
    if (n == 0) return false;
    p += n;
  }
  return true;
}

inline std::string_view trim_start(std::string_view text) {
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto end = p + text.size();
  while (p < end) {
    const size_t n = white_space_at(p, end);
    if (n == 0) break;
    p += n;
  }
  return text.substr(text.size() - size_t(end - p));
}

inline std::string_view trim_end(std::string_view text) {
  const auto begin = reinterpret_cast<const uint8_t*>(text.data());
  auto end = begin + text.size();
  while (end > begin) {
    if (end[-1] < 0x80) {
      if (!white_space_at(end - 1, end)) break;
      --end;
    } else if (end - begin >= 2 && white_space_at(end - 2, end) == 2) {
      end -= 2;
    } else if (end - begin >= 3 && white_space_at(end - 3, end) == 3) {
      end -= 3;
    } else {
      break;
    }
  }
  return text.substr(0, size_t(end - begin));
}

// Calls visit(line) for each piece between "\n", blank ones included; the "\n" is no part of it.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  for (size_t at = 0;;) {
    const void* found = at < text.size() ? std::memchr(text.data() + at, '\n', text.size() - at) : nullptr;
    if (!found) return visit(text.substr(at));
    const size_t last = size_t(static_cast<const char*>(found) - text.data());
    visit(text.substr(at, last - at));
    at = last + 1;
  }
}

// Calls visit(paragraph) for each piece between runs of two or more "\n".
template <class Visit>
void for_each_paragraph(std::string_view text, Visit visit) {
  for (size_t at = 0, from = 0;;) {
    const void* found = at < text.size() ? std::memchr(text.data() + at, '\n', text.size() - at) : nullptr;
    if (!found) return visit(text.substr(from));
    const size_t start = size_t(static_cast<const char*>(found) - text.data());
    size_t last = start + 1;
    while (last < text.size() && text[last] == '\n') ++last;
    if (last - start >= 2) {
      visit(text.substr(from, start - from));
      from = last;
    }
    at = last;
  }
}

}  // namespace refine
