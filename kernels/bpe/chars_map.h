// The precompiled map of SentencePiece's normalisers: sequences of bytes in a double array, each with its replacement.
// Invariant: no read outside the map, whatever its bytes say. Source: SentencePiece 0.2, normalizer.cc; darts-clone 0.32.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "refine/views.h"

namespace refine::bpe {

class CharsMap {
 public:
  struct Match {
    std::string_view to;  // lies in the map
    size_t length;        // bytes of the text that it stands for
  };
  // `map`: the field precompiled_charsmap; empty: no sequence is in it.
  static Status make(std::string_view map, CharsMap& out);
  bool empty() const { return units_.empty(); }
  // The longest or shortest sequence that the text starts with; none where no sequence does, or where the one found has no replacement
  // inside the map.
  std::optional<Match> longest(std::string_view text) const { return find(text, false); }
  std::optional<Match> shortest(std::string_view text) const { return find(text, true); }

 private:
  std::optional<Match> find(std::string_view text, bool first) const;
  std::vector<uint32_t> units_;  // the double array
  std::string strings_;          // zero-terminated replacements
};

}  // namespace refine::bpe
