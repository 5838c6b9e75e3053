// WordPiece: from the left the longest token each time, tokens inside a word spelled with a prefix ("##"); a word that cannot be
// spelled so, or is too long, is the unknown token. Source: HuggingFace tokenizers, models/wordpiece/mod.rs.
// Invariant: work is at most the piece's bytes times the longest token's.
#pragma once
#include "byte_trie.h"
#include "piece_ids.h"
#include "refine/bpe.h"

namespace refine::bpe {

class WordPiece final : public PieceIds {
 public:
  explicit WordPiece(const Definition& definition);
  void encode(const uint8_t* p, const uint8_t* end, std::vector<uint32_t>& ids) const override;

 private:
  ByteTrie first_, later_;  // all tokens; those with the prefix, less it
  uint32_t unk_id_;
  size_t max_characters_;
};

}  // namespace refine::bpe
