// A vocabulary without files: 256 bytes, then merges of pairs chosen by a fixed generator, so that ranks, ties and chains occur.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "refine/bpe.h"

namespace refine::bpe {

struct ToyVocabulary {
  BytesColumn tokens;
  std::vector<uint8_t> in_model;
  std::vector<uint32_t> byte_ids, merges;

  explicit ToyVocabulary(size_t merge_count = 400) {
    std::vector<std::string> bytes;
    for (int b = 0; b < 256; ++b) {
      bytes.emplace_back(1, char(b));
      byte_ids.push_back(uint32_t(b));
    }
    uint32_t state = 1;
    const auto below = [&](size_t n) { return size_t((state = state * 1664525u + 1013904223u) >> 8) % n; };
    const std::string common = "aaabcde  \n1'st\xE6\x97\xA5\xC2\xBD";
    std::set<std::pair<uint32_t, uint32_t>> seen;
    while (merges.size() < merge_count * 3) {
      const auto pick = [&] { return below(3) && bytes.size() > 256 ? uint32_t(256 + below(bytes.size() - 256)) : uint32_t(uint8_t(common[below(common.size())])); };
      const uint32_t left = pick(), right = pick();
      if (bytes[left].size() + bytes[right].size() > 40 || !seen.insert({left, right}).second) continue;
      merges.insert(merges.end(), {left, right, uint32_t(bytes.size())});
      bytes.push_back(bytes[left] + bytes[right]);
    }
    for (const auto& token : bytes) tokens.append(token);
    in_model.assign(bytes.size(), 1);
  }

  Definition definition() const {
    Definition out;
    out.tokens = {reinterpret_cast<const uint8_t*>(tokens.data.data()), tokens.offsets.data(), nullptr, tokens.rows()};
    out.in_model = in_model.data();
    out.byte_ids = byte_ids.data();
    out.merges = merges.data();
    out.merge_count = merges.size() / 3;
    return out;
  }
};

// The definition of BPE, word for word: again and again the lowest rank, leftmost first. Quadratic; for comparison.
inline std::vector<uint32_t> slow_merge(const ToyVocabulary& toy, std::string_view piece) {
  std::vector<uint32_t> ids;
  for (const char c : piece) ids.push_back(toy.byte_ids[uint8_t(c)]);
  for (;;) {
    size_t best_rank = SIZE_MAX, best_at = 0;
    for (size_t at = 0; at + 1 < ids.size(); ++at)
      for (size_t rank = 0; rank < toy.merges.size() / 3 && rank < best_rank; ++rank)
        if (toy.merges[3 * rank] == ids[at] && toy.merges[3 * rank + 1] == ids[at + 1]) best_rank = rank, best_at = at;
    if (best_rank == SIZE_MAX) return ids;
    ids[best_at] = toy.merges[3 * best_rank + 2];
    ids.erase(ids.begin() + long(best_at) + 1);
  }
}

}  // namespace refine::bpe
