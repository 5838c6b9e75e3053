// The normaliser Precompiled of tokenizer.json: SentencePiece's map as HuggingFace applies it. A grapheme cluster of less than 6 bytes
// becomes the replacement of the shortest sequence it starts with, the whole of it; where there is none, and in longer clusters,
// each character stands for itself. SentencePiece takes the longest sequence wherever it begins (sentencepiece_normalise.h): the two
// differ where a cluster has more than one sequence in it, such as a line end of two characters.
// Source: HuggingFace tokenizers 0.22, normalizers/precompiled.rs; spm_precompiled 0.1.
#pragma once
#include "chars_map.h"

namespace refine::bpe {

class PrecompiledNormaliser {
 public:
  static Status make(std::string_view map, PrecompiledNormaliser& out);
  void append(std::string_view text, std::string& out) const;  // valid UTF-8

 private:
  void append_small(std::string_view cluster, std::string& out) const;
  CharsMap map_;
  bool ascii_stays_[128] = {};  // alone, where no line end is made of two characters
};

}  // namespace refine::bpe
