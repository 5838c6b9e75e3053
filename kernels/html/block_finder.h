// The search for the main text's blocks, one object a page: see main_text.h. Positions are those of the Outline.
// Invariant: sums_ agrees with removed_ from prefix_sums() on, until once() or find() changes removed_ again.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "element_cues.h"
#include "main_text.h"

namespace refine::html {

// Text measures of a subtree, as prefix sums over positions. Lengths in units: a code point, two where it is CJK or Hangul,
// whose words are that much shorter.
struct Sums {
  uint32_t text = 0, links = 0, commas = 0;
  uint32_t paragraphs = 0, images = 0, items = 0, inputs = 0, embeds = 0, headings = 0, stops = 0;
  Sums operator-(const Sums& o) const {
    return {text - o.text, links - o.links, commas - o.commas, paragraphs - o.paragraphs, images - o.images, items - o.items, inputs - o.inputs, embeds - o.embeds,
            headings - o.headings, stops - o.stops};
  }
  void operator+=(const Sums& o) {
    text += o.text; links += o.links; commas += o.commas; paragraphs += o.paragraphs; images += o.images; items += o.items; inputs += o.inputs;
    embeds += o.embeds; headings += o.headings; stops += o.stops;
  }
  double link_density() const { return text ? double(links) / text : 0; }
};

inline bool is_heading(uint32_t tag) { return tag >= k_h1 && tag <= k_h6; }

inline std::string squash(std::string_view s) {  // without white space and ASCII case
  std::string out;
  for (char c : s) if (static_cast<unsigned char>(c) > 0x20) out.push_back(c >= 'A' && c <= 'Z' ? char(c + 32) : c);
  return out;
}

class BlockFinder {
 public:
  BlockFinder(const Outline& outline, std::string_view title) : o_(outline), tree_(outline.tree), cues_(outline.tree), squashed_title_(squash(title)) { measure_texts(); }
  Selection find();
  // What find() found: the text measures of each position, and the positions (with their subtrees) that no reader sees.
  const std::vector<Sums>& texts() const { return texts_; }
  const std::vector<uint8_t>& invisible() const { return invisible_; }
  // The position of the innermost table around `at` if it is one of data, else 0.
  uint32_t data_table_around(uint32_t at) const;

 private:
  // ---- main_text.cpp: the choice of blocks ----
  uint32_t body() const;
  Selection once();
  void add_lead(Selection& s);
  uint32_t better_root(const std::vector<uint32_t>& top);
  void join_siblings(std::vector<uint32_t>& roots);

  // ---- block_scores.cpp: measures and points ----
  void measure_texts();
  void prefix_sums();
  uint32_t length_of(const Selection& s) const;
  Sums sum(uint32_t at) const { return sums_[o_.ends[at]] - sums_[at]; }
  int weight(uint32_t at) const { return weigh_names_ ? cues_.weight(o_.order[at]) : 0; }
  void touch(uint32_t at);
  void score_paragraph(const Sums& s, uint32_t parent);
  void score_all();

  // ---- furniture.cpp: what is no text of the page ----
  void drop_invisible();
  void show_hidden_page();
  bool is_line_numbers(uint32_t at);
  void drop_unlikely();
  bool is_byline(uint32_t at) const;
  bool is_data_table(uint32_t at) const;
  mutable std::vector<uint8_t> table_known_;  // by position: 1 data, 2 layout
  void clean(uint32_t root, std::vector<uint8_t>& removed);
  bool points_elsewhere(uint32_t at) const;
  bool repeats_title(uint32_t at) const;
  bool is_furniture(uint32_t at, uint32_t t, bool in_figure) const;
  void remove(uint32_t at) { removed_[at] = 1; }
  // How far the text of a small block is looked for: nested blocks would else be read again at every level.
  uint32_t reach(uint32_t at) const { return std::min(o_.ends[at], at + 256); }

  const Node& node(uint32_t at) const { return tree_.nodes[o_.order[at]]; }
  bool element(uint32_t at) const { return node(at).type == NodeType::kElement; }
  uint32_t tag(uint32_t at) const { return element(at) && node(at).ns == Namespace::kHtml ? node(at).name : 0; }
  bool cue(uint32_t at, ElementCues::Cue which) const { return cues_.has(o_.order[at], which); }
  std::string_view attribute(uint32_t at, uint32_t name) const { return tree_.attribute(o_.order[at], name); }

  const Outline& o_;
  const Tree& tree_;
  ElementCues cues_;
  std::string squashed_title_;
  bool strip_unlikely_ = true, weigh_names_ = true, clean_ = true;
  std::vector<Sums> texts_, sums_;
  std::vector<uint8_t> removed_, scored_;
  std::vector<uint32_t> next_word_;
  bool any_hidden_ = false, show_hidden_ = false;
  uint32_t shown_above_ = 0;  // a hidden element with more text than this counts as shown; 0: none does
  std::vector<uint8_t> invisible_;
  std::vector<double> scores_;
  std::vector<uint32_t> candidates_;
};

}  // namespace refine::html
