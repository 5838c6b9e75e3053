// A parsed page: nodes in one array, linked by index; text and attribute values in one buffer.
// Invariant: node 0 is the document; a parent's children form a doubly linked list; no cycles. Walk with `next_in_order`,
// never by recursion: pages nest as deep as their authors please.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "names.h"

namespace refine::html {

enum class NodeType : uint8_t { kDocument, kDoctype, kElement, kText, kComment, kContent /* of a template */, kDetached };
enum class Namespace : uint8_t { kHtml, kSvg, kMathml };
constexpr uint32_t kNone = 0xFFFFFFFF;

struct Node {
  NodeType type = NodeType::kElement;
  Namespace ns = Namespace::kHtml;
  bool continues = false;  // a text node that is one with the text node before it
  bool copied = false;     // shares the attributes of a formatting element before it
  uint32_t name = 0;       // tag id; a doctype's: index into doctypes
  uint32_t parent = kNone, first = kNone, last = kNone, prev = kNone, next = kNone;
  uint32_t begin = 0, size = 0;  // text: span of `text`; elements: their attributes
};

struct NodeAttribute { uint32_t name, begin, size; };
struct Doctype { std::string name, public_id, system_id; bool has_ids; };

struct Tree {
  NameTable tag_names{&NameTable::tags()};
  NameTable attribute_names{&NameTable::attributes()};
  std::vector<Node> nodes;
  std::vector<NodeAttribute> attributes;
  std::vector<Doctype> doctypes;
  std::string text;
  bool quirks = false;

  std::string_view span(uint32_t begin, uint32_t size) const { return std::string_view(text).substr(begin, size); }
  std::string_view text_of(uint32_t node) const { return span(nodes[node].begin, nodes[node].size); }
  bool is(uint32_t node, Tag tag) const {
    const Node& n = nodes[node];
    return n.type == NodeType::kElement && n.ns == Namespace::kHtml && n.name == tag;
  }
  bool has_attribute(uint32_t node, uint32_t name) const { return find_attribute(node, name) != nullptr; }
  const NodeAttribute* find_attribute(uint32_t node, uint32_t name) const {
    const Node& n = nodes[node];
    if (n.type != NodeType::kElement) return nullptr;
    for (uint32_t i = 0; i < n.size; ++i) if (attributes[n.begin + i].name == name) return &attributes[n.begin + i];
    return nullptr;
  }
  std::string_view attribute(uint32_t node, uint32_t name) const {
    const auto found = find_attribute(node, name);
    return found ? span(found->begin, found->size) : std::string_view();
  }
  // The next node in document order inside `root`, not going below `node` where `skip`; kNone at the end.
  uint32_t next_in_order(uint32_t node, uint32_t root, bool skip = false) const {
    if (!skip && nodes[node].first != kNone) return nodes[node].first;
    while (node != root) {
      if (nodes[node].next != kNone) return nodes[node].next;
      node = nodes[node].parent;
    }
    return kNone;
  }
};

struct Limits {
  uint32_t max_depth = 32768;      // open elements
  uint32_t max_nodes = 2'000'000;
  uint64_t work_per_byte = 64;     // steps of walks over open and formatting elements, beside a million for free
};

enum class ParseResult : uint8_t { kOk, kTooDeep, kTooManyNodes, kTooComplex };

struct ParseOptions {
  Limits limits;
  bool scripting = false;               // <noscript> is text where true
  std::string_view fragment;            // a context element's name: parse as its innerHTML
  Namespace fragment_namespace = Namespace::kHtml;
};

// `input` is UTF-8; CR and CRLF are normalised by `normalise_newlines` before.
ParseResult parse_html(std::string_view input, const ParseOptions& options, Tree& tree);
void normalise_newlines(std::string& text);

// html5lib's "#document" form, for tests and people.
std::string dump_tree(const Tree& tree, uint32_t root);
// One JSON array of html5lib's tokens.
std::string dump_tokens(std::string_view input, std::string_view state, std::string_view last_start_tag);

}  // namespace refine::html
