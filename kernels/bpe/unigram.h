// Unigram: of all ways to spell a piece the one whose tokens' log probabilities sum highest; a character that no token spells alone
// has the unknown score. Sums are float64 from the piece's start on, and an equal sum does not replace an earlier one, so that ties
// end as HuggingFace's do: at each place the token that begins first wins. Unknown characters side by side are one token, or the
// tokens of their bytes where the vocabulary has them all.
// Invariant: const; work is at most the piece's bytes times the longest token's; memory is that of the longest stretch that tokens
// span without a gap.
// Source: Kudo 2018; HuggingFace tokenizers 0.22, models/unigram/model.rs (encode_optimized).
#pragma once
#include <array>
#include <vector>

#include "byte_trie.h"
#include "piece_ids.h"
#include "refine/bpe.h"

namespace refine::bpe {

class Unigram final : public PieceIds {
 public:
  explicit Unigram(const Definition& definition);
  // Never more ids than the piece has bytes.
  void encode(const uint8_t* p, const uint8_t* end, std::vector<uint32_t>& ids) const override;

 private:
  struct Node {  // the best spelling of what ends here
    double score = 0;
    uint32_t length = 0, id = 0;  // of its last token; length 0: nothing ends here yet
  };
  void append_path(const uint8_t* start, const std::vector<Node>& nodes, std::vector<uint32_t>& ids) const;
  void append_unknown(const uint8_t* p, const uint8_t* end, std::vector<uint32_t>& ids) const;

  ByteTrie trie_;
  std::vector<double> scores_;  // by id
  std::array<uint32_t, 256> byte_ids_;
  uint32_t unk_id_;
  double unk_score_;
};

}  // namespace refine::bpe
