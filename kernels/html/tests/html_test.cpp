// The parser's limits and linearity, counted; its fidelity is tests/kernels/html5lib.test.ts and parse5.test.ts.
#include <unordered_map>

#include "../tree.h"

#include "../../testing/check.h"
#include "refine/extract.h"

using namespace refine;
using namespace refine::html;

static std::string repeat(std::string_view s, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += s;
  return out;
}
static std::string tree_of(std::string_view input) {
  Tree tree;
  parse_html(input, {}, tree);
  return dump_tree(tree, 0);
}
static ParseResult result_of(std::string_view input, Limits limits = {}) {
  Tree tree;
  ParseOptions options;
  options.limits = limits;
  return parse_html(input, options, tree);
}

// Names of one FNV-1a hash modulo 2^21, by a birthday pair of blocks at each of `stages` states: 2^stages names.
static std::vector<std::string> colliding_names(int stages, size_t count) {
  constexpr uint32_t kMask = (1u << 21) - 1;
  const auto run = [](uint32_t h, std::string_view s) {
    for (unsigned char c : s) h = (h ^ c) * 16777619u;
    return h & kMask;
  };
  std::vector<std::pair<std::string, std::string>> pairs;
  uint32_t state = 2166136261u & kMask;
  for (int stage = 0; stage < stages; ++stage) {
    std::unordered_map<uint32_t, std::string> seen;
    for (uint32_t n = 0;; ++n) {
      std::string block(5, 'a');
      for (uint32_t i = 0, left = n; i < 5; ++i, left /= 26) block[i] = char('a' + left % 26);
      const uint32_t next = run(state, block);
      const auto [found, fresh] = seen.emplace(next, block);
      if (fresh) continue;
      pairs.emplace_back(found->second, block);
      state = next;
      break;
    }
  }
  std::vector<std::string> names(count);
  for (size_t i = 0; i < count; ++i)
    for (int stage = 0; stage < stages; ++stage) names[i] += i >> stage & 1 ? pairs[size_t(stage)].second : pairs[size_t(stage)].first;
  return names;
}
static std::string colliding_attributes() {
  std::string out;
  size_t n = 0;
  for (const auto& name : colliding_names(17, 100'000)) out += (n++ % 100 ? " " : "><br ") + name;
  return out + ">";
}

int main() {
  CHECK_EQ(tree_of("<p>a<b>b<p>c</b>d"),
           "| <html>\n|   <head>\n|   <body>\n|     <p>\n|       \"a\"\n|       <b>\n|         \"b\"\n|     <p>\n|       <b>\n|         \"c\"\n|       \"d\"\n");
  CHECK_EQ(tree_of("<table>x<td>y"),
           "| <html>\n|   <head>\n|   <body>\n|     \"x\"\n|     <table>\n|       <tbody>\n|         <tr>\n|           <td>\n|             \"y\"\n");
  CHECK_EQ(tree_of(""), "| <html>\n|   <head>\n|   <body>\n");
  std::string lines = "a\r\nb\rc\r";
  normalise_newlines(lines);
  CHECK_EQ(lines, "a\nb\nc\n");

  // Nesting is walked, not recursed into.
  CHECK(result_of(repeat("<div>", 30'000)) == ParseResult::kOk);
  CHECK(result_of(repeat("<div>", 40'000)) == ParseResult::kTooDeep);
  CHECK(result_of(repeat("<br>", 1000), {.max_nodes = 100}) == ParseResult::kTooManyNodes);
  CHECK(result_of(repeat("<br a>", 1000), {.max_attributes = 100}) == ParseResult::kTooManyAttributes);
  // Inputs whose work is quadratic by the letter of the standard end as too-complex, or within bounds.
  const std::string hostile[] = {
      repeat("<span>", 20'000) + repeat("</i></b></x>", 40'000),
      "<x><div>" + repeat("<span>", 20'000) + repeat("</x>", 100'000),
      repeat("<b a=", 1) + "1>" + repeat("<p><i b=2><u>", 20'000),
      repeat("<a>", 20'000) + repeat("<p>", 20'000),
      repeat("<li><div>", 15'000) + repeat("<li>", 50'000),
      "<table>" + repeat("x<tr>", 100'000),
      repeat("<table><b>", 10'000) + repeat("x</b>", 10'000),
      "<select>" + repeat("<option><div>", 15'000),
      "<p " + repeat("a=1 b=2 ", 100'000) + ">",
      repeat("<!--", 200'000),
      repeat("<![CDATA[", 100'000),
      repeat("&", 500'000),
      repeat("&#1", 200'000),
      "<script>" + repeat("<!--<script>", 100'000),
      "<title>" + repeat("</titl", 100'000),
      repeat("<svg><foreignObject>", 10'000) + repeat("</p>", 20'000),
      repeat("<template>", 10'000) + repeat("<td>", 20'000),
      repeat("<div class=author>", 30'000),
      repeat("<div>", 30'000) + "hi",
      repeat("<font size=1><nobr>", 10'000) + repeat("</nobr>", 20'000),
      // Work of extraction that was quadratic: long attributes of copied formatting elements, of an open <annotation-xml>;
      // empty elements that each look for their text; names that share a hash.
      "<p><b class='" + repeat("ad ", 300'000) + "'>" + repeat("<p>x", 200'000),
      "<p><b itemprop=author content='" + repeat("  ", 500'000) + "'>" + repeat("<p>x", 200'000),
      "<math><annotation-xml encoding='" + repeat("text/", 200'000) + "'>" + repeat("x&amp;", 200'000),
      repeat("<div itemprop=author>", 10'000) + repeat("<h1><div>", 10'000) + repeat("<br>", 400'000),
      colliding_attributes(),
  };
  for (const auto& input : hostile) {
    Tree tree;
    parse_html(input, {}, tree);
    CHECK(tree.nodes.size() <= 2'000'001);
    ExtractedPage page;
    extract_page(input, "", "", {}, page);
    CHECK(page.outcome == ExtractOutcome::kKept || page.text.empty());
  }
  return refine::testing::report();
}
