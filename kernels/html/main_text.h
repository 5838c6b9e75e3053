// Where a page's main text is. Scores blocks as Readability does (Arc90; Mozilla's Readability.js is the reference for the
// weights): paragraphs give points to their ancestors by length and commas, class and id names and link density correct
// them, the best block is joined with like siblings, then cleaned of blocks that are mostly links, forms or captions.
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

// Text of the selection: a block a line.
std::string write_text(const Outline& outline, const Selection& selection);

}  // namespace refine::html
