// Tree construction of the HTML standard (13.2.6): dispatch in tree_dispatch.cpp, one method an insertion mode in
// tree_modes.cpp, tree_body.cpp, tree_foreign.cpp and tree_table.cpp; the stack of open elements in tree_stack.cpp, nodes and
// insertion in tree_builder.cpp, formatting elements in tree_formatting.cpp, <selectedcontent> in tree_select.cpp.
// Invariant: questions about the stack take constant time, every walk is counted in `steps_`, every look at a byte in
// `reads_`, so the whole work is bounded by the input's length.
#pragma once
#include <algorithm>
#include <initializer_list>

#include "tokenizer.h"
#include "tree.h"

namespace refine::html {

enum class Mode : uint8_t {
  kInitial, kBeforeHtml, kBeforeHead, kInHead, kInHeadNoscript, kAfterHead, kInBody, kText, kInTable, kInTableText, kInCaption,
  kInColumnGroup, kInTableBody, kInRow, kInCell, kInTemplate, kAfterBody, kInFrameset, kAfterFrameset,
  kAfterAfterBody, kAfterAfterFrameset
};

// What ends a search down the stack of open elements. The first four are the standard's scopes.
enum class Scope : uint8_t {
  kDefault, kListItem, kButton, kTable,
  kItemEnd,  // of <li>, <dd> and <dt>, which look past <address>, <div> and <p>
  kSpecial,
  kDecidesMode,  // "reset the insertion mode appropriately" stops here
  kCount
};

class TreeBuilder final : public TokenSink {
 public:
  TreeBuilder(Tree& tree, const ParseOptions& options);
  void attach(Tokenizer& tokenizer) { tokenizer_ = &tokenizer; }
  void start_fragment();
  ParseResult result() const { return result_; }
  uint64_t visits() const { return steps_; }
  uint64_t reads() const { return reads_; }

  void tag(TagToken& tag) override;
  void characters(std::string_view text) override;
  void comment(std::string_view text) override;
  void doctype(const DoctypeToken& doctype) override;
  void eof() override;
  bool in_foreign_content() const override;

 private:
  // ---- what a token does in the current mode ----
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
  static bool is_hidden_input(const TagToken& t);
  void body_text(std::string_view text);
  size_t skip_spaces(std::string_view text);
  void table_text(std::string_view text);
  void flush_table_text();
  void process_eof(Mode mode);
  void reprocess(TagToken& t) { process_tag(t, mode_); }

  // ---- tree_builder.cpp: nodes and insertion ----
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
  uint32_t insert_html(uint32_t node);
  void insert_text(std::string_view text);
  void insert_comment(std::string_view text, uint32_t parent = kNone);
  struct Span { uint32_t begin, size; };
  Span span_of(std::string_view text);
  bool in_source(std::string_view text) const { return text.data() >= tree_.source.data() && text.data() < tree_.source.data() + tree_.source.size(); }
  void add_missing_attributes(uint32_t node, const TagToken& t);

  // ---- tree_stack.cpp: open elements ----
  void push(uint32_t node);
  void pop();
  void pop_until_tag(uint32_t tag);
  void pop_until_node(uint32_t node);
  void remove_from_stack(uint32_t node);
  void index_above(size_t at);
  void unindex_from(size_t at);
  void index_entry(size_t at);
  uint32_t position_of(uint32_t node);  // of an open element
  uint32_t current() const { return stack_.back().node; }
  uint32_t adjusted_current() const { return fragment_context_ != kNone && stack_.size() == 1 ? fragment_context_ : stack_.back().node; }
  bool current_is(uint32_t tag) const { return tree_.is(current(), Tag(tag)); }
  bool in_fragment_of(uint32_t tag) const { return fragment_context_ != kNone && tree_.is(fragment_context_, Tag(tag)); }
  // One past the position of the last open HTML element of that tag, 0 where there is none.
  uint32_t last(uint32_t tag) const { return tag < last_.size() ? last_[tag] : 0; }
  bool open(uint32_t tag) const { return last(tag) > 0; }
  uint32_t limit(Scope scope) const { return stack_.back().limit[size_t(scope)]; }
  bool in_scope(uint32_t tag, Scope scope = Scope::kDefault) const { return last(tag) >= limit(scope); }
  bool node_in_scope(uint32_t node) { return tree_.nodes[node].open && position_of(node) + 1 >= limit(Scope::kDefault); }
  bool heading_in_scope() const;
  void generate_implied_end_tags(uint32_t except = 0);
  void generate_all_implied_end_tags();
  void close_p();
  void close_p_in_button_scope() { if (last(k_p) >= limit(Scope::kButton)) close_p(); }
  void clear_stack_to_table();
  void clear_stack_to_table_body();
  void clear_stack_to_row();
  void reset_insertion_mode();
  void raw_text(TagToken& t, TokenizerState state);
  void close_cell();
  // ---- tree_formatting.cpp ----
  void insert_marker() { formatting_.push_back({kNone, 0}); }
  void clear_to_marker();
  void push_formatting(uint32_t node);
  uint64_t hash_of_attributes(uint32_t node);
  bool equal_attributes(uint32_t a, uint32_t b);
  void erase_formatting(size_t at);
  void reconstruct_formatting() {
    if (!formatting_.empty() && formatting_.back().node != kNone && !tree_.nodes[formatting_.back().node].open) reopen_formatting();
  }
  void reopen_formatting();
  void remove_formatting(uint32_t node);
  uint32_t formatting_after_marker(uint32_t tag);
  bool adoption_agency(uint32_t tag);
  uint32_t rebuild_path(uint32_t element_at, uint32_t furthest_at, size_t& bookmark);
  void any_other_end_tag(uint32_t tag);

  // ---- tree_select.cpp: <selectedcontent> ----
  void select_opened(uint32_t node);
  void option_opened(uint32_t node);
  void selectedcontent_opened(uint32_t node);
  void select_or_option_popped(uint32_t node);
  void clone_children(uint32_t from, uint32_t to);

  void stop(ParseResult result) { if (result_ == ParseResult::kOk) result_ = result; stopped = true; }
  void step(uint64_t n = 1) { if ((steps_ += n) > max_steps_) stop(ParseResult::kTooComplex); }

  struct Formatting {
    uint32_t node;  // kNone: a marker
    uint64_t hash;  // of name and attributes
  };
  struct Open {
    uint32_t node;
    uint32_t same;  // last(tag) below it
    uint32_t limit[size_t(Scope::kCount)];  // one past the position of the nearest element, itself included, that ends such a search
  };
  struct OpenSelect {
    uint32_t node, at, selected = kNone, content = kNone;  // at: last(k_select)
    bool single, picks_first, has_content = false;
  };
  Tree& tree_;
  const ParseOptions& options_;
  Tokenizer* tokenizer_ = nullptr;
  std::vector<Open> stack_;
  std::vector<uint32_t> last_;
  std::vector<Formatting> formatting_;
  std::vector<Mode> template_modes_;
  std::vector<OpenSelect> selects_;
  Mode mode_ = Mode::kInitial, original_mode_ = Mode::kInitial;
  uint32_t head_ = kNone, form_ = kNone, fragment_context_ = kNone;
  bool frameset_ok_ = true, foster_ = false, skip_newline_ = false, ignore_next_newline_ = false;
  // Text in a table waits for its end, as white space and other text go different ways. One run of the input stays a view.
  std::string_view table_view_;
  std::string table_text_;
  bool table_text_other_ = false;
  std::vector<uint32_t> marked_;  // by attribute name, for add_missing_attributes
  uint32_t mark_ = 0;
  uint64_t steps_ = 0, max_steps_, reads_ = 0;
  ParseResult result_ = ParseResult::kOk;
};

inline bool one_of(uint32_t tag, std::initializer_list<uint32_t> tags) { return std::find(tags.begin(), tags.end(), tag) != tags.end(); }
inline bool is_known_html(const Node& n) { return n.ns == Namespace::kHtml && n.name < kFirstUnknownTag; }
inline bool is_heading(const Node& n) { return n.ns == Namespace::kHtml && n.name >= k_h1 && n.name <= k_h6; }
bool is_special(const Node& node);
inline bool is_mathml_text_point(const Node& n) {
  return n.ns == Namespace::kMathml && (n.name == k_mi || n.name == k_mo || n.name == k_mn || n.name == k_ms || n.name == k_mtext);
}

}  // namespace refine::html
