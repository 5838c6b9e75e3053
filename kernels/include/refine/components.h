// From groups of equal keys to star edges, from edges to connected components, in bounded memory.
//
// Components. Vertices are the rows that edges name; the answer is, for each of them, the smallest row of its component: it
// depends on the set of edges alone. Rows are cut into ranges ("buckets") of at most V rows, V from the memory. One descending pass over
// the buckets removes their rows from the graph (Sibeyn's node reduction, a bucket at a time), one ascending pass hands the names back:
//   Down, bucket b: every edge whose larger end lies in b is read once. Both ends in b: their sets are united (union-find). Else it
//   joins a set S of b with a row u of a lower bucket. S keeps one such row, low(S); when a second u comes, the edge (low(S), u) is
//   sent to the bucket of its larger end and low(S) becomes the smaller. Uniting S and T likewise sends (low(S), low(T)).
//   Up, bucket b: a set with a low row takes that row's name, which the low row's bucket has sent; any other set's name is its smallest row.
// Correct: (1) at any moment, the rows below b that hang on S are connected by sent edges with low(S), so sending (low(S), u) in
// place of (S, u) changes no connection among rows below b. (2) A set without a low row is, as all larger rows are gone already, all that is
// left of its component; every larger row of it leads down to it. Its smallest row is the component's.
// Ends: an edge sent from b has its larger end in a bucket below b, and each bucket is done once: buckets passes, no iteration to
// converge. An edge read gives at most one edge sent, so I/O is at most 16 bytes x edges x buckets, and far less in practice: stars and
// short cycles die in the first bucket they meet. With one bucket (V >= rows) it is plain union-find, and nothing is sent.
// Source: Sibeyn 2004 and Dementiev, Sanders, Schultes, Sibeyn 2004 (external minimum spanning trees), by buckets.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "refine/records.h"

namespace refine {

constexpr RecordShape kKeyShape{3, 0, false};        // key high, key low, row
constexpr RecordShape kEdgeShape{2, 0, false};       // centre, other
constexpr RecordShape kComponentShape{1, 8, false};  // row; smallest row of its component

// Rows that earlier barriers dropped, by input: bit r of a file (LSB first in its byte) is record row r of the input; bytes that are
// not there are zero.
using DroppedFiles = std::vector<std::pair<uint32_t, std::string>>;

struct StarCounts {
  uint64_t entries = 0;        // of `files` in the range, less dropped rows and repetitions
  uint64_t groups = 0;         // that gave an edge
  uint64_t edges = 0;          // records of `out`
  uint64_t largest_group = 0;  // rows of `files` in the largest group that gave an edge
};

// Groups of equal (high, low) become edges (centre, other), each once. The centre is the group's smallest row. A row of
// `outside` files (an index; bit 63 set) counts only where a row of `files` has the key too: then the smallest such row is the centre,
// and comes first in the edge although it is the larger number. A file is written even where there is no edge.
Status star_edges(const std::vector<std::string>& files, const RecordRange& range, const DroppedFiles& dropped, const std::vector<std::string>& outside, const std::string& out, size_t memory_bytes,
                  StarCounts* counts);

struct ComponentCounts {
  uint64_t rows = 0, components = 0;
  uint64_t edges = 0;    // read, repetitions included
  uint64_t sent = 0;     // edges that went from bucket to bucket
  uint64_t buckets = 0;  // 1: all in memory
  uint64_t spilled = 0;  // bytes written beside `out`
};

// Files of edges, or of components (each row an edge to its smallest): what a round found joins the next round's edges.
// `out`: kComponentShape, rows ascending, every row that an edge names. `folder`: for temporary files, must be there.
Status components(const std::vector<std::string>& edge_files, const std::string& out, const std::string& folder, size_t memory_bytes, ComponentCounts* counts);

}  // namespace refine
