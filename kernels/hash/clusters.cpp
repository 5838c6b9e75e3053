// Sorts the edges' ends to number the rows, then union-find (Tarjan 1975) with the smaller index as root and path
// halving: iterative, and the root is the smallest row without a second pass.
#include "refine/clusters.h"

#include <algorithm>
#include <numeric>

namespace refine {

Clusters cluster_edges(const uint64_t* left, const uint64_t* right, size_t edges) {
  const size_t ends = 2 * edges;
  auto row_of = [&](uint32_t end) { return end < edges ? left[end] : right[end - edges]; };
  std::vector<uint32_t> order(ends);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) {
    const uint64_t rx = row_of(x), ry = row_of(y);
    return rx != ry ? rx < ry : x < y;
  });

  Clusters result;
  std::vector<uint32_t> index_of_end(ends);
  for (size_t i = 0; i < ends; ++i) {
    const uint64_t row = row_of(order[i]);
    if (result.rows.empty() || result.rows.back() != row) {
      result.rows.push_back(row);
      result.first.push_back(order[i]);
    }
    index_of_end[order[i]] = uint32_t(result.rows.size() - 1);
  }

  auto& parent = result.clusters;
  parent.resize(result.rows.size());
  std::iota(parent.begin(), parent.end(), 0u);
  auto root = [&](uint32_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (size_t e = 0; e < edges; ++e) {
    const uint32_t x = root(index_of_end[e]), y = root(index_of_end[edges + e]);
    if (x != y) parent[std::max(x, y)] = std::min(x, y);
  }
  // A parent is never larger than its child, so one ascending pass makes every parent a root.
  for (uint32_t i = 0; i < parent.size(); ++i) parent[i] = parent[parent[i]];
  return result;
}

}  // namespace refine
