// SemDeDup over record files of unit vectors (Abbas et al. 2023, arXiv 2303.09540): k-means on a sample, every vector to its
// nearest centre, then inside each cluster a document is dropped where its cosine to a kept one reaches a threshold.
//   vectors  record [row], tail: `dim` float32 of length 1
//   sample   record [draw, row], tail as above: the rows whose draw (a hash of seed and row) begins with `bits` zeros
//   centres  record [cluster], tail as above
//   members  record [mix(cluster), cluster, order, row], tail as above; ascending by (order, row) is who stays first
// Invariants: dot products are 16 lanes by j mod 16, folded in halves, without contraction, so no instruction set changes a bit;
// sums of a cluster are doubles in the order of the sample; every tie ends on the smaller cluster or row. What is kept does not
// depend on files, partitions or memory. Vectors of another dimension than the first are ERR_REFINE_INPUT.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "refine/components.h"
#include "refine/records.h"

namespace refine {

constexpr RecordShape kVectorShape{1, 0, true}, kSampleShape{2, 0, true}, kCentreShape{1, 0, true}, kMemberShape{4, 0, true};

// Lloyd's k-means on the sphere from k-means++ (Arthur & Vassilvitskii 2007), seeded. points: count x dim, centres: at most `clusters`
// x dim, fewer where there are fewer distinct points. Returns iterations done; it ends early when no point changes its cluster.
uint32_t spherical_k_means(const std::vector<float>& points, size_t dim, uint32_t clusters, uint32_t iterations, uint64_t seed, std::vector<float>& centres);

enum class SemanticKeep : uint8_t { kHard, kEasy, kFirst };  // farthest from its centre first, nearest first, or by row alone

struct SemanticCounts {
  uint64_t vectors = 0, written = 0;
  uint64_t clusters = 0, iterations = 0, largest_cluster = 0;
  uint64_t comparisons = 0, passes = 0;
};

Status semantic_sample(const std::vector<std::string>& vectors, const DroppedFiles& dropped, unsigned bits, uint64_t seed, const std::string& out, SemanticCounts* counts);
Status semantic_centres(const std::vector<std::string>& samples, uint32_t clusters, uint32_t iterations, uint64_t seed, const std::string& out, const std::string& scratch,
                        size_t memory_bytes, SemanticCounts* counts);
Status semantic_members(const std::vector<std::string>& vectors, const std::vector<std::string>& centres, const DroppedFiles& dropped, SemanticKeep keep, const std::string& out,
                        size_t memory_bytes, SemanticCounts* counts);
// `out`: verdicts (stages/contract/barrier.ts) of the dropped documents: kept is the first kept document, by (order, row), whose
// cosine reaches `min_similarity`.
Status semantic_survivors(const std::vector<std::string>& members, const RecordRange& range, float min_similarity, const std::string& out, const std::string& scratch,
                          size_t memory_bytes, SemanticCounts* counts);

}  // namespace refine
