// The stack of open elements: see tree_builder.h. Every entry knows where the searches of the standard would end that begin
// at it, and every tag its last open element, so that "has an element in scope" compares two positions.
// Removing from the middle indexes what stands above anew.
#include <array>
#include <cstddef>

#include "tree_builder.h"

namespace refine::html {
namespace {

constexpr uint8_t bit(Scope scope) { return uint8_t(1u << unsigned(scope)); }
enum : uint8_t { kImplied = 1, kThoroughlyImplied = 2 };

struct TagFacts {
  std::array<uint8_t, kFirstUnknownTag> ends{};  // which searches an HTML element of the tag ends
  std::array<uint8_t, kFirstUnknownTag> implied{};
};

constexpr TagFacts make_facts() {
  TagFacts facts;
  for (const uint32_t tag : {k_address, k_applet, k_area, k_article, k_aside, k_base, k_basefont, k_bgsound, k_blockquote, k_body, k_br, k_button, k_caption, k_center, k_col,
                             k_colgroup, k_dd, k_details, k_dir, k_div, k_dl, k_dt, k_embed, k_fieldset, k_figcaption, k_figure, k_footer, k_form, k_frame, k_frameset, k_h1, k_h2,
                             k_h3, k_h4, k_h5, k_h6, k_head, k_header, k_hgroup, k_hr, k_html, k_iframe, k_img, k_input, k_keygen, k_li, k_link, k_listing, k_main, k_marquee, k_menu,
                             k_meta, k_nav, k_noembed, k_noframes, k_noscript, k_object, k_ol, k_p, k_param, k_plaintext, k_pre, k_script, k_search, k_section, k_select, k_source,
                             k_style, k_summary, k_table, k_tbody, k_td, k_template, k_textarea, k_tfoot, k_th, k_thead, k_title, k_tr, k_track, k_ul, k_wbr, k_xmp})
    facts.ends[tag] = bit(Scope::kSpecial) | (tag == k_address || tag == k_div || tag == k_p ? 0 : bit(Scope::kItemEnd));
  for (const uint32_t tag : {k_applet, k_caption, k_html, k_table, k_td, k_th, k_marquee, k_object, k_select, k_template})
    facts.ends[tag] |= bit(Scope::kDefault) | bit(Scope::kListItem) | bit(Scope::kButton);
  for (const uint32_t tag : {k_ol, k_ul}) facts.ends[tag] |= bit(Scope::kListItem);
  facts.ends[k_button] |= bit(Scope::kButton);
  for (const uint32_t tag : {k_html, k_table, k_template}) facts.ends[tag] |= bit(Scope::kTable);
  for (const uint32_t tag : {k_td, k_th, k_tr, k_tbody, k_thead, k_tfoot, k_caption, k_colgroup, k_table, k_template, k_head, k_body, k_frameset, k_html})
    facts.ends[tag] |= bit(Scope::kDecidesMode);
  for (const uint32_t tag : {k_dd, k_dt, k_li, k_optgroup, k_option, k_p, k_rb, k_rp, k_rt, k_rtc}) facts.implied[tag] = kImplied | kThoroughlyImplied;
  for (const uint32_t tag : {k_caption, k_colgroup, k_tbody, k_td, k_tfoot, k_th, k_thead, k_tr}) facts.implied[tag] = kThoroughlyImplied;
  return facts;
}
constexpr TagFacts kFacts = make_facts();

uint8_t ends_of(const Node& n) {
  if (n.ns == Namespace::kHtml) return n.name < kFirstUnknownTag ? kFacts.ends[n.name] : 0;
  const bool ends = n.ns == Namespace::kMathml ? is_mathml_text_point(n) || n.name == k_annotation_xml : n.name == k_foreignobject || n.name == k_desc || n.name == k_title;
  return ends ? bit(Scope::kDefault) | bit(Scope::kListItem) | bit(Scope::kButton) | bit(Scope::kItemEnd) | bit(Scope::kSpecial) : 0;
}

bool is_implied(const Node& n, uint8_t how) { return is_known_html(n) && (kFacts.implied[n.name] & how); }

}  // namespace

bool is_special(const Node& n) { return ends_of(n) & bit(Scope::kSpecial); }

void TreeBuilder::index_entry(size_t at) {
  Open& entry = stack_[at];
  Node& n = tree_.nodes[entry.node];
  n.open = true;
  if (n.ns == Namespace::kHtml) {
    if (n.name >= last_.size()) last_.resize(size_t(n.name) * 2, 0);
    entry.same = last_[n.name];
    last_[n.name] = uint32_t(at + 1);
  }
  const uint8_t ends = ends_of(n);
  for (size_t scope = 0; scope < size_t(Scope::kCount); ++scope) entry.limit[scope] = ends >> scope & 1 ? uint32_t(at + 1) : at > 0 ? stack_[at - 1].limit[scope] : 0;
}

// From the top down: the entries at `at` and above may then be changed and indexed again.
void TreeBuilder::unindex_from(size_t at) {
  for (size_t i = stack_.size(); i-- > at;) {
    step();
    const Node& n = tree_.nodes[stack_[i].node];
    if (n.ns == Namespace::kHtml) last_[n.name] = stack_[i].same;
  }
}

void TreeBuilder::index_above(size_t at) {
  for (size_t i = at; i < stack_.size(); ++i) step(), index_entry(i);
}

void TreeBuilder::push(uint32_t node) {
  step();
  stack_.emplace_back().node = node;
  index_entry(stack_.size() - 1);
  if (stack_.size() > options_.limits.max_depth) stop(ParseResult::kTooDeep);
}

void TreeBuilder::pop() {
  step();
  const uint32_t node = current();
  Node& n = tree_.nodes[node];
  n.open = false;
  if (n.ns == Namespace::kHtml) last_[n.name] = stack_.back().same;
  stack_.pop_back();
  if (!selects_.empty() && (n.name == k_option || n.name == k_select)) select_or_option_popped(node);
}

void TreeBuilder::pop_until_tag(uint32_t tag) {
  while (!stack_.empty()) {
    const bool found = current_is(tag);
    pop();
    if (found) return;
  }
}

void TreeBuilder::pop_until_node(uint32_t node) {
  while (!stack_.empty()) {
    const bool found = current() == node;
    pop();
    if (found) return;
  }
}

uint32_t TreeBuilder::position_of(uint32_t node) {
  const Node& n = tree_.nodes[node];
  uint32_t at = n.ns == Namespace::kHtml ? last(n.name) : uint32_t(stack_.size());
  for (; stack_[at - 1].node != node; at = n.ns == Namespace::kHtml ? stack_[at - 1].same : at - 1) step();
  return at - 1;
}

void TreeBuilder::remove_from_stack(uint32_t node) {
  if (!tree_.nodes[node].open) return;
  const size_t at = position_of(node);
  unindex_from(at);
  tree_.nodes[node].open = false;
  stack_.erase(stack_.begin() + std::ptrdiff_t(at));
  index_above(at);
}

bool TreeBuilder::heading_in_scope() const {
  uint32_t nearest = 0;
  for (uint32_t tag = k_h1; tag <= k_h6; ++tag) nearest = std::max(nearest, last(tag));
  return nearest >= limit(Scope::kDefault);
}

void TreeBuilder::generate_implied_end_tags(uint32_t except) {
  while (is_implied(tree_.nodes[current()], kImplied) && tree_.nodes[current()].name != except) pop();
}

void TreeBuilder::generate_all_implied_end_tags() {
  while (is_implied(tree_.nodes[current()], kThoroughlyImplied)) pop();
}

void TreeBuilder::close_p() {
  generate_implied_end_tags(k_p);
  pop_until_tag(k_p);
}

void TreeBuilder::clear_stack_to_table() {
  while (!current_is(k_table) && !current_is(k_template) && !current_is(k_html)) pop();
}
void TreeBuilder::clear_stack_to_table_body() {
  while (!current_is(k_tbody) && !current_is(k_tfoot) && !current_is(k_thead) && !current_is(k_template) && !current_is(k_html)) pop();
}
void TreeBuilder::clear_stack_to_row() {
  while (!current_is(k_tr) && !current_is(k_template) && !current_is(k_html)) pop();
}

void TreeBuilder::reset_insertion_mode() {
  const uint32_t at = limit(Scope::kDecidesMode) - 1;  // 0 is <html>, for which a fragment's context stands
  const Node& n = tree_.nodes[at == 0 && fragment_context_ != kNone ? fragment_context_ : stack_[at].node];
  mode_ = Mode::kInBody;
  if (n.ns != Namespace::kHtml) return;
  switch (n.name) {
    case k_td: case k_th: if (at > 0) mode_ = Mode::kInCell; break;
    case k_tr: mode_ = Mode::kInRow; break;
    case k_tbody: case k_thead: case k_tfoot: mode_ = Mode::kInTableBody; break;
    case k_caption: mode_ = Mode::kInCaption; break;
    case k_colgroup: mode_ = Mode::kInColumnGroup; break;
    case k_table: mode_ = Mode::kInTable; break;
    case k_template: if (!template_modes_.empty()) mode_ = template_modes_.back(); break;
    case k_head: if (at > 0) mode_ = Mode::kInHead; break;
    case k_frameset: mode_ = Mode::kInFrameset; break;
    case k_html: mode_ = head_ == kNone ? Mode::kBeforeHead : Mode::kAfterHead; break;
    default: break;
  }
}

void TreeBuilder::close_cell() {
  generate_implied_end_tags();
  while (!current_is(k_td) && !current_is(k_th)) pop();
  pop();
  clear_to_marker();
  mode_ = Mode::kInRow;
}

}  // namespace refine::html
