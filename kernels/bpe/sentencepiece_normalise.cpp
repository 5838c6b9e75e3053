// See sentencepiece_normalise.h.
#include "sentencepiece_normalise.h"

#include <algorithm>
#include <cstring>

#include "char_class.h"

namespace refine::bpe {

namespace {
constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";
}  // namespace

Status SentencePieceNormaliser::make(std::string_view map, uint8_t flags, const std::vector<std::string>& kept, SentencePieceNormaliser& out) {
  out.flags_ = flags;
  out.kept_ = kept;
  std::sort(out.kept_.begin(), out.kept_.end());
  return CharsMap::make(map, out.map_);
}

std::pair<std::string_view, size_t> SentencePieceNormaliser::prefix(std::string_view text) const {
  const std::string* kept = nullptr;
  if (!kept_.empty()) {
    // Of the sorted strings those that start the text are found by growing prefixes; the longest counts.
    size_t low = 0, high = kept_.size();
    for (size_t depth = 0; low < high; ++depth) {
      if (kept_[low].size() == depth) kept = &kept_[low++];
      if (depth == text.size() || low == high) break;
      const auto at = [&](const std::string& s) { return uint8_t(s[depth]); };
      const auto wanted = uint8_t(text[depth]);
      low = size_t(std::partition_point(kept_.begin() + long(low), kept_.begin() + long(high), [&](const auto& s) { return at(s) < wanted; }) - kept_.begin());
      high = size_t(std::partition_point(kept_.begin() + long(low), kept_.begin() + long(high), [&](const auto& s) { return at(s) <= wanted; }) - kept_.begin());
    }
  }
  if (kept) return {text.substr(0, kept->size()), kept->size()};
  if (const auto match = map_.longest(text)) return {match->to, match->length};
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  next_code_point(p);
  const auto length = size_t(p - reinterpret_cast<const uint8_t*>(text.data()));
  return {text.substr(0, length), length};
}

void SentencePieceNormaliser::append(std::string_view text, std::string& out) const {
  const bool squeeze = flags_ & kRemoveExtraSpaces;
  const std::string_view space = flags_ & kEscapeSpaces ? kSpaceSymbol : std::string_view(" ");
  if (squeeze) {
    while (!text.empty()) {
      const auto [to, length] = prefix(text);
      if (to != " ") break;
      text.remove_prefix(length);
    }
  }
  if (text.empty()) return;
  const size_t start = out.size();
  if ((flags_ & kAddDummyPrefix) && !(flags_ & kSpaceAsSuffix)) out.append(space);
  bool after_space = squeeze;
  while (!text.empty()) {
    auto [to, length] = prefix(text);
    while (after_space && to.starts_with(' ')) to.remove_prefix(1);
    for (const char c : to) {
      if (c == ' ') out.append(space);
      else out.push_back(c);
    }
    if (!to.empty()) after_space = squeeze && to.back() == ' ';
    text.remove_prefix(length);
  }
  if (squeeze)
    while (out.size() > start && std::string_view(out).substr(start).ends_with(space)) out.resize(out.size() - space.size());
  if ((flags_ & kAddDummyPrefix) && (flags_ & kSpaceAsSuffix)) out.append(space);
}

}  // namespace refine::bpe
