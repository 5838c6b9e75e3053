// What an element's attributes say about it, apart from its tag and place. Each set of attributes is read once: the parser
// gives copies of formatting elements their original's set, and reading a long class again at each copy would be quadratic.
// Invariant: a cue is a pure function of the set; an element without attributes has none.
#pragma once
#include <cstdint>
#include <vector>

#include "tree.h"

namespace refine::html {

class ElementCues {
 public:
  enum Cue : uint32_t {
    kHidden = 1,           // by style, hidden or aria-hidden
    kAside = 2,            // a role of menus, dialogs and the like
    kLink = 4,             // href leads to another page
    kLineNumbers = 8,      // class names the line numbers of a listing,
    kGutter = 16,          // or, in a table, the cell for them
    kUnlikely = 32,        // class or id name furniture and no content,
    kFurniture = 64,       // or furniture beyond doubt,
    kByline = 128,         // or an author,
    kLead = 256,           // or a standfirst,
    kShares = 512,         // or buttons to share
  };
  explicit ElementCues(const Tree& tree) : tree_(tree), sets_(tree.attributes.size(), 0) {}
  bool has(uint32_t node, Cue cue) const {
    return (of(node, cue < kUnlikely ? kAttributesRead : cue < kLead ? kNamesRead : cue == kLead ? kLeadRead : kSharesRead) & cue) != 0;
  }
  int weight(uint32_t node) const {  // of class and id: Readability's -50 to 50
    const uint32_t set = of(node, kWeightRead);
    return set ? (int(set >> kWeightShift) - 2) * 25 : 0;
  }

 private:
  // Each question is a search for dozens of words, so only what is asked is looked for.
  enum Part : uint32_t { kAttributesRead = 1 << 10, kNamesRead = 1 << 11, kLeadRead = 1 << 12, kSharesRead = 1 << 13, kWeightRead = 1 << 14 };
  static constexpr int kWeightShift = 16;
  uint32_t of(uint32_t node, Part part) const {
    const Node& n = tree_.nodes[node];
    if (n.type != NodeType::kElement || n.size == 0) return 0;
    uint32_t& set = sets_[n.begin];
    if (!(set & part)) set |= part | read(node, part);
    return set;
  }
  uint32_t read(uint32_t node, Part part) const;
  uint32_t read_attributes(uint32_t node) const;
  const Tree& tree_;
  mutable std::vector<uint32_t> sets_;  // by a set's first attribute
};

}  // namespace refine::html
