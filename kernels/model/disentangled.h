// Disentangled attention of DeBERTa-v2 and v3 in tiles: a score is q.k + q.(its place for the key) + k.(its place for the query),
// a place being one of the rows that relative distances share. What a head multiplies beside the contents is the same for every
// text, so it is packed once, when weights are bound, in the order in which distances rise: a slot is a run of distances with one
// row. A tile of queries and a block of keys then meet a stretch of slots, and each score picks its two numbers out of two products
// that stay in cache.
// Invariant: as attention.h's: a row's bits depend on its query, the document's keys and their distances alone.
// Source: He et al. 2021 (DeBERTa), section 3; transformers' modeling_deberta_v2.py. Oracle: reference_disentangled.cpp.
#pragma once
#include <cstdint>
#include <vector>

#include "attention.h"
#include "refine/model_config.h"

namespace refine::model {

// Both tables hold 2 T - 1 slots, T = `context`, and 16 more that whole vectors may read. They never fall and rise by at most 1.
struct PlaceSlots {
  int64_t context = 0, count = 0;
  std::vector<int32_t> by_query;  // [t - s + T - 1]: the slot of query t and key s, counted from the farthest key ahead
  std::vector<int32_t> by_key;    // [s - t + T - 1]: the same slots counted from the other end
  std::vector<int32_t> rows;      // (count) of the first order: the row of `relative` it stands for

  explicit PlaceSlots(const ModelConfig& config);  // relative_span > 0
};

// What the places of one layer are multiplied as, in panels, heads one after the other.
struct Places {
  AlignedBuffer keys;     // by_key's order, for queries; empty: content does not meet position
  AlignedBuffer queries;  // by_query's order, for keys; empty: position does not meet content
};

// places (slots, heads D) in the order of its table.
AlignedBuffer pack_places(const KernelSet& kernels, bool narrow, const float* places, int64_t slots, int32_t heads, int64_t dim);

// As attend() of an encoder, with a key head for each query head; neither causal, nor ALiBi, nor older keys. length <= slots.context.
void attend_disentangled(const KernelSet& kernels, const AttentionTask& task, const PlaceSlots& slots, const Places& places);

}  // namespace refine::model
