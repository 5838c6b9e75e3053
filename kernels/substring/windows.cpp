// The windows of one group of stretches, compared by content in a hash table of their places.
#include <cstring>

#include "refine/substring.h"
#include "rolling.h"

namespace refine::substring {

void WindowComparer::add(uint64_t row, uint32_t start, std::string_view content) {
  const size_t width = params_.symbol_bytes(), symbols = content.size() / width;
  members_.push_back({row, pool_.size() / width, symbols, start});
  pool_.append(content);
  windows_ += symbols - params_.span + 1;
}

void WindowComparer::mark() {
  const size_t width = params_.symbol_bytes(), span = params_.span;
  repeated_.assign(pool_.size() / width, 0);
  size_t room = 16;
  while (room < windows_ * 2) room *= 2;
  slots_.assign(room, 0);
  const auto code_at = [&](size_t symbol) {
    if (width == 1) return symbol_code(uint8_t(pool_[symbol]));
    uint32_t value;
    std::memcpy(&value, pool_.data() + symbol * 4, 4);
    return symbol_code(value);
  };
  const uint64_t leaving = power(kBase, params_.span);
  for (const Member& member : members_) {
    uint64_t hash = 0;
    for (size_t i = 0; i < member.symbols; ++i) {
      hash = hash * kBase + code_at(member.first + i);
      if (i >= span) hash -= code_at(member.first + i - span) * leaving;
      if (i + 1 < span) continue;
      const size_t window = member.first + i + 1 - span;
      const uint64_t mixed = mix(hash), tag = mixed & ~uint64_t(UINT32_MAX);
      size_t slot = mixed & (room - 1);
      for (; slots_[slot]; slot = (slot + 1) & (room - 1)) {
        if ((slots_[slot] ^ tag) >> 32) continue;
        const size_t earlier = size_t(slots_[slot] & UINT32_MAX) - 1;
        if (std::memcmp(pool_.data() + earlier * width, pool_.data() + window * width, span * width) != 0) continue;
        repeated_[window] = 1;
        if (!params_.keep_first) repeated_[earlier] = 1;
        break;
      }
      if (!slots_[slot]) slots_[slot] = tag | (window + 1);
    }
  }
}

void WindowComparer::clear() {
  pool_.clear();
  members_.clear();
  windows_ = 0;
}

}  // namespace refine::substring
