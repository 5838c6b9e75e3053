// Which documents of a candidate cluster stay, by exact Jaccard similarity of their shingle sets. Documents come in the order
// of the keep policy, the one that should rather stay first.
//   kSurvivor  greedy around local representatives: a document goes if an earlier representative has Jaccard >= min with it (the
//              FIRST such one stands for it), else it is a representative itself. No document goes for one it does not resemble.
//   kPair      connected components over all pairs with Jaccard >= min; the first document of each stays
//   kNone      the first document stays, whatever the others look like
// Invariant: verdicts depend on the documents and their order alone, not on `memory_bytes`: where the representatives do not fit,
// a pass takes the first ones and puts off every document after the last of them that none of them resembles. All of the
// pass's representatives come before all of those, so "the first representative that resembles it" is found in the
// earliest pass that has one, and what no pass has decided meets exactly the representatives that it would meet in memory.
// Sources: prefix and positional filters of AllPairs (Bayardo, Ma, Srikant 2007) and PPJoin (Xiao, Wang, Lin, Yu 2008).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "refine/views.h"

namespace refine {

enum class Verify { kNone, kPair, kSurvivor };

// Rows with this bit are entries of an index of earlier runs: they come first, always stay, are not compared with one another, and no
// verdict speaks of them.
constexpr uint64_t kOutsideRow = uint64_t(1) << 63;

struct SurvivorParams {
  Verify verify = Verify::kSurvivor;
  double min_jaccard = 0.8;                     // in (0, 1]
  size_t memory_bytes = size_t(256) << 20;
  std::string folder;                           // for documents that memory does not hold; must exist
  size_t few = 8;                               // clusters of up to so many documents are compared without an index
};

struct ClusterVerdict {
  uint64_t row = 0;
  uint64_t kept = 0;         // the document that stays in its stead; its own row where it stays
  uint64_t cluster = 0;      // XXH3-64 of the kept document's shingles: equal wherever and in whatever company it stands
  uint64_t host = 0;
  uint32_t cluster_size = 0;
  uint16_t similarity = 0;   // of a dropped document to the kept one: similarity_code(); 0 where it was not measured
  bool dropped = false;
};

// 0 is "not measured", so 1 .. 65,535 hold a Jaccard similarity of 0 .. 1 rounded down to a 65,534th.
uint16_t similarity_code(double jaccard);

struct SurvivorCounts {
  uint64_t clusters = 0, documents = 0, largest = 0;                                      // candidate clusters
  uint64_t representatives = 0, candidates = 0, passes = 0, spilled_bytes = 0;
};

class SurvivorFinder {
 public:
  // Verdicts of groups of two or more documents, group by group: the kept document (unless outside), then the dropped ones by
  // (host, row). A document alone in its group has none.
  using Sink = std::function<Status(const ClusterVerdict&)>;

  explicit SurvivorFinder(const SurvivorParams& params);
  ~SurvivorFinder();
  // The cluster's next document; `shingles` ascend and are distinct (kNone: not looked at), `name` is their XXH3-64.
  Status add(uint64_t row, uint64_t host, uint64_t name, const uint64_t* shingles, size_t count);
  // Ends the cluster.
  Status finish(const Sink& sink);
  const SurvivorCounts& counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace refine
