// Tails of record files, spans over any text, and stretches of any bytes: no read out of bounds, valid UTF-8 stays valid, and the
// stretches' repeats equal a table of all windows.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <unordered_set>

#include "../symbols.h"
#include "refine/substring_cut.h"
#include "refine/utf8.h"

using namespace refine;
using namespace refine::substring;

namespace {
void demand(bool holds) {
  if (!holds) std::abort();
}

void tails(std::string_view input) {
  std::vector<uint32_t> ids, ends;
  if (unpack_tokens(input, ids, ends)) {
    demand(ids.size() == ends.size());
    std::vector<uint32_t> lengths(ends), again;
    for (size_t i = ends.size(); i-- > 1;) lengths[i] = ends[i] - ends[i - 1];
    std::string packed;
    pack_tokens(ids, lengths, packed);
    std::vector<uint32_t> back, back_ends;
    demand(unpack_tokens(packed, back, back_ends) && back == ids && back_ends == ends);
  }
  if (unpack_ids(input, ids)) demand(ids.size() <= input.size());
}

void spans(std::string_view input) {
  if (input.size() < 8) return;
  std::vector<Range> given, snapped;
  const std::string text = to_valid_utf8(input.substr(8));
  uint32_t at = 0;
  for (size_t i = 0; i + 1 < 8; i += 2) {
    const uint32_t start = at + uint8_t(input[i]) % 16, end = start + 1 + uint8_t(input[i + 1]);
    if (end > text.size()) break;
    given.push_back({start, end});
    at = end;
  }
  for (const Snap snap : {Snap::kNone, Snap::kLine, Snap::kSentence}) {
    snap_spans(text, given.data(), given.size(), snap, snapped);
    std::string left;
    size_t from = 0;
    for (const Range& span : snapped) {
      demand(span.start >= from && span.end > span.start && span.end <= text.size());
      left.append(text, from, span.start - from);
      from = span.end;
    }
    left.append(text, from);
    demand(is_valid_utf8(left));
  }
}

void repeats_inside(std::string_view input) {
  Params params;
  params.bytes = true;
  params.span = 6;
  StretchCutter cutter(params);
  cutter.cut(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  std::string covered(input.size(), 0), expected(input.size(), 0);
  std::unordered_set<std::string_view> seen;
  for (size_t at = 0; at + params.span <= input.size(); ++at)
    if (!seen.insert(input.substr(at, params.span)).second) std::fill_n(expected.begin() + long(at), params.span, 1);
  for (const Range& range : cutter.repeated()) std::fill(covered.begin() + range.start, covered.begin() + range.end, 1);
  WindowComparer comparer(params);  // all in one group: more work, the same windows
  for (const Stretch& stretch : cutter.stretches()) comparer.add(0, stretch.start, input.substr(stretch.start, stretch.windows - 1 + params.span));
  comparer.finish([&](uint64_t, Range range) { std::fill(covered.begin() + range.start, covered.begin() + range.end, 1); });
  demand(covered == expected);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  tails(input);
  spans(input);
  repeats_inside(input.substr(0, 4096));
  return 0;
}
