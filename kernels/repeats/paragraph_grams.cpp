// Word n-grams of paragraphs; see paragraph_grams.h.
#include "refine/paragraph_grams.h"

#include "../text/words.h"
#include "mersenne61.h"
#include "refine/hash.h"
#include "mersenne61.h"
#include "refine/normalize.h"
#include "refine/segment.h"

namespace refine {
namespace {
constexpr uint64_t kBase = 0x9E3779B97F4A7C15ull % kPrime61;  // any number without structure

}  // namespace

ParagraphGrams::ParagraphGrams(const GramParams& params) : params_(params), ring_(params.most) {
  for (uint32_t i = 0; i < params_.most; ++i) leaving_ = mul61(leaving_, kBase);
}

void ParagraphGrams::add_paragraph(std::string_view text, std::vector<uint64_t>& hashes) {
  const uint32_t most = params_.most;
  uint64_t sum = 0;
  uint32_t tokens = 0, slot = 0;
  WordBreaks breaks(text);
  WordPiece pieces[64];
  while (const size_t n = breaks.fill(pieces, 64)) {
    for (size_t i = 0; i < n; ++i) {
      const auto piece = text.substr(pieces[i].start, pieces[i].end - pieces[i].start);
      if (!pieces[i].is_word && is_blank(piece)) continue;
      const uint64_t token = reduce61(xxh64(piece));
      sum = add61(mul61(sum, kBase), token);
      if (tokens >= most) sum = sub61(sum, mul61(ring_[slot], leaving_));
      ring_[slot] = token;
      slot = slot + 1 == most ? 0 : slot + 1;
      if (++tokens >= most) hashes.push_back(mix64(sum));
    }
  }
  if (tokens < most && tokens >= params_.least) hashes.push_back(mix64(sum));
}

void ParagraphGrams::grams(std::string_view text, std::vector<Paragraph>& paragraphs, std::vector<uint64_t>& hashes) {
  paragraphs.clear();
  hashes.clear();
  for_each_line(text, [&](std::string_view line) {
    if (line.empty()) return;
    const size_t before = hashes.size();
    if (params_.normalise) {
      form_.clear();
      normalize_default(line, form_);
      add_paragraph(form_, hashes);
    } else {
      add_paragraph(line, hashes);
    }
    if (hashes.size() == before) return;
    const auto start = uint32_t(line.data() - text.data());
    paragraphs.push_back({start, start + uint32_t(line.size()), uint32_t(hashes.size() - before)});
  });
}

}  // namespace refine
