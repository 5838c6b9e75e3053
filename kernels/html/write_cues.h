// What class names say to a writer: formulas, permalinks, code listings and their line numbers, by the generators' own
// words. Each set of attributes is read once (copies of formatting elements share theirs), and 1 KiB of it at most.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "tree.h"

namespace refine::html {

class WriteCues {
 public:
  enum Cue : uint16_t {
    kRead = 1,
    kKatex = 2,           // <span class="katex">: the formula twice, for the eye and as MathML
    kWikiMath = 4,        // MediaWiki's element around MathML and an image
    kMathJax = 8,         // what MathJax drew; the source is in the <script> after it
    kMathDisplay = 16,    // a formula on a line of its own
    kPermalink = 32,      // the sign beside a heading that links to it
    kGutter = 64,         // line numbers of a listing
    kListing = 128,       // a <div> that shows code as it stands
    kCodeCell = 256,      // a table cell that holds one line of code
    kTexImage = 512,      // an image of a formula, its source in `alt`
    kEditLink = 1024,     // MediaWiki's [edit]
  };
  explicit WriteCues(const Tree& tree) : tree_(tree), sets_(tree.attributes.size(), 0) {}
  bool has(uint32_t node, Cue cue) const { return (of(node) & cue) != 0; }
  uint16_t of(uint32_t node) const {
    const Node& n = tree_.nodes[node];
    if (n.type != NodeType::kElement || n.size == 0) return 0;
    uint16_t& set = sets_[n.begin];
    if (!(set & kRead)) set = uint16_t(kRead | read(node));
    return set;
  }

 private:
  uint16_t read(uint32_t node) const;
  const Tree& tree_;
  mutable std::vector<uint16_t> sets_;  // by a set's first attribute
};

// The language of a listing by the class of <pre>, of its <code>, or of a box around it; empty where none says.
// `box` has the class of a generator's wrapper (highlight-python3), where bare names are not languages.
std::string_view code_language(const Tree& tree, uint32_t node, bool box);

// A class's next word; false at the end.
bool next_class(std::string_view& rest, std::string_view& word);

}  // namespace refine::html
