#include "refine/substring_cut.h"

#include "refine/segment.h"
#include "refine/utf8.h"

namespace refine::substring {
namespace {

bool continues(char byte) { return (uint8_t(byte) & 0xc0) == 0x80; }

// Pieces [start, end) tile the text in order; those go whose characters, white space around them aside, lie in one span.
class WholePieces {
 public:
  WholePieces(std::string_view text, const std::vector<Range>& spans, std::vector<Range>& out) : text_(text), spans_(spans), out_(out) {}
  void operator()(size_t start, size_t end) {
    while (at_ < spans_.size() && spans_[at_].end <= start) ++at_;
    if (at_ == spans_.size()) return;
    size_t from = start, to = end;
    if (spans_[at_].start > from || spans_[at_].end < to) trim_piece(text_, from, to);
    if (from >= to || spans_[at_].start > from || spans_[at_].end < to) return;
    if (!out_.empty() && out_.back().end == start) out_.back().end = uint32_t(end);
    else out_.push_back({uint32_t(start), uint32_t(end)});
  }

 private:
  std::string_view text_;
  const std::vector<Range>& spans_;
  std::vector<Range>& out_;
  size_t at_ = 0;
};

}  // namespace

void snap_spans(std::string_view text, const Range* spans, size_t count, Snap snap, std::vector<Range>& out) {
  out.clear();
  for (size_t i = 0; i < count; ++i) {
    Range span = spans[i];
    while (span.start < span.end && continues(text[span.start])) ++span.start;
    while (span.end > span.start && span.end < text.size() && continues(text[span.end])) --span.end;
    if (span.start < span.end) out.push_back(span);
  }
  if (snap == Snap::kNone || out.empty()) return;
  std::vector<Range> characters;
  characters.swap(out);
  WholePieces whole(text, characters, out);
  if (snap == Snap::kSentence) return for_each_sentence_break(text, whole);
  for (size_t start = 0; start < text.size();) {
    const size_t line_end = text.find('\n', start);
    const size_t next = line_end == std::string_view::npos ? text.size() : line_end + 1;
    whole(start, next);
    start = next;
  }
}

Status cut_texts(BytesView texts, const int32_t* offsets, const uint32_t* start, const uint32_t* end, const CutOptions& options, CutColumns* out) {
  std::vector<Range> given, spans;
  std::string left;
  out->drops.assign(texts.rows, 0);
  for (size_t row = 0; row < texts.rows; ++row) {
    const std::string_view text = texts.valid(row) ? texts[row] : std::string_view();
    given.clear();
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      if (start[i] >= end[i] || end[i] > text.size() || (!given.empty() && start[i] < given.back().end))
        return Status::error("ERR_REFINE_INTERNAL", "substring: span " + std::to_string(start[i]) + " to " + std::to_string(end[i]) + " of a text of " + std::to_string(text.size()) + " bytes, after one that ends at " + std::to_string(given.empty() ? 0 : given.back().end));
      given.push_back({start[i], end[i]});
    }
    snap_spans(text, given.data(), given.size(), options.snap, spans);
    if (options.action == Action::kMask) {
      for (const Range& span : spans) out->spans.values.insert(out->spans.values.end(), {span.start, span.end});
      out->spans.end_row();
    }
    if (spans.empty()) {
      if (options.action == Action::kCut) texts.valid(row) ? out->text.append(text) : out->text.append_null();
      continue;
    }
    if (options.action == Action::kDrop) {
      uint64_t repeated = 0;
      for (const Range& span : spans) repeated += count_code_points(text.substr(span.start, span.end - span.start));
      if (double(repeated) > options.most_repeated * double(count_code_points(text))) out->drops[row] = kRepeatedShare;
      continue;
    }
    left.clear();
    size_t at = 0;
    for (const Range& span : spans) {
      left.append(text, at, span.start - at);
      at = span.end;
    }
    left.append(text, at);
    size_t from = 0, to = left.size();
    trim_piece(left, from, to);
    const std::string_view trimmed = std::string_view(left).substr(from, to - from);
    if (count_code_points(trimmed) < options.least_left) out->drops[row] = kTooShort;
    if (options.action == Action::kCut) out->text.append(trimmed);
  }
  return {};
}

}  // namespace refine::substring
