// Takes whole lines out of a text. Invariant: what stays are the other lines in their order, joined by "\n"; where anything was
// taken, no blank line is left at either end. Spans that are no whole lines (they come from files) are refused, not guessed at.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace refine {

struct CutText {
  bool ok = true;            // false: a span is no line of the text; nothing was appended
  uint32_t lines = 0;        // taken
  uint32_t cut_characters = 0, characters = 0;  // code points of the lines taken, and of all text before
  uint32_t left = 0;         // code points that stay, newlines included
  uint32_t sentences = 0;    // of what stays, as UAX #29 cuts them
};

// spans: `count` pairs [start, end), ascending and apart. Appends to `out`.
CutText cut_lines(std::string_view text, const uint32_t* start, const uint32_t* end, size_t count, bool count_sentences, std::string& out);

}  // namespace refine
