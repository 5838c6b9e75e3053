// What WordPiece and Unigram have in common for the tokenizer: ids of pieces, without merges.
// Invariant: const and without memory of earlier pieces, so that callers may share one.
#pragma once
#include <cstdint>
#include <vector>

namespace refine::bpe {

class PieceIds {
 public:
  virtual ~PieceIds() = default;
  // Appends the ids of one piece [p, end), valid UTF-8 with p < end.
  virtual void encode(const uint8_t* p, const uint8_t* end, std::vector<uint32_t>& ids) const = 0;
};

}  // namespace refine::bpe
