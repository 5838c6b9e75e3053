// The walk of structure.h: what is open while positions go by. structure_walk.cpp opens and closes elements,
// structure_blocks.cpp makes blocks, cells and atoms (formulas, images).
#pragma once
#include "formulas.h"
#include "inline_text.h"
#include "table_kinds.h"

namespace refine::html {

class StructureWalk {
 public:
  StructureWalk(const Outline& outline, const Selection& selection, const WalkOptions& options, Sink& sink, Kept& kept)
      : o_(outline), tree_(outline.tree), removed_(selection.removed), options_(options), sink_(sink), kept_(kept), cues_(outline.tree), tables_(outline, selection.removed, cues_),
        target_bytes_(4 * outline.tree.text_bytes() + 16 * outline.tree.nodes.size() + 65536) {}
  void walk(const std::vector<uint32_t>& roots);

 private:
  enum class What : uint8_t {
    kNone, kBlock, kHeading, kList, kItem, kTerm, kDefinition, kQuote, kPre, kTable, kRow, kCell, kCaption,
    kEmphasis, kStrong, kStrike, kCode, kLink, kSup, kQ, kBreak, kImage, kDrop, kScript, kBox,
  };
  struct Open { uint32_t end; What what; bool folded; uint32_t aux; };
  struct List { uint32_t at; bool ordered; int32_t next; };
  static What what_of(const Node& n);

  // structure_walk.cpp
  void close_until(uint32_t at);
  void close(const Open& open);
  uint32_t enter(uint32_t at);              // the next position
  uint32_t skip(uint32_t at, What what);    // without a kept leaf
  void push(uint32_t at, What what, uint32_t aux = 0, bool folded = false) { open_.push_back({o_.ends[at], what, folded, aux}); }
  uint32_t next_leaf(uint32_t at);
  void open_item(uint32_t at);
  bool is_gutter(uint32_t at);
  bool is_permalink(uint32_t at) const;
  bool is_listing(uint32_t at) const;
  bool flat() const { return in_cell_ || heading_ > 0; }  // blocks inside are parts of one line

  // structure_blocks.cpp
  void boundary();                          // where a block begins or ends
  void flush();
  void write(BlockKind kind, std::string&& text, std::vector<Mark>&& marks);
  void text(uint32_t at);
  void line_break();
  void open_pre(uint32_t at, bool table);
  void close_pre();
  void open_cell(uint32_t at, bool header);
  void close_cell();
  void close_row();
  bool part_table();                        // a heading alone in its row ends the rows above it
  void close_table();
  void put_formula(const Formula& formula, bool display);
  void open_link(uint32_t at);
  void close_link();
  void image(uint32_t at);
  bool address(std::string_view written, std::string& out);  // resolved; false: none, or past the budget
  bool atom(uint32_t at, uint16_t cues);    // a formula in a box of its own: written whole
  bool contains(uint32_t at, uint32_t position) const { return position >= at && position < o_.ends[at]; }

  const Outline& o_;
  const Tree& tree_;
  const std::vector<uint8_t>& removed_;
  const WalkOptions options_;
  Sink& sink_;
  Kept& kept_;
  WriteCues cues_;
  TableKinds tables_;
  std::vector<Open> open_;
  std::vector<List> lists_;
  std::vector<Container> containers_;
  InlineText line_;
  Block block_;
  Table table_;
  std::string link_text_;
  std::string_view lang_;
  size_t target_bytes_;      // of link and image addresses that may still be written: copies of <a> share one
  BlockKind kind_ = BlockKind::kParagraph;
  uint32_t leaf_ = 0, leaf_end_ = 0;  // the next kept text, image, break or script at or after the walk, and the root's end
  uint32_t word_ = 0;        // in is_gutter: text there is more than digits
  uint32_t cell_ = 0;        // position of the open cell
  uint32_t math_ = 0, no_formula_ = kNone;  // in atom: the next <math>; one without a formula
  uint32_t pre_ = 0, heading_ = 0, links_ = 0;
  uint8_t level_ = 0;
  bool in_table_ = false, in_cell_ = false, parted_ = false, pre_line_ended_ = false, padded_ = false, listing_ = false;  // padded_: a space of layout follows the line number
};

}  // namespace refine::html
