// The work list of attention, made on the host once a batch and read by every layer: one entry for 128 queries of one document
// (in the backward: 128 keys), so that no block finds nothing to do and the longest entries start first.
// Invariant: entries cover every token once; their order depends on the documents' lengths and order alone. Entries of length 0 may
// follow them, and the forward's kernels leave off at the first.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

namespace refine::cuda {

constexpr int32_t kAttentionTile = 128;  // queries an entry covers, on every path

struct alignas(16) AttentionTile {
  int32_t begin;     // the document's first row in the packed batch
  int32_t length;    // its rows
  int32_t first;     // the entry's first query, counted from `begin`; a multiple of kAttentionTile
  int32_t document;
};

// No batch of so many tokens and documents has more entries.
inline int64_t attention_tiles_bound(int64_t tokens, int64_t documents) { return tokens / kAttentionTile + documents; }

// offsets (documents + 1), ascending.
inline std::vector<AttentionTile> attention_tiles(const int32_t* offsets, int64_t documents, bool causal) {
  std::vector<AttentionTile> tiles;
  for (int64_t b = 0; b < documents; ++b) {
    const int32_t length = offsets[b + 1] - offsets[b];
    for (int32_t first = 0; first < length; first += kAttentionTile) tiles.push_back({offsets[b], length, first, int32_t(b)});
  }
  const auto keys = [causal](const AttentionTile& tile) { return causal ? std::min(tile.first + kAttentionTile, tile.length) : tile.length; };
  std::stable_sort(tiles.begin(), tiles.end(), [&keys](const AttentionTile& a, const AttentionTile& b) { return keys(a) > keys(b); });
  return tiles;
}

// The same entries for the backward's walk over keys (`first` is then a key): in a causal document the first keys are seen by most queries.
inline std::vector<AttentionTile> attention_key_tiles(const int32_t* offsets, int64_t documents, bool causal) {
  std::vector<AttentionTile> tiles = attention_tiles(offsets, documents, false);
  if (causal) std::stable_sort(tiles.begin(), tiles.end(), [](const AttentionTile& a, const AttentionTile& b) { return a.length - a.first > b.length - b.first; });
  return tiles;
}

}  // namespace refine::cuda
