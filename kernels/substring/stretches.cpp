// A document's stretches: one pass with a queue of anchor candidates, so linear whatever the content.
// Winnowing: Schleimer, Wilkerson & Aiken 2003; minimizers: Roberts et al. 2004.
#include <algorithm>
#include <cstring>

#include "refine/substring.h"
#include "rolling.h"

namespace refine::substring {

// Half the span: rarer anchors than shorter grams, one in span / 4 symbols.
uint32_t default_gram(uint32_t span) { return (span + 1) / 2; }

Status check_params(const Params& params) {
  if (params.span < kSmallestSpan || params.span > kLargestSpan)
    return Status::error("ERR_REFINE_INTERNAL", "substring: a span of " + std::to_string(params.span) + " symbols; expected " + std::to_string(kSmallestSpan) + " to " + std::to_string(kLargestSpan));
  if (params.gram > params.span) return Status::error("ERR_REFINE_INTERNAL", "substring: an anchor longer than the span");
  return {};
}

StretchCutter::StretchCutter(const Params& params) : params_(params) {
  if (params_.gram == 0) params_.gram = default_gram(params_.span);
  leaving_ = power(kBase, params_.gram);
  ring_.resize(params_.gram);
  if (params_.bytes)
    for (uint32_t byte = 0; byte < 256; ++byte) byte_codes_.push_back(symbol_code(byte));
}

template <class Symbol>
void StretchCutter::cut(const Symbol* symbols, size_t count) {
  stretches_.clear();
  repeated_.clear();
  again_.clear();
  const size_t span = params_.span, gram = params_.gram;
  if (count < span || count > UINT32_MAX) return;
  slots_.assign(64, 0);  // grown in add()

  const size_t candidates = span - gram + 1;
  SlidingMinimum anchors(candidates);
  size_t slot = 0;
  uint64_t hash = 0;
  size_t anchor = SIZE_MAX, start = 0;
  uint64_t anchor_order = 0;
  const auto end_stretch = [&](size_t past) {
    Stretch stretch;
    stretch.anchor = mix(anchor_order ^ 0x5851f42d4c957f2dull);
    stretch.start = uint32_t(start);
    stretch.windows = uint32_t(past - start);
    stretch.content = murmur3_128({reinterpret_cast<const char*>(symbols + start), (past - start - 1 + span) * sizeof(Symbol)});
    add(stretch);
  };
  for (size_t at = 0; at < count; ++at) {
    uint64_t code;
    if constexpr (sizeof(Symbol) == 1) code = byte_codes_[symbols[at]];
    else code = symbol_code(symbols[at]);
    hash = hash * kBase + code;
    if (at >= gram) hash -= ring_[slot] * leaving_;
    ring_[slot] = code;
    if (++slot == gram) slot = 0;
    if (at + 1 < gram) continue;
    const size_t first = at + 1 - gram;  // of the gram that ends here
    const auto& smallest = anchors.push(mix(hash), first);
    if (first + 1 < candidates) continue;
    const size_t window = first + 1 - candidates;
    if (smallest.at == anchor) continue;
    if (anchor != SIZE_MAX) end_stretch(window);
    anchor = smallest.at;
    anchor_order = smallest.order;
    start = window;
  }
  end_stretch(count - span + 1);
}

void StretchCutter::add(const Stretch& stretch) {
  if (2 * (stretches_.size() + 1) > slots_.size()) {
    slots_.assign(slots_.size() * 4, 0);
    for (size_t i = 0; i < stretches_.size(); ++i) {
      size_t slot = stretches_[i].content.low & (slots_.size() - 1);
      while (slots_[slot]) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = uint32_t(i + 1);
    }
  }
  const auto range = [&](const Stretch& of) { return Range{of.start, of.start + of.windows - 1 + params_.span}; };
  size_t slot = stretch.content.low & (slots_.size() - 1);
  for (; slots_[slot]; slot = (slot + 1) & (slots_.size() - 1)) {
    const size_t seen = slots_[slot] - 1;
    if (!(stretches_[seen].content == stretch.content)) continue;
    if (!params_.keep_first && !again_[seen]) repeated_.push_back(range(stretches_[seen]));
    again_[seen] = 1;
    const Range more = range(stretch);  // stretches ascend, so a run of repeats stays one range
    if (!repeated_.empty() && repeated_.back().start <= more.start && more.start <= repeated_.back().end) repeated_.back().end = std::max(repeated_.back().end, more.end);
    else repeated_.push_back(more);
    return;
  }
  slots_[slot] = uint32_t(stretches_.size() + 1);
  stretches_.push_back(stretch);
  again_.push_back(0);
}

template void StretchCutter::cut<uint8_t>(const uint8_t*, size_t);
template void StretchCutter::cut<uint32_t>(const uint32_t*, size_t);

void join_ranges(std::vector<Range>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.start != b.start ? a.start < b.start : a.end < b.end; });
  size_t kept = 0;
  for (const Range& range : ranges) {
    if (kept && range.start <= ranges[kept - 1].end) ranges[kept - 1].end = std::max(ranges[kept - 1].end, range.end);
    else ranges[kept++] = range;
  }
  ranges.resize(kept);
}

}  // namespace refine::substring
