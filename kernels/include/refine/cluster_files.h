// The files of dedupe-minhash around its candidate clusters, and the two native calls that make verdicts of them.
//   shingles    [row]; order u64, scope u64, host u64; tail: the document's shingles, ascending, distinct, little-endian uint64
//   components  [row]; smallest row of its component (components.h)
//   members     [mix(component), component, order, row]; host u64, name u64; tail as above, empty where nothing is verified
//   hosts       [host]; documents u64 of an input, or (hosts of the run) of all inputs
//   verdicts    [row]; kept u64, cluster u64, cluster size u32, drop u16, similarity u16
// order: ascending as the keep policy would rather have documents stay; 0 is for entries of an index, whose rows have bit 63.
// name: XXH3-64 of the shingles; a kept document's is its cluster's id. mix spreads components over partitions.
#pragma once
#include <string>
#include <vector>

#include "refine/records.h"
#include "refine/survivors.h"

namespace refine {

constexpr RecordShape kShingleShape{1, 24, true};
constexpr RecordShape kMemberShape{4, 16, true};
constexpr RecordShape kHostShape{1, 8, false};
constexpr RecordShape kVerdictShape{1, 24, false};

inline uint64_t mix_component(uint64_t z) {  // SplitMix64's finalizer: a bijection
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}
uint64_t shingle_set_name(const uint64_t* shingles, size_t count);

struct MemberCounts {
  uint64_t documents = 0, members = 0, bytes = 0;
};

// The documents of a shingles file that a component names, of rows in `rows`. with_shingles: members carry them.
Status cluster_members(const std::string& shingles, const std::vector<std::string>& components, const RecordRange& rows, bool with_shingles, const std::string& out, size_t memory_bytes,
                       MemberCounts* counts);

// Sums of host files: hosts with at least `least` documents, ascending, one record each.
Status sum_hosts(const std::vector<std::string>& files, uint64_t least, const std::string& out, const std::string& folder, size_t memory_bytes, uint64_t* hosts);

// When one cluster takes so much that people should look at it: a share of the run, or of a host that has at least `least` documents.
struct ClusterAlarm {
  double run_share = 0.01, host_share = 0.5;
  uint64_t least = 100;      // smaller clusters never alarm
  uint64_t documents = 0;    // of the run
};

struct SurvivorFileCounts {
  SurvivorCounts found;
  uint64_t kept = 0, dropped = 0, outside = 0;           // verdicts; of the dropped those for an index entry
  uint64_t alarms = 0;                                   // clusters that pass a share
  uint64_t largest = 0, largest_name = 0;                // the largest cluster, documents, and its id
  uint64_t host_documents = 0, host_share_millionths = 0;  // of the cluster that takes the largest share of a host
};

// Verdicts of the components whose mixed number lies in `range`. Drop codes: 1, or 2 for a document that an index entry stands for.
Status cluster_verdicts(const std::vector<std::string>& members, const RecordRange& range, const SurvivorParams& params, const ClusterAlarm& alarm, const std::vector<std::string>& hosts, const std::string& out,
                        SurvivorFileCounts* counts);

}  // namespace refine
