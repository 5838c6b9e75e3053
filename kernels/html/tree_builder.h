// Tree construction of the HTML standard (13.2.6): one method an insertion mode, in tree_modes.cpp, tree_body.cpp and
// tree_table.cpp; the stack of open elements and insertion in tree_builder.cpp, formatting elements in tree_formatting.cpp.
// Invariant: every walk over a stack is counted in `steps_`, so the whole work is bounded by the input's length.
#pragma once
#include "tokenizer.h"
#include "tree.h"

namespace refine::html {

enum class Mode : uint8_t {
  kInitial, kBeforeHtml, kBeforeHead, kInHead, kInHeadNoscript, kAfterHead, kInBody, kText, kInTable, kInTableText, kInCaption,
  kInColumnGroup, kInTableBody, kInRow, kInCell, kInTemplate, kAfterBody, kInFrameset, kAfterFrameset,
  kAfterAfterBody, kAfterAfterFrameset
};

enum class Scope : uint8_t { kDefault, kListItem, kButton, kTable };

class TreeBuilder final : public TokenSink {
 public:
  TreeBuilder(Tree& tree, const ParseOptions& options, size_t input_bytes);
  void attach(Tokenizer& tokenizer) { tokenizer_ = &tokenizer; }
  void start_fragment();
  ParseResult result() const { return result_; }

  void tag(TagToken& tag) override;
  void characters(std::string_view text) override;
  void comment(std::string_view text) override;
  void doctype(const DoctypeToken& doctype) override;
  void eof() override;
  bool in_foreign_content() const override;

 private:
  // ---- tree_modes.cpp: what a token does in the current mode ----
  void process_tag(TagToken& t, Mode mode);
  void process_text(std::string_view text, Mode mode);
  void before_html(TagToken& t);
  void before_head(TagToken& t);
  void in_head(TagToken& t);
  void in_head_noscript(TagToken& t);
  void after_head(TagToken& t);
  void in_body(TagToken& t);
  void in_body_start(TagToken& t);
  void in_body_end(TagToken& t);
  void in_text(TagToken& t);
  void in_table(TagToken& t);
  void in_table_anything_else(TagToken& t);
  void in_caption(TagToken& t);
  void in_column_group(TagToken& t);
  void in_table_body(TagToken& t);
  void in_row(TagToken& t);
  void in_cell(TagToken& t);
  void in_template(TagToken& t);
  void after_body(TagToken& t);
  void in_frameset(TagToken& t);
  void after_frameset(TagToken& t);
  void foreign_tag(TagToken& t);
  void foreign_text(std::string_view text);
  void body_text(std::string_view text);
  void table_text(std::string_view text);
  void flush_table_text();
  void process_eof(Mode mode);
  void reprocess(TagToken& t) { process_tag(t, mode_); }

  // ---- tree_builder.cpp: open elements and insertion ----
  uint32_t new_node(NodeType type);
  uint32_t create_element(const TagToken& t, Namespace ns);
  uint32_t create_element(uint32_t name);
  uint32_t clone_element(uint32_t node);
  struct Place { uint32_t parent, before; };
  Place appropriate_place(uint32_t target = kNone);
  void insert_at(uint32_t node, Place place);
  void detach(uint32_t node);
  uint32_t insert_element(const TagToken& t, Namespace ns = Namespace::kHtml);
  uint32_t insert_element(uint32_t name);
  void insert_text(std::string_view text);
  void insert_comment(std::string_view text, uint32_t parent = kNone);
  void push(uint32_t node);
  void pop();
  void pop_until_tag(uint32_t tag);
  void pop_until_node(uint32_t node);
  void remove_from_stack(uint32_t node);
  bool on_stack(uint32_t node);
  uint32_t current() const { return stack_.back(); }
  uint32_t adjusted_current() const { return fragment_context_ != kNone && stack_.size() == 1 ? fragment_context_ : stack_.back(); }
  bool current_is(uint32_t tag) const { return tree_.is(stack_.back(), Tag(tag)); }
  bool in_fragment_of(uint32_t tag) const { return fragment_context_ != kNone && tree_.is(fragment_context_, Tag(tag)); }
  bool open(uint32_t tag) const { return tag < kFirstUnknownTag && open_count_[tag] > 0; }
  bool in_scope(uint32_t tag, Scope scope = Scope::kDefault);
  bool node_in_scope(uint32_t node);
  bool heading_in_scope();
  void generate_implied_end_tags(uint32_t except = 0);
  void generate_all_implied_end_tags();
  void close_p();
  void clear_stack_to_table();
  void clear_stack_to_table_body();
  void clear_stack_to_row();
  void reset_insertion_mode();
  void raw_text(TagToken& t, TokenizerState state);
  void close_cell();
  void add_missing_attributes(uint32_t node, const TagToken& t);
  // ---- tree_formatting.cpp ----
  void insert_marker() { formatting_.push_back({kNone}); }
  void clear_to_marker();
  void push_formatting(uint32_t node);
  void reconstruct_formatting();
  void remove_formatting(uint32_t node);
  uint32_t formatting_after_marker(uint32_t tag);
  bool adoption_agency(uint32_t tag);
  void any_other_end_tag(uint32_t tag);

  // ---- tree_select.cpp: <selectedcontent> ----
  void select_opened(uint32_t node);
  void option_opened(uint32_t node);
  void selectedcontent_opened(uint32_t node);
  void select_or_option_popped(uint32_t node);
  void clone_children(uint32_t from, uint32_t to);

  void stop(ParseResult result) { if (result_ == ParseResult::kOk) result_ = result; stopped = true; }
  void step(uint64_t n = 1) { if ((steps_ += n) > max_steps_) stop(ParseResult::kTooComplex); }

  struct Formatting { uint32_t node; };  // kNone: a marker
  struct OpenSelect {
    uint32_t node, selected = kNone, content = kNone;
    uint32_t options, datalists;  // open outside it: an option below another, or below a <datalist>, is none of the select's
    bool single, picks_first, has_content = false;
  };
  Tree& tree_;
  const ParseOptions& options_;
  Tokenizer* tokenizer_ = nullptr;
  std::vector<uint32_t> stack_;
  std::vector<Formatting> formatting_;
  std::vector<Mode> template_modes_;
  std::vector<OpenSelect> selects_;
  uint32_t open_count_[kFirstUnknownTag] = {};  // open HTML elements by tag: most scope questions end here
  Mode mode_ = Mode::kInitial, original_mode_ = Mode::kInitial;
  uint32_t head_ = kNone, form_ = kNone, fragment_context_ = kNone;
  bool frameset_ok_ = true, foster_ = false, skip_newline_ = false, ignore_next_newline_ = false;
  std::string table_text_;
  bool table_text_other_ = false;
  uint64_t steps_ = 0, max_steps_;
  ParseResult result_ = ParseResult::kOk;
};

inline bool is_known_html(const Node& n) { return n.ns == Namespace::kHtml && n.name < kFirstUnknownTag; }
bool is_special(const Node& node);
bool is_mathml_text_point(const Node& node);
bool is_html_point(const Tree& tree, uint32_t node);

}  // namespace refine::html
