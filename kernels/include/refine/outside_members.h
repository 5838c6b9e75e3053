// Entries of an index of earlier runs that share a candidate cluster with documents of this run, as members of the cluster.
#pragma once
#include <string>
#include <vector>

#include "refine/cluster_files.h"

namespace refine {

// One indexed run: its shingles (kShingleShape, one run; empty where the index keeps none) and the row of its entry 0.
struct OutsideFile {
  uint64_t first_row = 0;  // bit 63, tag << 32
  std::string shingles;
};

// Members (kMemberShape, order 0) of all rows with bit 63 that a component names. `files` ascend by first_row. Without shingles a member has
// no host, and a name made of its row. Of a shingle file only blocks that hold such a row are read.
Status outside_members(const std::vector<OutsideFile>& files, const std::vector<std::string>& components, bool with_shingles, const std::string& out, size_t memory_bytes, MemberCounts* counts);

}  // namespace refine
