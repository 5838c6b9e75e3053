// Connected components of duplicate edges: union-find over the rows that the edges name.
// Invariant: the answer depends on the set of edges alone, not on their order, direction or repetition.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace refine {

struct Clusters {
  std::vector<uint64_t> rows;       // every row an edge names, ascending, once
  std::vector<uint32_t> first;      // where the row is first named: edge e's left end is e, its right end edges + e
  std::vector<uint32_t> clusters;   // the cluster of each row: the index into `rows` of the cluster's smallest row
};

// left and right: `edges` global rows each, 2 x edges < 2^32. Memory: about 28 bytes an edge end while it works.
Clusters cluster_edges(const uint64_t* left, const uint64_t* right, size_t edges);

}  // namespace refine
