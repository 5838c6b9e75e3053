// The `dart` family: minima of a group of components from one random process an element, about K (ln K + 2) draws a document
// whatever its length, where a hash for each component and element would be K x elements.
//
// Each element (shingle) throws darts at a board of K components: a Poisson process of rate 1 in time, seeded by the
// element's hash and the group's number; a dart hits component k = floor(K r / 2^64) of its random word r. Thinning splits
// the process into K independent ones, so in each component every element has an exponential first arrival of its own, of
// one rate, independent between elements and between components. The minimum of a component is the earliest dart of any
// element of the set. Hence two sets agree in a component with probability exactly their Jaccard similarity, independently
// between components: the joint law of K hash functions of their own. One-permutation sketches do not have it.
// (Components differ in rate by one part in 2^64 / K, which changes neither statement.)
//
// Time is cut into levels 0 = [0, 1), l = [2^(l-1), 2^l) up to 64, from there on 32 wide. How many darts an element throws in
// a level is a Poisson draw of its own, so levels can be made one after another until no component is empty: every dart up to
// that time has been seen, and the minima are final whenever one stops.
// Time is fixed point with 43 fractional bits: two elements share a time by accident about once in 2^43 / (elements / K).
// Invariant: minima are a pure function of (set, geometry, group). Integers only, but for the Poisson tables, whose doubles
// are IEEE + - * / in a written order.
// Source: Christiani 2020 (DartMinHash, arXiv 2005.11547), on sets instead of weights and with levels instead of its grid.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace refine {

class DartBoard {
 public:
  DartBoard(uint32_t bands, uint32_t rows);
  uint32_t group_bands() const { return group_bands_; }  // bands of each group; the last one may have fewer
  // The minima of a group's components (its bands x rows) over n > 0 elements.
  void minima(const uint64_t* elements, size_t n, uint32_t group, uint64_t* lowest);

 private:
  void throw_darts(size_t level, uint32_t components, uint64_t* lowest) const;
  uint32_t bands_, rows_, group_bands_;
  double darts_;  // that fill a whole group's board but once in e^2
  std::vector<uint64_t> seeds_;
};

}  // namespace refine
