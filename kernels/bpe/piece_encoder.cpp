// See piece_encoder.h.
#include "piece_encoder.h"

#include "unigram.h"

namespace refine::bpe {

namespace {

constexpr size_t kLongPieces = 1 << 14, kArenaBytes = 2 << 20;  // pieces above 15 bytes to learn beside the vocabulary's own

// How many of the vocabulary's own pieces are long, and the bytes they take: what a table starts with, and returns to when full.
struct LongPieces {
  size_t count = 0, bytes = 0;
};
LongPieces long_pieces(const BytesView& spelled) {
  LongPieces found;
  for (size_t id = 0; id < spelled.rows; ++id) {
    if (!spelled.valid(id) || spelled[id].size() <= PieceTable::kShort || spelled[id].size() > PieceTable::kLongest) continue;
    ++found.count;
    found.bytes += 2 + spelled[id].size() + 2 * sizeof(PieceTable::Id);
  }
  return found;
}
PieceTable empty_table(const Definition& definition) {
  const LongPieces own = long_pieces(definition.characters || definition.scores ? definition.pieces : definition.tokens);
  // at most half of the slots are the vocabulary's; an eighth of a million leave room to learn beside the usual 50,000
  return PieceTable(std::max<size_t>(1 << 17, std::bit_ceil(definition.tokens.rows * 2)), std::bit_ceil(2 * (own.count + kLongPieces)), own.bytes + kArenaBytes);
}

std::array<uint32_t, 256> array_of(const uint32_t* byte_ids) {
  std::array<uint32_t, 256> out;
  std::copy_n(byte_ids, 256, out.begin());
  return out;
}

Joins joins_of(const Definition& definition) {
  std::vector<std::string_view> made;  // of characters, whose pieces are cut before they come here, none
  for (size_t i = 0; i < definition.merge_count && !definition.characters; ++i) made.push_back(definition.tokens[definition.merges[3 * i + 2]]);
  std::array<bool, 256> dropped;
  for (size_t b = 0; b < 256; ++b) dropped[b] = definition.byte_ids[b] == kNoToken;
  return Joins(made, dropped);
}

}  // namespace

PieceModel::PieceModel(const Definition& definition)
    : merges(definition.merges, definition.merge_count, definition.merge_ranks),
      characters(definition.characters ? std::make_unique<const CharacterBpe>(definition) : nullptr),
      unigram(definition.scores ? std::make_unique<const Unigram>(definition) : nullptr),
      byte_ids(array_of(definition.byte_ids)),
      ignore_merges(definition.ignore_merges),
      joins_(joins_of(definition)),
      vocabulary_(empty_table(definition)),
      is_whole_only_(ignore_merges ? definition.tokens.rows : 0) {
  if (!characters && !unigram) merges.index_bytes(byte_ids.data());
  MergeScratch scratch;
  std::vector<uint32_t> ids, room(PieceTable::kLongest + PieceTable::kRoom);
  for (size_t id = 0; id < definition.tokens.rows; ++id) {
    const BytesView& spelled = characters || unigram ? definition.pieces : definition.tokens;
    if ((!characters && !unigram && !definition.in_model[id]) || !spelled.valid(id)) continue;
    const std::string_view bytes = spelled[id];
    if (bytes.empty()) continue;
    const auto p = reinterpret_cast<const uint8_t*>(bytes.data());
    ids.clear();
    merge(p, bytes.size(), scratch, ids);
    if (ignore_merges && (ids.size() != 1 || ids[0] != id)) {
      if (!whole_only_.emplace(bytes, uint32_t(id)).second) continue;  // of equal tokens the first
      is_whole_only_[id] = true;
      ids.assign(1, uint32_t(id));
    }
    if (bytes.size() > PieceTable::kLongest) continue;
    const PieceKey key = PieceTable::key_of(p, bytes.size(), bytes.size());
    uint32_t* out = room.data();
    if (bytes.size() <= PieceTable::kShort) {
      const size_t slot = vocabulary_.slot_of(key);
      if (!vocabulary_.find(key, slot, out)) vocabulary_.put(key, slot, ids.data(), ids.size());
    } else if (!vocabulary_.find_long(key, p, bytes.size(), out)) {
      vocabulary_.put_long(key, p, bytes.size(), ids.data(), ids.size(), nullptr);
    }
  }
}

void PieceEncoder::encode(const uint8_t* p, const uint8_t* const* ends, size_t count, const uint8_t* readable_end, std::vector<uint32_t>& ids) {
  if (count == 0) return;
  const size_t before = ids.size();
  ids.resize(before + size_t(ends[count - 1] - p) + PieceTable::kRoom);  // no piece has more ids than bytes
  out_ = ids.data() + before;
  readable_end_ = readable_end;
  for (size_t i = 0; i < count; p = ends[i++]) {
    const auto length = size_t(ends[i] - p);
    if (length <= PieceTable::kShort) add(p, length);
    else if (p[length - 1] < 0x80) add(p, length);
    else add_parts(p, ends[i]);
  }
  look_up();
  ids.resize(size_t(out_ - ids.data()));
}

inline void PieceEncoder::add(const uint8_t* piece, size_t length, bool part) {
  Entry& entry = entries_[entry_count_++];
  entry.piece = piece;
  entry.part = part;
  entry.length = uint32_t(length);
  if (length <= PieceTable::kShort) {
    entry.key = PieceTable::short_key(piece, length, size_t(readable_end_ - piece));
    entry.slot = uint32_t(table_.slot_of(entry.key));
    table_.prefetch(entry.slot);
  } else if (length <= PieceTable::kLongest) {
    entry.key = PieceTable::long_key(piece, length);
    table_.prefetch_long(entry.key);
  }
  if (entry_count_ == kBatch) look_up();
}

// A long piece of characters beyond ASCII, in the parts that no token spans.
void PieceEncoder::add_parts(const uint8_t* p, const uint8_t* end) {
  const bool part = !model_.whole_only_.empty();
  if (model_.characters || model_.unigram || (part && model_.whole_only_.contains(std::string(reinterpret_cast<const char*>(p), size_t(end - p))))) {
    add(p, size_t(end - p));
    return;
  }
  while (p < end) {
    const uint8_t* const stop = model_.joins_.part_end(p, end);
    add(p, size_t(stop - p), part);
    p = stop;
  }
}

inline bool PieceEncoder::find(const Entry& entry) {
  if (entry.length <= PieceTable::kShort) return table_.find(entry.key, entry.slot, out_);
  return entry.length <= PieceTable::kLongest && table_.find_long(entry.key, entry.piece, entry.length, out_);
}

void PieceEncoder::look_up() {
  for (size_t i = 0; i < entry_count_; ++i) {
    const Entry& entry = entries_[i];
    uint32_t* const before = out_;
    if (find(entry) && !(entry.part && out_ == before + 1 && model_.is_whole_only_[*before])) continue;
    out_ = before;
    miss(entry);
  }
  entry_count_ = 0;
}

void PieceEncoder::miss(const Entry& entry) {
  merged_.clear();
  if (!model_.whole_only_.empty()) {
    const auto found = model_.whole_only_.find(std::string(reinterpret_cast<const char*>(entry.piece), entry.length));
    if (found != model_.whole_only_.end()) {
      if (entry.part) {  // not for the table, which holds whole pieces under these bytes
        model_.merge(entry.piece, entry.length, scratch_, merged_);
        out_ = std::copy(merged_.begin(), merged_.end(), out_);
        return;
      }
      merged_.push_back(found->second);
    }
  }
  if (merged_.empty()) model_.merge(entry.piece, entry.length, scratch_, merged_);
  out_ = std::copy(merged_.begin(), merged_.end(), out_);
  if (entry.length <= PieceTable::kShort) table_.put(entry.key, entry.slot, merged_.data(), merged_.size());
  else if (entry.length <= PieceTable::kLongest) table_.put_long(entry.key, entry.piece, entry.length, merged_.data(), merged_.size(), &model_.vocabulary_);
  else if (merged_.capacity() > 1 << 20) std::vector<uint32_t>().swap(merged_);
}

}  // namespace refine::bpe
