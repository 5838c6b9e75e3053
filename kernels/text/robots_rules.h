// The form of compiled rules, shared by robots.cpp and robots_table.cpp.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace refine {

constexpr uint8_t kRuleAllows = 1, kRuleAnchored = 2, kRuleWildcard = 4;

inline void append_varint(uint32_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(char(value | 0x80));
  out.push_back(char(value));
}

// Takes the number from the front; what is cut short gives what is there.
inline uint32_t take_varint(std::string_view& from) {
  uint32_t value = 0;
  for (int shift = 0; !from.empty() && shift < 35; shift += 7) {
    const uint8_t c = uint8_t(from[0]);
    from.remove_prefix(1);
    value |= uint32_t(uint64_t(c & 0x7F) << shift);
    if (c < 0x80) break;
  }
  return value;
}

}  // namespace refine
