// See chars_map.h.
#include "chars_map.h"

namespace refine::bpe {

namespace {
constexpr size_t kMaxResults = 32;  // SentencePiece looks at no more prefixes of a place than these

// A unit of darts-clone's double array.
bool has_leaf(uint32_t unit) { return unit >> 8 & 1; }
uint32_t value_of(uint32_t unit) { return unit & 0x7FFFFFFF; }
uint32_t label_of(uint32_t unit) { return unit & (0x80000000u | 0xFF); }
uint32_t offset_of(uint32_t unit) { return unit >> 10 << ((unit & 0x200) >> 6); }
}  // namespace

Status CharsMap::make(std::string_view map, CharsMap& out) {
  if (map.empty()) return {};
  const auto bad = [](const char* what) { return Status::error("ERR_REFINE_ASSET", std::string("tokenizer: its precompiled_charsmap ") + what); };
  if (map.size() < 4) return bad("is shorter than its header");
  const auto word = [&](size_t at) {
    const auto b = reinterpret_cast<const uint8_t*>(map.data()) + at;
    return uint32_t(b[0]) | uint32_t(b[1]) << 8 | uint32_t(b[2]) << 16 | uint32_t(b[3]) << 24;
  };
  const size_t bytes = word(0);
  if (bytes < 4 || bytes % 4 != 0 || bytes > map.size() - 4) return bad("names a table longer than itself");
  out.units_.resize(bytes / 4);
  for (size_t i = 0; i < out.units_.size(); ++i) out.units_[i] = word(4 + i * 4);
  out.strings_ = map.substr(4 + bytes);
  out.strings_.push_back('\0');
  return {};
}

std::optional<CharsMap::Match> CharsMap::find(std::string_view text, bool first) const {
  if (units_.empty()) return {};
  size_t longest = 0, value = 0, results = 0;
  uint32_t node = offset_of(units_[0]);
  for (size_t i = 0; i < text.size() && results < kMaxResults; ++i) {
    const auto byte = uint8_t(text[i]);
    node ^= byte;
    if (node >= units_.size() || label_of(units_[node]) != byte) break;
    const uint32_t unit = units_[node];
    node ^= offset_of(unit);
    if (!has_leaf(unit)) continue;
    if (node >= units_.size()) break;
    longest = i + 1;
    value = value_of(units_[node]);
    ++results;
    if (first) break;
  }
  if (longest == 0 || value >= strings_.size()) return {};
  return Match{std::string_view(strings_.c_str() + value), longest};
}

}  // namespace refine::bpe
