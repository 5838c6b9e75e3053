// Nodes and their insertion: see tree_builder.h.
#include "tree_builder.h"

#include "scan.h"

namespace refine::html {
namespace {
bool names_html(std::string_view encoding) {  // asked once an element, of values of any length
  const auto is = [&](std::string_view type) {
    return encoding.size() == type.size() && std::equal(type.begin(), type.end(), encoding.begin(), [](char a, char b) { return a == lower_ascii(b); });
  };
  return is("text/html") || is("application/xhtml+xml");
}
}  // namespace

TreeBuilder::TreeBuilder(Tree& tree, const ParseOptions& options)
    : tree_(tree), options_(options), last_(kFirstUnknownTag, 0), max_steps_(options.limits.free_visits + uint64_t(options.limits.visits_per_byte) * tree.source.size()) {
  // Start tags, and texts after tags: what most pages come to within a hundredth.
  const size_t expected = count_pairs(tree.source, '<', '/') + count_pairs(tree.source, '>', '<') + 16;
  tree_.nodes.reserve(std::min<size_t>(expected + expected / 64, options.limits.max_nodes));
  reads_ += tree.source.size();
  new_node(NodeType::kDocument);
}

uint32_t TreeBuilder::new_node(NodeType type) {
  if (tree_.nodes.size() >= options_.limits.max_nodes) stop(ParseResult::kTooManyNodes);
  if (tree_.nodes.size() == tree_.nodes.capacity()) tree_.nodes.reserve(tree_.nodes.size() * 5 / 4 + 256);
  tree_.nodes.emplace_back().type = type;
  return uint32_t(tree_.nodes.size() - 1);
}

uint32_t TreeBuilder::create_element(const TagToken& t, Namespace ns) {
  const uint32_t node = new_node(NodeType::kElement);
  Node& n = tree_.nodes[node];
  n.ns = ns;
  if (t.name > kMaxTagNames) stop(ParseResult::kTooComplex);
  n.name = uint16_t(t.name);
  n.begin = uint32_t(tree_.attributes.size());
  n.size = uint32_t(t.attributes.size());
  if (n.size > 0) {
    if (tree_.attributes.size() + n.size > options_.limits.max_attributes) stop(ParseResult::kTooManyAttributes);
    const auto input = uint32_t(tree_.source.size()), moved = uint32_t(tree_.changed.size());
    for (const auto& a : t.attributes) tree_.attributes.push_back({a.name, a.begin < input ? a.begin : a.begin + moved, a.size});
    tree_.changed.append(t.values);
    reads_ += t.values.size();
    steps_ += n.size;
  }
  if (ns == Namespace::kSvg) n.html_point = n.name == k_foreignobject || n.name == k_desc || n.name == k_title;
  else if (ns == Namespace::kMathml && n.name == k_annotation_xml) n.html_point = names_html(tree_.attribute(node, kAttr_encoding));
  return node;
}

uint32_t TreeBuilder::create_element(uint32_t name) {
  const uint32_t node = new_node(NodeType::kElement);
  tree_.nodes[node].name = uint16_t(name);
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
  if (foster_ && t.ns == Namespace::kHtml && one_of(t.name, {k_table, k_tbody, k_tfoot, k_thead, k_tr})) {
    const uint32_t table = last(k_table), in_template = last(k_template);
    if (in_template > table) return {tree_.nodes[stack_[in_template - 1].node].first, kNone};  // a template's first child is its content
    if (table == 0) return {stack_[0].node, kNone};
    const uint32_t node = stack_[table - 1].node, parent = tree_.nodes[node].parent;
    if (parent != kNone) return {parent, node};
    return {stack_[table - 2].node, kNone};
  }
  if (t.ns == Namespace::kHtml && t.name == k_template && t.type == NodeType::kElement) return {t.first, kNone};
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

uint32_t TreeBuilder::insert_html(uint32_t node) {
  insert_at(node, {0, kNone});
  push(node);
  return node;
}

TreeBuilder::Span TreeBuilder::span_of(std::string_view text) {
  if (in_source(text)) return {uint32_t(text.data() - tree_.source.data()), uint32_t(text.size())};
  const Span span{uint32_t(tree_.source.size() + tree_.changed.size()), uint32_t(text.size())};
  tree_.changed.append(text);
  reads_ += text.size();
  return span;
}

// Text next to text is one node while it can be: where the bytes adjoin, or in `changed`, to which a node's text moves once.
void TreeBuilder::insert_text(std::string_view text) {
  if (text.empty()) return;
  const Place place = appropriate_place();
  if (tree_.nodes[place.parent].type == NodeType::kDocument) return;
  const uint32_t before = place.before == kNone ? tree_.nodes[place.parent].last : tree_.nodes[place.before].prev;
  const bool joins = before != kNone && tree_.nodes[before].type == NodeType::kText;
  if (joins) {
    Node& b = tree_.nodes[before];
    const auto input = uint32_t(tree_.source.size());
    if (in_source(text) && b.begin < input && b.begin + b.size == uint32_t(text.data() - tree_.source.data())) {
      b.size += uint32_t(text.size());
      return;
    }
    const bool moves = b.begin < input;
    if (moves || b.begin + b.size == input + tree_.changed.size()) {
      if (moves) {
        const auto begin = uint32_t(input + tree_.changed.size());
        tree_.changed.append(tree_.source.substr(b.begin, b.size));
        reads_ += b.size;
        b.begin = begin;
      }
      tree_.changed.append(text);
      reads_ += text.size();
      b.size += uint32_t(text.size());
      return;
    }
  }
  const Span span = span_of(text);
  const uint32_t node = new_node(NodeType::kText);
  Node& n = tree_.nodes[node];
  n.begin = span.begin;
  n.size = span.size;
  n.continues = joins;
  insert_at(node, place);
}

void TreeBuilder::insert_comment(std::string_view text, uint32_t parent) {
  const Place place = parent == kNone ? appropriate_place() : Place{parent, kNone};
  const Span span = text.empty() ? Span{0, 0} : span_of(text);
  const uint32_t node = new_node(NodeType::kComment);
  tree_.nodes[node].begin = span.begin;
  tree_.nodes[node].size = span.size;
  insert_at(node, place);
}

void TreeBuilder::add_missing_attributes(uint32_t node, const TagToken& t) {
  const uint32_t begin = tree_.nodes[node].begin, had = tree_.nodes[node].size;
  if (had >= kMaxElementAttributes || t.attributes.empty()) return;
  marked_.resize(std::max(marked_.size(), tree_.attribute_names.size()), 0);
  ++mark_;
  steps_ += had + t.attributes.size();
  for (uint32_t i = 0; i < had; ++i) marked_[tree_.attributes[begin + i].name] = mark_;
  std::vector<NodeAttribute> all(tree_.attributes.begin() + begin, tree_.attributes.begin() + begin + had);
  for (const auto& a : t.attributes) {
    if (all.size() >= kMaxElementAttributes || marked_[a.name] == mark_) continue;
    const Span span = a.size == 0 ? Span{0, 0} : span_of(t.value(a));
    all.push_back({a.name, span.begin, span.size});
  }
  if (all.size() == had) return;
  tree_.nodes[node].begin = uint32_t(tree_.attributes.size());
  tree_.nodes[node].size = uint32_t(all.size());
  tree_.attributes.insert(tree_.attributes.end(), all.begin(), all.end());
}

}  // namespace refine::html
