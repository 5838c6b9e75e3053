// Any bytes as a page, as JSON and as a header: values are valid UTF-8 on one line, within their limits, and the JSON tape nests.
#include <cstdlib>
#include <string_view>

#include "../authors.h"
#include "../dates.h"
#include "../json.h"
#include "../metadata.h"
#include "../page_signs.h"
#include "../robots.h"
#include "refine/utf8.h"

using namespace refine;
using namespace refine::html;

static void require(bool condition) { if (!condition) std::abort(); }
static void require_value(std::string_view value, size_t limit) {
  require(value.size() <= limit && is_valid_utf8(value));
  require(value.find_first_of("\n\r\t\v\f") == std::string_view::npos);
  require(value.empty() || (value.front() != ' ' && value.back() != ' '));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes = to_valid_utf8({reinterpret_cast<const char*>(data), size});

  const Json json(bytes);
  for (uint32_t at = 0; at < json.size(); ++at) {
    require(json[at].end > at && json[at].end <= json.size());
    require(json[at].begin + size_t(json[at].size) <= bytes.size() && json[at].key + size_t(json[at].key_size) <= bytes.size());
    require(is_valid_utf8(json.text(at, 50)));
  }

  // Half the inputs are JSON-LD, the other half pages.
  std::string page = size % 2 ? "<title>a - b</title><script type='application/ld+json'>" + bytes : bytes;
  normalise_newlines(page);
  Tree tree;
  ParseOptions options;
  options.scripting = true;
  options.limits.max_nodes = 100'000;
  if (parse_html(page, options, tree) == ParseResult::kOk) {
    const std::string_view url = size % 3 ? "https://www.example.org/2023/05/some-long-slug-here.html" : "";
    ExtractedPage out;
    const JsonLd json_ld = read_json_ld(tree, url);
    read_metadata(tree, url, json_ld, out);
    require_value(out.title, 1100);
    require_value(out.author, kMaxAuthor);
    require_value(out.site_name, 300);
    require_value(out.published, 10);
    require_value(out.declared_lang, 35);
    require_value(out.canonical_url, 1000);
    require(out.published.empty() || out.published.size() == 4 || out.published.size() == 7 || out.published.size() == 10);
    require(out.licenses.size() <= 8 && out.robots.size() <= kMaxRobots);
    for (const auto& one : out.licenses) require_value(one, 1000);
    for (const auto& one : out.robots) require_value(one, 200);
    read_signs(tree, url, json_ld);
    read_signs(tree, bytes);
  }
  std::vector<std::string> robots;
  add_robots_header(bytes, robots);
  for (const auto& one : robots) require_value(one, 200);
  require_value(clean_author(bytes), 120);
  const FoundDate date = find_date(std::string_view(bytes).substr(0, 1000), DateOrder::kDayFirst);
  require(date.end <= bytes.size() && date.begin <= date.end);
  return 0;
}
