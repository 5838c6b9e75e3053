#include <algorithm>
#include <cstring>
#include <numeric>

#include "refine/text_search.h"

namespace refine {
namespace {
constexpr size_t kHead = 8;
constexpr uint64_t kSpread = 0x9e3779b97f4a7c15ull;

uint64_t load64(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, 8);
  return value;
}
}  // namespace

StringSearch::StringSearch(std::vector<std::string> strings) : strings_(std::move(strings)) {
  std::vector<uint32_t> longs;
  for (uint32_t i = 0; i < strings_.size(); ++i)
    if (strings_[i].size() >= kHead) longs.push_back(i);
    else if (!strings_[i].empty()) short_.push_back(i);
  if (longs.empty()) return;
  unsigned bits = 12;
  while (bits < 24 && (size_t(1) << bits) < longs.size() * 16) ++bits;
  filter_shift_ = 64 - bits;
  filter_.assign((size_t(1) << bits) / 64, 0);
  starts_.assign((size_t(1) << bits) + 1, 0);
  const auto slot = [&](uint32_t i) { return load64(strings_[i].data()) * kSpread >> filter_shift_; };
  for (const uint32_t i : longs) {
    filter_[slot(i) / 64] |= uint64_t(1) << (slot(i) % 64);
    ++starts_[slot(i) + 1];
  }
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  by_hash_.resize(longs.size());
  auto at = starts_;
  for (const uint32_t i : longs) by_hash_[at[slot(i)]++] = i;
}

void StringSearch::find(BytesView texts, std::vector<StringMatch>& out) const {
  std::vector<uint32_t> counts(strings_.size(), 0), seen;
  const auto count = [&](uint32_t string) {
    if (counts[string]++ == 0) seen.push_back(string);
  };
  for (size_t row = 0; row < texts.rows; ++row) {
    if (!texts.valid(row)) continue;
    const std::string_view text = texts[row];
    for (const uint32_t string : short_)
      for (size_t at = text.find(strings_[string]); at != std::string_view::npos; at = text.find(strings_[string], at + 1)) count(string);
    if (!by_hash_.empty() && text.size() >= kHead) {
      for (size_t at = 0; at + kHead <= text.size(); ++at) {
        const uint64_t head = load64(text.data() + at), slot = head * kSpread >> filter_shift_;
        if (!(filter_[slot / 64] >> (slot % 64) & 1)) continue;
        for (uint32_t i = starts_[slot]; i < starts_[slot + 1]; ++i) {
          const std::string& string = strings_[by_hash_[i]];
          if (text.size() - at >= string.size() && std::memcmp(text.data() + at, string.data(), string.size()) == 0) count(by_hash_[i]);
        }
      }
    }
    std::sort(seen.begin(), seen.end());
    for (const uint32_t string : seen) {
      out.push_back({uint32_t(row), string, counts[string]});
      counts[string] = 0;
    }
    seen.clear();
  }
}

}  // namespace refine
