// See unigram.h.
#include "unigram.h"

#include <algorithm>
#include <limits>

#include "merges.h"

namespace refine::bpe {

namespace {

constexpr double kUnknownPenalty = 10;  // below the least likely token: K_UNK_PENALTY of HuggingFace, kUnkPenalty of SentencePiece

// Of equal tokens the last one's id counts, as where HuggingFace fills its map; ByteTrie keeps the first it is given.
std::vector<std::pair<std::string_view, uint32_t>> last_first(const Definition& definition) {
  std::vector<std::pair<std::string_view, uint32_t>> entries;
  for (size_t id = definition.pieces.rows; id-- > 0;)
    if (definition.pieces.valid(id)) entries.emplace_back(definition.pieces[id], uint32_t(id));
  return entries;
}

size_t character_bytes(uint8_t first) { return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

}  // namespace

Unigram::Unigram(const Definition& definition) : trie_(last_first(definition)), scores_(definition.scores, definition.scores + definition.pieces.rows), unk_id_(definition.unk_id) {
  std::copy_n(definition.byte_ids, 256, byte_ids_.begin());
  double least = std::numeric_limits<double>::infinity();
  for (size_t id = 0; id < definition.pieces.rows; ++id)
    if (definition.pieces.valid(id)) least = std::min(least, scores_[id]);
  unk_score_ = least - kUnknownPenalty;
}

void Unigram::encode(const uint8_t* p, const uint8_t* end, std::vector<uint32_t>& ids) const {
  thread_local std::vector<Node> nodes;  // [i]: what ends i bytes behind `start`; as many as tokens reach
  const uint8_t* start = p;
  nodes.assign(1, Node());
  const auto reach = [&](size_t at, double score, size_t length, uint32_t id) {
    if (at >= nodes.size()) nodes.resize(at + 1);
    Node& node = nodes[at];
    if (node.length == 0 || score > node.score) node = {score, uint32_t(length), id};
  };
  while (p < end) {
    const auto at = size_t(p - start);
    const double till_here = nodes[at].score;
    const size_t character = character_bytes(*p);
    bool alone = false;
    uint32_t node = ByteTrie::kRoot;
    for (const uint8_t* q = p; q < end;) {
      node = trie_.step(node, *q++);
      if (node == ByteTrie::kNone) break;
      const uint32_t id = trie_.value(node);
      if (id == ByteTrie::kNone) continue;
      const auto length = size_t(q - p);
      reach(at + length, till_here + scores_[id], length, id);
      alone |= length == character;
    }
    if (!alone) reach(at + character, till_here + unk_score_, character, unk_id_);
    p += character;
    // Where no token goes on behind this place the best way here is part of every way; only its sum is carried on.
    if (const Node last = nodes.back(); nodes.size() == size_t(p - start) + 1 && (last.id != unk_id_ || p == end)) {
      append_path(start, nodes, ids);
      nodes.assign(1, {last.score, 0, 0});
      start = p;
    }
  }
}

// The tokens of the path that ends at the last node, the first of them first.
void Unigram::append_path(const uint8_t* start, const std::vector<Node>& nodes, std::vector<uint32_t>& ids) const {
  const size_t before = ids.size();
  for (size_t at = nodes.size() - 1; at > 0;) {
    const size_t stop = at;
    const bool unknown = nodes[at].id == unk_id_;
    do at -= nodes[at].length;
    while (unknown && at > 0 && nodes[at].id == unk_id_);
    if (!unknown) {
      ids.push_back(nodes[stop].id);
      continue;
    }
    const size_t first = ids.size();
    append_unknown(start + at, start + stop, ids);
    std::reverse(ids.begin() + ptrdiff_t(first), ids.end());
  }
  std::reverse(ids.begin() + ptrdiff_t(before), ids.end());
}

// Unknown characters are looked up together once more: the unknown token's own spelling is such a text.
void Unigram::append_unknown(const uint8_t* p, const uint8_t* end, std::vector<uint32_t>& ids) const {
  uint32_t node = ByteTrie::kRoot;
  for (const uint8_t* q = p; q < end && node != ByteTrie::kNone; ++q) node = trie_.step(node, *q);
  if (node != ByteTrie::kNone && trie_.value(node) != ByteTrie::kNone) return ids.push_back(trie_.value(node));
  if (std::any_of(p, end, [&](uint8_t byte) { return byte_ids_[byte] == kNoToken; })) return ids.push_back(unk_id_);
  for (; p < end; ++p) ids.push_back(byte_ids_[*p]);
}

}  // namespace refine::bpe
