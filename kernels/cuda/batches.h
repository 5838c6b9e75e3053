// Documents packed to batches: the longest first, so that a batch's documents are of like length and its attention tiles of like work.
// Host only. Invariant: every document with rows is in one batch, whole; batches depend on lengths and order alone.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace refine::cuda {

constexpr size_t kBatchDocuments = 8192;  // bounds what lies beside the rows: offsets, tiles, pooled vectors

struct PackedBatch {
  std::vector<uint32_t> documents;  // in the order of their rows
  int64_t rows = 0;
  int32_t longest = 0;
};

// `capacity` rows a batch; a longer document stands alone.
inline std::vector<PackedBatch> pack_documents(const std::vector<int32_t>& lengths, int64_t capacity, size_t most_documents = kBatchDocuments) {
  std::vector<uint32_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&lengths](uint32_t a, uint32_t b) { return lengths[a] > lengths[b]; });
  std::vector<PackedBatch> batches;
  for (const uint32_t document : order) {
    const int32_t length = lengths[document];
    if (length <= 0) break;  // and all that follow
    if (batches.empty() || batches.back().rows + length > capacity || batches.back().documents.size() >= most_documents) batches.emplace_back();
    PackedBatch& batch = batches.back();
    batch.documents.push_back(document);
    batch.rows += length;
    batch.longest = std::max(batch.longest, length);
  }
  return batches;
}

}  // namespace refine::cuda
