// Ids of pieces, a buffer of them at a time: keys and prefetches first, then the look-ups, and merges for what is not known.
// Invariant: the ids are those of the merges (or the token that the whole piece is, with ignore_merges); what a table
// remembers, and where a piece was cut into parts, changes no id.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "character_bpe.h"
#include "joins.h"
#include "merges.h"
#include "piece_ids.h"
#include "piece_table.h"
#include "refine/bpe.h"

namespace refine::bpe {

// What does not change after making; shared by all callers.
class PieceModel {
 public:
  explicit PieceModel(const Definition& definition);

  void merge(const uint8_t* piece, size_t length, MergeScratch& scratch, std::vector<uint32_t>& ids) const {
    if (unigram) unigram->encode(piece, piece + length, ids);
    else if (characters) characters->merge(merges, piece, length, scratch, ids);
    else merge_piece(merges, byte_ids.data(), piece, length, scratch, ids);
  }

  size_t table_bytes() const { return vocabulary_.most_bytes(); }

  MergeTable merges;
  std::unique_ptr<const CharacterBpe> characters;  // null: BPE over bytes, or
  std::unique_ptr<const PieceIds> unigram;         // in place of merges
  std::array<uint32_t, 256> byte_ids;
  bool ignore_merges;

 private:
  friend class PieceEncoder;
  Joins joins_;
  PieceTable vocabulary_;  // every token's own bytes, the first ids first: they are the most frequent
  // With ignore_merges: tokens that the merges do not make of their own bytes, so that only a whole piece is one.
  std::unordered_map<std::string, uint32_t> whole_only_;
  std::vector<bool> is_whole_only_;
};

class PieceEncoder {
 public:
  explicit PieceEncoder(const PieceModel& model) : model_(model), table_(model.vocabulary_) {}

  // Appends the ids of the pieces p..ends[0], ends[0]..ends[1] and so on; bytes may be read up to `readable_end`.
  void encode(const uint8_t* p, const uint8_t* const* ends, size_t count, const uint8_t* readable_end, std::vector<uint32_t>& ids);
  size_t most_bytes() const { return table_.most_bytes(); }

 private:
  static constexpr size_t kBatch = 64;  // pieces between a prefetch and its use
  struct Entry {
    PieceKey key;
    const uint8_t* piece;
    uint32_t length, slot;
    bool part;  // of a piece: never a token that only a whole piece is
  };
  void add(const uint8_t* piece, size_t length, bool part = false);
  void add_parts(const uint8_t* p, const uint8_t* end);
  bool find(const Entry& entry);
  void look_up();
  void miss(const Entry& entry);

  const PieceModel& model_;
  PieceTable table_;
  MergeScratch scratch_;
  std::vector<uint32_t> merged_;
  std::array<Entry, kBatch> entries_;
  size_t entry_count_ = 0;
  const uint8_t* readable_end_ = nullptr;
  uint32_t* out_ = nullptr;
};

}  // namespace refine::bpe
