// See word_piece.h.
#include "word_piece.h"

#include <string>

namespace refine::bpe {

namespace {

std::vector<std::pair<std::string_view, uint32_t>> spelled(const Definition& definition, std::string_view prefix) {
  std::vector<std::pair<std::string_view, uint32_t>> entries;
  for (size_t id = 0; id < definition.pieces.rows; ++id)
    if (definition.pieces.valid(id) && definition.pieces[id].starts_with(prefix)) entries.emplace_back(definition.pieces[id].substr(prefix.size()), uint32_t(id));
  return entries;
}

}  // namespace

WordPiece::WordPiece(const Definition& definition)
    : first_(spelled(definition, "")), later_(spelled(definition, definition.word_piece_prefix)), unk_id_(definition.unk_id), max_characters_(definition.word_piece_characters) {}

void WordPiece::encode(const uint8_t* p, const uint8_t* end, std::vector<uint32_t>& ids) const {
  if (size_t(end - p) > max_characters_) {  // bytes are at least characters
    size_t characters = 0;
    for (const uint8_t* at = p; at < end; ++at) characters += (*at & 0xC0) != 0x80;
    if (characters > max_characters_) return ids.push_back(unk_id_);
  }
  const size_t before = ids.size();
  for (const uint8_t* start = p; start < end;) {
    const ByteTrie& trie = start == p ? first_ : later_;
    uint32_t node = ByteTrie::kRoot, id = ByteTrie::kNone;
    const uint8_t* stop = start;
    for (const uint8_t* at = start; at < end;) {
      node = trie.step(node, *at++);
      if (node == ByteTrie::kNone) break;
      if (trie.value(node) != ByteTrie::kNone) id = trie.value(node), stop = at;
    }
    if (id == ByteTrie::kNone) {
      ids.resize(before);
      return ids.push_back(unk_id_);
    }
    ids.push_back(id);
    start = stop;
  }
}

}  // namespace refine::bpe
