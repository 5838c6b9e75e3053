// What becomes of a text's repeated spans: cut out, listed, or a reason to drop the document.
// Invariants: nothing outside the given spans is removed but white space at the ends of a cut text and, with snap, the line end or
// white space after a piece that goes whole; valid UTF-8 stays valid; work is linear in the text.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "refine/substring.h"
#include "refine/views.h"

namespace refine::substring {

enum class Action : uint8_t {
  kCut,   // the text without its spans
  kMask,  // the text as it is; the spans are given
  kDrop,  // the document goes where more than `most_repeated` of its code points lie in spans
};
enum class Snap : uint8_t {
  kNone,      // spans shrink to code points
  kLine,      // to whole lines, their line ends with them
  kSentence,  // to whole sentences (UAX #29), the white space after them with them
};

struct CutOptions {
  Action action = Action::kCut;
  Snap snap = Snap::kNone;
  uint32_t least_left = 50;     // code points outside spans, of documents that have spans (kCut, kMask)
  double most_repeated = 0.2;   // kDrop
};

constexpr uint16_t kTooShort = 1, kRepeatedShare = 2;  // drop codes

struct CutColumns {
  BytesColumn text;            // kCut
  ListColumn<uint32_t> spans;  // kMask: start, end, start, end, ... in bytes
  std::vector<uint16_t> drops;
};

// Spans: ascending, apart, any bytes of the text; out: on borders of characters, never longer, empty ones left out.
void snap_spans(std::string_view text, const Range* spans, size_t count, Snap snap, std::vector<Range>& out);

// Row r has spans [offsets[r], offsets[r + 1]). ERR_REFINE_INTERNAL where they do not ascend or pass the text.
Status cut_texts(BytesView texts, const int32_t* offsets, const uint32_t* start, const uint32_t* end, const CutOptions& options, CutColumns* out);

}  // namespace refine::substring
