// Any bytes: extraction ends, its text is valid UTF-8 within bounds, and the tree's links are whole.
#include <cstdlib>
#include <string_view>

#include "../tree.h"
#include "refine/extract.h"
#include "refine/utf8.h"

using namespace refine;

static void require(bool condition) { if (!condition) std::abort(); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ExtractOptions options;
  options.mode = ExtractMode(size % 3);
  ExtractedPage page;
  extract_page(bytes, size % 5 == 0 ? "text/html; charset=utf-8" : "", "", options, page);
  require(is_valid_utf8(page.text) && is_valid_utf8(page.title) && is_valid_utf8(page.author) && is_valid_utf8(page.declared_lang));
  require((page.outcome == ExtractOutcome::kKept) == !page.text.empty());
  require(page.text.empty() || (page.text.front() != '\n' && page.text.back() != '\n' && page.text.front() != ' ' && page.text.back() != ' '));

  std::string input = to_valid_utf8(bytes);
  html::normalise_newlines(input);
  html::Tree tree;
  html::ParseOptions parse;
  if (size % 7 == 0) parse.fragment = size % 2 ? "td" : "select";
  parse.limits.max_nodes = 100'000;
  if (html::parse_html(input, parse, tree) != html::ParseResult::kOk) return 0;
  size_t seen = 0;
  for (uint32_t node = 0; node != html::kNone; node = tree.next_in_order(node, 0)) {
    const auto& n = tree.nodes[node];
    require(++seen <= tree.nodes.size());
    if (n.first != html::kNone) require(tree.nodes[n.first].parent == node && tree.nodes[n.first].prev == html::kNone);
    if (n.next != html::kNone) require(tree.nodes[n.next].prev == node && tree.nodes[n.next].parent == n.parent);
    else if (n.parent != html::kNone) require(tree.nodes[n.parent].last == node);
    if (n.type == html::NodeType::kText) require(size_t(n.begin) + n.size <= tree.source.size() + tree.changed.size());
  }
  return 0;
}
