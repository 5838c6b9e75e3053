// <selectedcontent>: the first of a <select> mirrors the children of the selected <option>, set when the parser pops that
// option and when the element itself is inserted. HTML standard, "maybe clone an option into selectedcontent" (4.10.10) and
// the selectedness setting algorithm (4.10.7).
// Invariant: an option is cloned at most twice and options of one select do not nest, so the work is linear.
#include "tree_builder.h"

namespace refine::html {

void TreeBuilder::select_opened(uint32_t node) {
  const bool multiple = tree_.has_attribute(node, kAttr_multiple);
  const auto size = tree_.attribute(node, kAttr_size);
  const bool list_box = !size.empty() && !(size == "0" || size == "1");  // shows several options: none is picked unasked
  selects_.push_back({.node = node, .at = last(k_select), .single = !multiple, .picks_first = !multiple && !list_box});
}

void TreeBuilder::option_opened(uint32_t node) {
  if (selects_.empty()) return;
  OpenSelect& select = selects_.back();
  if (stack_.back().same > select.at || last(k_datalist) > select.at) return;  // below another option or a <datalist> it is none of the select's
  const uint32_t parent = tree_.nodes[node].parent;
  const bool disabled = tree_.has_attribute(node, kAttr_disabled) || (tree_.is(parent, k_optgroup) && tree_.has_attribute(parent, kAttr_disabled));
  if (tree_.has_attribute(node, kAttr_selected) || (select.selected == kNone && select.picks_first && !disabled)) select.selected = node;
}

void TreeBuilder::selectedcontent_opened(uint32_t node) {
  if (selects_.empty() || selects_.back().has_content) return;
  OpenSelect& select = selects_.back();
  select.has_content = true;
  if (!select.single || selects_.size() > 1 || open(k_option) || stack_.back().same > 0) return;
  select.content = node;
  if (select.selected != kNone) clone_children(select.selected, node);
}

void TreeBuilder::select_or_option_popped(uint32_t node) {
  const OpenSelect& select = selects_.back();
  if (select.node == node) selects_.pop_back();
  else if (select.selected == node && select.content != kNone) clone_children(node, select.content);
}

// Replaces what `to` holds by copies of what `from` holds. `from` may lie below `to`.
void TreeBuilder::clone_children(uint32_t from, uint32_t to) {
  auto& nodes = tree_.nodes;
  const uint32_t holder = new_node(NodeType::kContent);
  uint32_t parent = holder;
  for (uint32_t node = nodes[from].first; node != kNone && node != from && !stopped;) {
    step();
    const uint32_t copy = new_node(nodes[node].type);
    {
      const Node& old = nodes[node];
      Node& n = nodes[copy];
      n.ns = old.ns;
      n.continues = old.continues;
      n.copied = old.type == NodeType::kElement;
      n.name = old.name;
      n.begin = old.begin;
      n.size = old.size;
    }
    insert_at(copy, {parent, kNone});
    if (nodes[node].first != kNone) { node = nodes[node].first; parent = copy; continue; }
    while (node != from && nodes[node].next == kNone) { node = nodes[node].parent; parent = nodes[parent].parent; }
    if (node != from) node = nodes[node].next;
  }
  for (uint32_t child = nodes[to].first; child != kNone;) {
    const uint32_t next = nodes[child].next;
    step();
    nodes[child].parent = nodes[child].prev = nodes[child].next = kNone;
    child = next;
  }
  nodes[to].first = nodes[holder].first;
  nodes[to].last = nodes[holder].last;
  for (uint32_t child = nodes[to].first; child != kNone; child = nodes[child].next) step(), nodes[child].parent = to;
  nodes[holder].type = NodeType::kDetached;
  nodes[holder].first = nodes[holder].last = kNone;
}

}  // namespace refine::html
