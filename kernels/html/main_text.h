// What choosing and writing share: a tree in document order, and a selection of it. main_content.h makes selections,
// writers.h writes them. The paragraph scores of Readability (Arc90; Mozilla's Readability.js is the reference for the
// weights) live on as BlockFinder, whose choice is one of the classifier's features.
#pragma once
#include <string>
#include <vector>

#include "refine/extract.h"
#include "tree.h"

namespace refine::html {

// Facts about the elements of a tree in document order; a subtree is the positions [at, ends[at]).
struct Outline {
  explicit Outline(const Tree& tree);
  const Tree& tree;
  std::vector<uint32_t> order;  // position -> node
  std::vector<uint32_t> place;  // node -> position
  std::vector<uint32_t> ends;   // position -> one past the subtree
  std::vector<uint32_t> up;     // position -> position of the parent
};

// The positions to write: a sorted list of roots, and a mark for each position below them that is left out.
struct Selection {
  std::vector<uint32_t> roots;
  std::vector<uint8_t> removed;
};


}  // namespace refine::html
