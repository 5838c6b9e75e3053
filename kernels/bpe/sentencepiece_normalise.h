// SentencePiece's normaliser: its precompiled map of character sequences (longest match in a double array), spaces as U+2581,
// runs of spaces as one, a space before the text.
// Invariant: no read outside the map, whatever its bytes say. Source: SentencePiece 0.2, normalizer.cc; darts-clone 0.32.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "chars_map.h"
#include "refine/bpe.h"
#include "refine/views.h"

namespace refine::bpe {

class SentencePieceNormaliser {
 public:
  // `map`: the field precompiled_charsmap, empty for identity. `kept`: user-defined pieces, never changed, longest first found.
  static Status make(std::string_view map, uint8_t flags, const std::vector<std::string>& kept, SentencePieceNormaliser& out);
  void append(std::string_view text, std::string& out) const;

 private:
  // What the text's start becomes, and how many bytes of it.
  std::pair<std::string_view, size_t> prefix(std::string_view text) const;
  CharsMap map_;
  std::vector<std::string> kept_;  // sorted
  uint8_t flags_ = 0;
};

}  // namespace refine::bpe
