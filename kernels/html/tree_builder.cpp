// The stack of open elements, insertion and scopes: see tree_builder.h.
#include "tree_builder.h"

#include <algorithm>
#include <bitset>
#include <cstddef>

namespace refine::html {
namespace {

using TagSet = std::bitset<kFirstUnknownTag>;
TagSet tag_set(std::initializer_list<uint32_t> tags) {
  TagSet set;
  for (uint32_t t : tags) set.set(t);
  return set;
}
const TagSet& special_tags() {
  static const TagSet set = tag_set({k_address, k_applet, k_area, k_article, k_aside, k_base, k_basefont, k_bgsound, k_blockquote, k_body, k_br, k_button,
    k_caption, k_center, k_col, k_colgroup, k_dd, k_details, k_dir, k_div, k_dl, k_dt, k_embed, k_fieldset, k_figcaption, k_figure, k_footer, k_form,
    k_frame, k_frameset, k_h1, k_h2, k_h3, k_h4, k_h5, k_h6, k_head, k_header, k_hgroup, k_hr, k_html, k_iframe, k_img, k_input, k_keygen, k_li, k_link,
    k_listing, k_main, k_marquee, k_menu, k_meta, k_nav, k_noembed, k_noframes, k_noscript, k_object, k_ol, k_p, k_param, k_plaintext, k_pre, k_script,
    k_search, k_section, k_select, k_source, k_style, k_summary, k_table, k_tbody, k_td, k_template, k_textarea, k_tfoot, k_th, k_thead, k_title, k_tr,
    k_track, k_ul, k_wbr, k_xmp});
  return set;
}
const TagSet& implied_end_tags() {
  static const TagSet set = tag_set({k_dd, k_dt, k_li, k_optgroup, k_option, k_p, k_rb, k_rp, k_rt, k_rtc});
  return set;
}
const TagSet& all_implied_end_tags() {
  static const TagSet set = implied_end_tags() | tag_set({k_caption, k_colgroup, k_tbody, k_td, k_tfoot, k_th, k_thead, k_tr});
  return set;
}
const TagSet& scope_ends() {
  static const TagSet set = tag_set({k_applet, k_caption, k_html, k_table, k_td, k_th, k_marquee, k_object, k_select, k_template});
  return set;
}

bool ends_scope(const Node& n, Scope scope) {
  if (scope == Scope::kTable) return n.ns == Namespace::kHtml && (n.name == k_html || n.name == k_table || n.name == k_template);
  if (n.ns == Namespace::kHtml) {
    if (n.name >= kFirstUnknownTag) return false;
    return scope_ends()[n.name] || (scope == Scope::kListItem && (n.name == k_ol || n.name == k_ul)) || (scope == Scope::kButton && n.name == k_button);
  }
  if (n.ns == Namespace::kMathml) return is_mathml_text_point(n) || n.name == k_annotation_xml;
  return n.name == k_foreignobject || n.name == k_desc || n.name == k_title;
}

}  // namespace

bool is_special(const Node& n) {
  if (n.ns == Namespace::kHtml) return n.name < kFirstUnknownTag && special_tags()[n.name];
  if (n.ns == Namespace::kMathml) return is_mathml_text_point(n) || n.name == k_annotation_xml;
  return n.name == k_foreignobject || n.name == k_desc || n.name == k_title;
}
bool is_mathml_text_point(const Node& n) {
  return n.ns == Namespace::kMathml && (n.name == k_mi || n.name == k_mo || n.name == k_mn || n.name == k_ms || n.name == k_mtext);
}
bool is_html_point(const Tree& tree, uint32_t node) {
  const Node& n = tree.nodes[node];
  if (n.ns == Namespace::kSvg) return n.name == k_foreignobject || n.name == k_desc || n.name == k_title;
  if (n.ns != Namespace::kMathml || n.name != k_annotation_xml) return false;
  const auto value = tree.attribute(node, kAttr_encoding);
  if (value.size() > 32) return false;  // asked at every token, so a long value must not be copied each time
  std::string encoding(value);
  for (char& c : encoding) if (c >= 'A' && c <= 'Z') c = char(c + 32);
  return encoding == "text/html" || encoding == "application/xhtml+xml";
}

TreeBuilder::TreeBuilder(Tree& tree, const ParseOptions& options, size_t input_bytes)
    : tree_(tree), options_(options), max_steps_(1'000'000 + options.limits.work_per_byte * input_bytes) {
  tree_.nodes.reserve(input_bytes / 24 + 64);
  new_node(NodeType::kDocument);
}

uint32_t TreeBuilder::new_node(NodeType type) {
  if (tree_.nodes.size() >= options_.limits.max_nodes) stop(ParseResult::kTooManyNodes);
  tree_.nodes.emplace_back().type = type;
  return uint32_t(tree_.nodes.size() - 1);
}

uint32_t TreeBuilder::create_element(const TagToken& t, Namespace ns) {
  const uint32_t node = new_node(NodeType::kElement);
  Node& n = tree_.nodes[node];
  n.ns = ns;
  n.name = t.name;
  n.begin = uint32_t(tree_.attributes.size());
  n.size = uint32_t(t.attributes.size());
  for (const auto& a : t.attributes) tree_.attributes.push_back({a.name, uint32_t(tree_.text.size()) + a.begin, a.size});
  tree_.text.append(t.values);
  return node;
}

uint32_t TreeBuilder::create_element(uint32_t name) {
  const uint32_t node = new_node(NodeType::kElement);
  tree_.nodes[node].name = name;
  return node;
}

uint32_t TreeBuilder::clone_element(uint32_t node) {  // shares the attributes: they never change but for html and body
  const uint32_t copy = new_node(NodeType::kElement);
  const Node& from = tree_.nodes[node];
  Node& to = tree_.nodes[copy];
  to.ns = from.ns;
  to.copied = true;
  to.name = from.name;
  to.begin = from.begin;
  to.size = from.size;
  return copy;
}

TreeBuilder::Place TreeBuilder::appropriate_place(uint32_t target) {
  if (target == kNone) target = current();
  const Node& t = tree_.nodes[target];
  if (foster_ && t.ns == Namespace::kHtml && (t.name == k_table || t.name == k_tbody || t.name == k_tfoot || t.name == k_thead || t.name == k_tr)) {
    for (size_t i = stack_.size(); i-- > 0;) {
      step();
      if (tree_.is(stack_[i], k_template)) return {tree_.nodes[stack_[i]].first, kNone};  // a template's first child is its content
      if (!tree_.is(stack_[i], k_table)) continue;
      const uint32_t parent = tree_.nodes[stack_[i]].parent;
      if (parent != kNone) return {parent, stack_[i]};
      return {stack_[i - 1], kNone};
    }
    return {stack_[0], kNone};
  }
  if (tree_.is(target, k_template)) return {t.first, kNone};
  return {target, kNone};
}

void TreeBuilder::insert_at(uint32_t node, Place place) {
  auto& nodes = tree_.nodes;
  Node& n = nodes[node];
  n.parent = place.parent;
  n.next = place.before;
  n.prev = place.before == kNone ? nodes[place.parent].last : nodes[place.before].prev;
  (n.prev == kNone ? nodes[place.parent].first : nodes[n.prev].next) = node;
  (n.next == kNone ? nodes[place.parent].last : nodes[n.next].prev) = node;
}

void TreeBuilder::detach(uint32_t node) {
  auto& nodes = tree_.nodes;
  Node& n = nodes[node];
  if (n.parent == kNone) return;
  (n.prev == kNone ? nodes[n.parent].first : nodes[n.prev].next) = n.next;
  (n.next == kNone ? nodes[n.parent].last : nodes[n.next].prev) = n.prev;
  n.parent = n.prev = n.next = kNone;
}

uint32_t TreeBuilder::insert_element(const TagToken& t, Namespace ns) {
  const Place place = appropriate_place();
  const uint32_t node = create_element(t, ns);
  insert_at(node, place);
  push(node);
  if (ns == Namespace::kHtml && t.name == k_template) insert_at(new_node(NodeType::kContent), {node, kNone});
  return node;
}

uint32_t TreeBuilder::insert_element(uint32_t name) {
  const Place place = appropriate_place();
  const uint32_t node = create_element(name);
  insert_at(node, place);
  push(node);
  return node;
}

void TreeBuilder::insert_text(std::string_view text) {
  if (text.empty()) return;
  const Place place = appropriate_place();
  if (tree_.nodes[place.parent].type == NodeType::kDocument) return;
  const uint32_t before = place.before == kNone ? tree_.nodes[place.parent].last : tree_.nodes[place.before].prev;
  const bool joins = before != kNone && tree_.nodes[before].type == NodeType::kText;
  if (joins && tree_.nodes[before].begin + tree_.nodes[before].size == tree_.text.size()) {
    tree_.nodes[before].size += uint32_t(text.size());
  } else {
    const uint32_t node = new_node(NodeType::kText);
    tree_.nodes[node].begin = uint32_t(tree_.text.size());
    tree_.nodes[node].size = uint32_t(text.size());
    tree_.nodes[node].continues = joins;
    insert_at(node, place);
  }
  tree_.text.append(text);
}

void TreeBuilder::insert_comment(std::string_view text, uint32_t parent) {
  const Place place = parent == kNone ? appropriate_place() : Place{parent, kNone};
  const uint32_t node = new_node(NodeType::kComment);
  tree_.nodes[node].begin = uint32_t(tree_.text.size());
  tree_.nodes[node].size = uint32_t(text.size());
  tree_.text.append(text);
  insert_at(node, place);
}

void TreeBuilder::push(uint32_t node) {
  stack_.push_back(node);
  if (is_known_html(tree_.nodes[node])) ++open_count_[tree_.nodes[node].name];
  if (stack_.size() > options_.limits.max_depth) stop(ParseResult::kTooDeep);
}

void TreeBuilder::pop() {
  const Node& n = tree_.nodes[stack_.back()];
  if (is_known_html(n)) --open_count_[n.name];
  const uint32_t node = stack_.back();
  stack_.pop_back();
  if ((n.name == k_option || n.name == k_select) && !selects_.empty()) select_or_option_popped(node);
}

void TreeBuilder::pop_until_tag(uint32_t tag) {
  while (!stack_.empty()) {
    const bool found = tree_.is(current(), Tag(tag));
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

void TreeBuilder::remove_from_stack(uint32_t node) {
  for (size_t i = stack_.size(); i-- > 0;) {
    step();
    if (stack_[i] != node) continue;
    if (is_known_html(tree_.nodes[node])) --open_count_[tree_.nodes[node].name];
    stack_.erase(stack_.begin() + std::ptrdiff_t(i));
    return;
  }
}

bool TreeBuilder::on_stack(uint32_t node) {
  for (size_t i = stack_.size(); i-- > 0;) {
    step();
    if (stack_[i] == node) return true;
  }
  return false;
}

bool TreeBuilder::in_scope(uint32_t tag, Scope scope) {
  if (!open(tag)) return false;
  for (size_t i = stack_.size(); i-- > 0;) {
    step();
    const Node& n = tree_.nodes[stack_[i]];
    if (n.ns == Namespace::kHtml && n.name == tag) return true;
    if (ends_scope(n, scope)) return false;
  }
  return false;
}

bool TreeBuilder::node_in_scope(uint32_t node) {
  for (size_t i = stack_.size(); i-- > 0;) {
    step();
    if (stack_[i] == node) return true;
    if (ends_scope(tree_.nodes[stack_[i]], Scope::kDefault)) return false;
  }
  return false;
}

bool TreeBuilder::heading_in_scope() {
  if (!open(k_h1) && !open(k_h2) && !open(k_h3) && !open(k_h4) && !open(k_h5) && !open(k_h6)) return false;
  for (size_t i = stack_.size(); i-- > 0;) {
    step();
    const Node& n = tree_.nodes[stack_[i]];
    if (n.ns == Namespace::kHtml && n.name >= k_h1 && n.name <= k_h6) return true;
    if (ends_scope(n, Scope::kDefault)) return false;
  }
  return false;
}

void TreeBuilder::generate_implied_end_tags(uint32_t except) {
  while (is_known_html(tree_.nodes[current()]) && tree_.nodes[current()].name != except && implied_end_tags()[tree_.nodes[current()].name]) pop();
}

void TreeBuilder::generate_all_implied_end_tags() {
  while (is_known_html(tree_.nodes[current()]) && all_implied_end_tags()[tree_.nodes[current()].name]) pop();
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
  for (size_t i = stack_.size(); i-- > 0;) {
    step();
    const bool last = i == 0;
    const uint32_t node = last && fragment_context_ != kNone ? fragment_context_ : stack_[i];
    const Node& n = tree_.nodes[node];
    if (n.ns == Namespace::kHtml) switch (n.name) {
      case k_td: case k_th: if (!last) { mode_ = Mode::kInCell; return; } break;
      case k_tr: mode_ = Mode::kInRow; return;
      case k_tbody: case k_thead: case k_tfoot: mode_ = Mode::kInTableBody; return;
      case k_caption: mode_ = Mode::kInCaption; return;
      case k_colgroup: mode_ = Mode::kInColumnGroup; return;
      case k_table: mode_ = Mode::kInTable; return;
      case k_template: mode_ = template_modes_.empty() ? Mode::kInBody : template_modes_.back(); return;
      case k_head: if (!last) { mode_ = Mode::kInHead; return; } break;
      case k_body: mode_ = Mode::kInBody; return;
      case k_frameset: mode_ = Mode::kInFrameset; return;
      case k_html: mode_ = head_ == kNone ? Mode::kBeforeHead : Mode::kAfterHead; return;
      default: break;
    }
    if (last) { mode_ = Mode::kInBody; return; }
  }
}

void TreeBuilder::add_missing_attributes(uint32_t node, const TagToken& t) {
  std::vector<NodeAttribute> all;
  const Node& n = tree_.nodes[node];
  for (uint32_t i = 0; i < n.size; ++i) all.push_back(tree_.attributes[n.begin + i]);
  const size_t before = all.size();
  for (const auto& a : t.attributes) {
    if (all.size() >= kMaxAttributes || tree_.has_attribute(node, a.name)) continue;
    all.push_back({a.name, uint32_t(tree_.text.size()), a.size});
    tree_.text.append(t.value(a));
  }
  if (all.size() == before) return;
  tree_.nodes[node].begin = uint32_t(tree_.attributes.size());
  tree_.nodes[node].size = uint32_t(all.size());
  tree_.attributes.insert(tree_.attributes.end(), all.begin(), all.end());
}

void TreeBuilder::raw_text(TagToken& t, TokenizerState state) {
  insert_element(t);
  tokenizer_->set_state(state);
  original_mode_ = mode_;
  mode_ = Mode::kText;
}

void TreeBuilder::close_cell() {
  generate_implied_end_tags();
  while (!current_is(k_td) && !current_is(k_th)) pop();
  pop();
  clear_to_marker();
  mode_ = Mode::kInRow;
}

}  // namespace refine::html
