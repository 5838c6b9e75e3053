// The list of active formatting elements and the adoption agency: see tree_builder.h. HTML standard, 13.2.4.3 and 13.2.6.4.7.
#include <cstddef>

#include "refine/salted_hash.h"
#include "tree_builder.h"

namespace refine::html {

void TreeBuilder::clear_to_marker() {
  while (!formatting_.empty()) {
    const uint32_t node = formatting_.back().node;
    formatting_.pop_back();
    step();
    if (node == kNone) return;
    tree_.nodes[node].listed = false;
  }
}

void TreeBuilder::erase_formatting(size_t at) {
  step(formatting_.size() - at);
  tree_.nodes[formatting_[at].node].listed = false;
  formatting_.erase(formatting_.begin() + std::ptrdiff_t(at));
}

// The same in any order of the attributes.
uint64_t TreeBuilder::hash_of_attributes(uint32_t node) {
  const Node& n = tree_.nodes[node];
  uint64_t sum = n.name;
  for (uint32_t i = 0; i < n.size; ++i) {
    const auto& a = tree_.attributes[n.begin + i];
    sum += hash_bytes(tree_.span(a.begin, a.size), a.name);
    reads_ += a.size;
    step();
  }
  return sum;
}

bool TreeBuilder::equal_attributes(uint32_t a, uint32_t b) {
  const Node& x = tree_.nodes[a];
  const Node& y = tree_.nodes[b];
  if (x.name != y.name || x.ns != y.ns || x.size != y.size) return false;
  if (x.begin == y.begin) return true;
  for (uint32_t i = 0; i < x.size; ++i) {
    const auto& attribute = tree_.attributes[x.begin + i];
    step(x.size);
    reads_ += attribute.size;
    const auto other = tree_.find_attribute(b, attribute.name);
    if (!other || tree_.span(other->begin, other->size) != tree_.span(attribute.begin, attribute.size)) return false;
  }
  return true;
}

// Noah's Ark: at most three elements of one name and equal attributes after the last marker.
void TreeBuilder::push_formatting(uint32_t node) {
  const uint64_t hash = hash_of_attributes(node);
  size_t same = 0, earliest = 0;
  for (size_t i = formatting_.size(); i-- > 0 && formatting_[i].node != kNone;) {
    step();
    if (formatting_[i].hash == hash && equal_attributes(formatting_[i].node, node)) ++same, earliest = i;
  }
  if (same >= 3) erase_formatting(earliest);
  formatting_.push_back({node, hash});
  tree_.nodes[node].listed = true;
}

void TreeBuilder::reopen_formatting() {
  size_t i = formatting_.size() - 1;
  while (i > 0 && formatting_[i - 1].node != kNone && !tree_.nodes[formatting_[i - 1].node].open) --i;
  for (; i < formatting_.size() && !stopped; ++i) {
    step();
    const Place place = appropriate_place();
    const uint32_t old = formatting_[i].node, copy = clone_element(old);
    insert_at(copy, place);
    push(copy);
    formatting_[i].node = copy;
    tree_.nodes[old].listed = false;
    tree_.nodes[copy].listed = true;
  }
}

void TreeBuilder::remove_formatting(uint32_t node) {
  if (!tree_.nodes[node].listed) return;
  size_t i = formatting_.size() - 1;
  for (; formatting_[i].node != node; --i) step();
  erase_formatting(i);
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
  if (current_is(tag) && !tree_.nodes[current()].listed) {
    pop();
    return true;
  }
  for (int outer = 0; outer < 8 && !stopped; ++outer) {
    const uint32_t element = formatting_after_marker(tag);
    if (element == kNone) return outer > 0;
    if (!tree_.nodes[element].open) { remove_formatting(element); return true; }
    const uint32_t at = position_of(element);
    if (at + 1 < limit(Scope::kDefault)) return true;
    uint32_t furthest_at = at + 1;
    while (furthest_at < stack_.size() && !is_special(tree_.nodes[stack_[furthest_at].node])) step(), ++furthest_at;
    if (furthest_at == stack_.size()) {
      pop_until_node(element);
      remove_formatting(element);
      return true;
    }
    const uint32_t ancestor = stack_[at - 1].node, furthest = stack_[furthest_at].node;
    size_t bookmark = formatting_.size() - 1;
    while (formatting_[bookmark].node != element) step(), --bookmark;
    const uint64_t hash = formatting_[bookmark].hash;
    const uint32_t last = rebuild_path(at, furthest_at, bookmark);
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
    size_t old = formatting_.size() - 1;
    while (formatting_[old].node != element) step(), --old;
    erase_formatting(old);
    if (old < bookmark) --bookmark;
    step(formatting_.size() - bookmark);
    formatting_.insert(formatting_.begin() + std::ptrdiff_t(std::min(bookmark, formatting_.size())), {copy, hash});
    nodes[copy].listed = true;
    // On the stack the element gives way to the copy, right above the furthest block; what rebuild_path closed goes too.
    unindex_from(at);
    nodes[element].open = false;
    size_t to = at;
    for (size_t i = at; i < stack_.size(); ++i) {
      const uint32_t node = stack_[i].node;
      if (!nodes[node].open) continue;
      stack_[to++].node = node;
      if (node == furthest) break;
    }
    const auto above = stack_.begin() + std::ptrdiff_t(furthest_at + 1);
    stack_[to++].node = copy;  // not past furthest_at: the element's own place is free
    stack_.erase(stack_.begin() + std::ptrdiff_t(to), above);
    index_above(at);
  }
  return true;
}

// The inner loop: from the furthest block down to the element, at most three formatting elements are copied, each holding
// the one before; all others between are closed. Returns the outermost.
uint32_t TreeBuilder::rebuild_path(uint32_t element_at, uint32_t furthest_at, size_t& bookmark) {
  const uint32_t furthest = stack_[furthest_at].node;
  uint32_t last = furthest;
  for (uint32_t at = furthest_at - 1, inner = 1; at > element_at; --at, ++inner) {
    step();
    const uint32_t node = stack_[at].node;
    size_t entry = 0;
    if (tree_.nodes[node].listed) {
      entry = formatting_.size() - 1;
      while (formatting_[entry].node != node) step(), --entry;
      if (inner > 3) {
        erase_formatting(entry);
        if (entry < bookmark) --bookmark;
      }
    }
    if (!tree_.nodes[node].listed) {
      tree_.nodes[node].open = false;
      continue;
    }
    const uint32_t copy = clone_element(node);
    formatting_[entry].node = copy;
    stack_[at].node = copy;
    tree_.nodes[node].listed = tree_.nodes[node].open = false;
    tree_.nodes[copy].listed = tree_.nodes[copy].open = true;
    if (last == furthest) bookmark = entry + 1;
    detach(last);
    insert_at(last, {copy, kNone});
    last = copy;
  }
  return last;
}

void TreeBuilder::any_other_end_tag(uint32_t tag) {
  const uint32_t at = last(tag);
  if (at < limit(Scope::kSpecial)) return;
  const uint32_t node = stack_[at - 1].node;
  generate_implied_end_tags(tag);
  pop_until_node(node);
}

}  // namespace refine::html
