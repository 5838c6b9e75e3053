// The list of active formatting elements and the adoption agency: see tree_builder.h. HTML standard, 13.2.4.3 and 13.2.6.4.7.
#include <algorithm>
#include <cstddef>

#include "tree_builder.h"

namespace refine::html {

void TreeBuilder::clear_to_marker() {
  while (!formatting_.empty()) {
    const bool marker = formatting_.back().node == kNone;
    formatting_.pop_back();
    if (marker) return;
  }
}

void TreeBuilder::push_formatting(uint32_t node) {
  // Noah's Ark: at most three elements of one name and equal attributes after the last marker.
  const auto equal = [&](uint32_t a, uint32_t b) {
    const Node& x = tree_.nodes[a];
    const Node& y = tree_.nodes[b];
    if (x.name != y.name || x.ns != y.ns || x.size != y.size) return false;
    for (uint32_t i = 0; i < x.size; ++i) {
      step();
      const auto& attribute = tree_.attributes[x.begin + i];
      const auto other = tree_.find_attribute(b, attribute.name);
      if (!other || tree_.span(other->begin, other->size) != tree_.span(attribute.begin, attribute.size)) return false;
    }
    return true;
  };
  size_t same = 0, earliest = 0;
  for (size_t i = formatting_.size(); i-- > 0 && formatting_[i].node != kNone;) {
    step();
    if (equal(formatting_[i].node, node)) ++same, earliest = i;
  }
  if (same >= 3) formatting_.erase(formatting_.begin() + std::ptrdiff_t(earliest));
  formatting_.push_back({node});
}

void TreeBuilder::reconstruct_formatting() {
  if (formatting_.empty() || formatting_.back().node == kNone || on_stack(formatting_.back().node)) return;
  size_t i = formatting_.size() - 1;
  while (i > 0 && formatting_[i - 1].node != kNone && !on_stack(formatting_[i - 1].node)) --i;
  for (; i < formatting_.size() && !stopped; ++i) {
    const Place place = appropriate_place();
    const uint32_t copy = clone_element(formatting_[i].node);
    insert_at(copy, place);
    push(copy);
    formatting_[i].node = copy;
  }
}

void TreeBuilder::remove_formatting(uint32_t node) {
  for (size_t i = formatting_.size(); i-- > 0;) {
    step();
    if (formatting_[i].node == node) { formatting_.erase(formatting_.begin() + std::ptrdiff_t(i)); return; }
  }
}

uint32_t TreeBuilder::formatting_after_marker(uint32_t tag) {
  for (size_t i = formatting_.size(); i-- > 0 && formatting_[i].node != kNone;) {
    step();
    if (tree_.nodes[formatting_[i].node].name == tag) return formatting_[i].node;
  }
  return kNone;
}

// False: act as for any other end tag.
bool TreeBuilder::adoption_agency(uint32_t tag) {
  if (current_is(tag) && std::none_of(formatting_.begin(), formatting_.end(), [&](const Formatting& f) { return step(), f.node == current(); })) {
    pop();
    return true;
  }
  for (int outer = 0; outer < 8 && !stopped; ++outer) {
    const uint32_t element = formatting_after_marker(tag);
    if (element == kNone) return outer > 0;
    if (!on_stack(element)) { remove_formatting(element); return true; }
    if (!node_in_scope(element)) return true;
    size_t at = stack_.size() - 1;
    uint32_t furthest = kNone;
    size_t furthest_at = 0;
    for (; stack_[at] != element; --at) {
      step();
      if (is_special(tree_.nodes[stack_[at]])) furthest = stack_[at], furthest_at = at;
    }
    if (furthest == kNone) {
      pop_until_node(element);
      remove_formatting(element);
      return true;
    }
    const uint32_t ancestor = stack_[at - 1];
    size_t bookmark = 0;
    while (formatting_[bookmark].node != element) step(), ++bookmark;
    uint32_t last = furthest;
    size_t node_at = furthest_at;
    for (int inner = 1;; ++inner) {
      --node_at;
      step();
      uint32_t node = stack_[node_at];
      if (node == element) break;
      size_t entry = 0;
      while (entry < formatting_.size() && formatting_[entry].node != node) step(), ++entry;
      bool listed = entry < formatting_.size();
      if (inner > 3 && listed) {
        formatting_.erase(formatting_.begin() + std::ptrdiff_t(entry));
        if (entry < bookmark) --bookmark;
        listed = false;
      }
      if (!listed) {
        remove_from_stack(node);
        continue;
      }
      const uint32_t copy = clone_element(node);
      formatting_[entry].node = copy;
      stack_[node_at] = copy;
      if (last == furthest) bookmark = entry + 1;
      detach(last);
      insert_at(last, {copy, kNone});
      last = copy;
    }
    detach(last);
    const bool foster = foster_;
    foster_ = true;
    insert_at(last, appropriate_place(ancestor));
    foster_ = foster;
    const uint32_t copy = clone_element(element);
    // All children of the furthest block move below the copy.
    auto& nodes = tree_.nodes;
    nodes[copy].first = nodes[furthest].first;
    nodes[copy].last = nodes[furthest].last;
    for (uint32_t child = nodes[copy].first; child != kNone; child = nodes[child].next) step(), nodes[child].parent = copy;
    nodes[furthest].first = nodes[furthest].last = kNone;
    insert_at(copy, {furthest, kNone});
    size_t old = 0;
    while (formatting_[old].node != element) step(), ++old;
    formatting_.erase(formatting_.begin() + std::ptrdiff_t(old));
    if (old < bookmark) --bookmark;
    formatting_.insert(formatting_.begin() + std::ptrdiff_t(std::min(bookmark, formatting_.size())), {copy});
    remove_from_stack(element);
    const auto below = std::find(stack_.begin(), stack_.end(), furthest);
    step(stack_.size());
    stack_.insert(below + 1, copy);
    if (is_known_html(nodes[copy])) ++open_count_[nodes[copy].name];
  }
  return true;
}

void TreeBuilder::any_other_end_tag(uint32_t tag) {
  if (tag < kFirstUnknownTag && open_count_[tag] == 0) return;
  for (size_t i = stack_.size(); i-- > 0;) {
    step();
    const uint32_t node = stack_[i];
    const Node& n = tree_.nodes[node];
    if (n.ns == Namespace::kHtml && n.name == tag) {
      generate_implied_end_tags(tag);
      pop_until_node(node);
      return;
    }
    if (is_special(n)) return;
  }
}

}  // namespace refine::html
