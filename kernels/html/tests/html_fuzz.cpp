// Tokenizer and tree on any bytes: links are whole, spans lie in their buffers and are UTF-8, work is bounded, and a tree
// that is used again gives what a fresh one gives. The first byte chooses scripting and the fragment's context.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "../tokenizer.h"
#include "../tree.h"
#include "refine/utf8.h"

using namespace refine;
using namespace refine::html;

static void require(bool condition, int line = __builtin_LINE()) { if (!condition) { std::fprintf(stderr, "line %d\n", line); std::abort(); } }

static void check_tree(const Tree& tree) {
  std::vector<uint32_t> last_with(tree.attribute_names.size(), 0);
  size_t seen = 0;
  for (uint32_t node = 0; node != kNone; node = tree.next_in_order(node, 0)) {
    const Node& n = tree.nodes[node];
    require(++seen <= tree.nodes.size());
    if (n.first != kNone) require(tree.nodes[n.first].parent == node && tree.nodes[n.first].prev == kNone && n.last != kNone);
    if (n.next != kNone) require(tree.nodes[n.next].prev == node && tree.nodes[n.next].parent == n.parent);
    else if (n.parent != kNone) require(tree.nodes[n.parent].last == node);
    require((node == 0) == (n.type == NodeType::kDocument) && (node == 0) == (n.parent == kNone));
    if (n.type == NodeType::kText || n.type == NodeType::kComment) {
      const auto text = tree.text_of(node);
      require(text.size() == n.size && is_valid_utf8(text) && n.first == kNone);
      if (n.type == NodeType::kText) require(!text.empty());
      if (n.continues) require(n.prev == kNone || tree.nodes[n.prev].type == NodeType::kText || tree.nodes[n.prev].type == NodeType::kElement);
    } else if (n.type == NodeType::kElement) {
      require(size_t(n.begin) + n.size <= tree.attributes.size() && n.size <= kMaxElementAttributes);
      require(n.name != kNoTag && n.name < tree.tag_names.size());
      for (uint32_t i = 0; i < n.size; ++i) {
        const auto& a = tree.attributes[n.begin + i];
        require(a.name < last_with.size() && last_with[a.name] != node);
        last_with[a.name] = node;
        require(tree.span(a.begin, a.size).size() == a.size && is_valid_utf8(tree.span(a.begin, a.size)));
      }
      const bool is_template = n.ns == Namespace::kHtml && n.name == k_template;
      if (is_template) require(n.first != kNone && tree.nodes[n.first].type == NodeType::kContent);
    }
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t choice = data[0];
  std::string input = to_valid_utf8({reinterpret_cast<const char*>(data) + 1, size - 1});
  normalise_newlines(input);
  require(input.find('\r') == std::string::npos);

  ParseOptions options;
  options.scripting = choice & 1;
  options.limits.max_nodes = 100'000;
  options.limits.max_depth = 2'000;
  static const char* const kContexts[] = {"", "", "", "", "div", "td", "tr", "select", "template", "title", "script", "svg", "math", "frameset", "html", "foreignObject"};
  options.fragment = kContexts[choice >> 1 & 15];
  if (options.fragment == "svg" || options.fragment == "foreignObject") options.fragment_namespace = Namespace::kSvg;
  if (options.fragment == "math") options.fragment_namespace = Namespace::kMathml;
  Tree tree;
  const ParseResult result = parse_html(input, options, tree);
  require(tree.visits <= options.limits.free_visits + options.limits.visits_per_byte * input.size() + 20'000);
  require(tree.reads <= 7 * (input.size() + tree.nodes.size()) + 100);
  check_tree(tree);
  const std::string dump = dump_tree(tree, 0);
  const size_t nodes = tree.nodes.size();
  require(parse_html("<table>x<a own=&amp;><x-own></table>", {}, tree) == ParseResult::kOk);
  require(parse_html(input, options, tree) == result && tree.nodes.size() == nodes && dump_tree(tree, 0) == dump);

  static const char* const kStates[] = {"Data state", "PLAINTEXT state", "RCDATA state", "RAWTEXT state", "Script data state", "CDATA section state"};
  const std::string tokens = dump_tokens(input, kStates[choice % 6], choice % 6 == 4 ? "script" : "title");
  require(is_valid_utf8(tokens) && tokens.back() == ']');
  return 0;
}
