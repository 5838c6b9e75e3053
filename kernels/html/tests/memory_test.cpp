// Peak memory, counted in operator new, on pages that are dense in nodes, attributes, names, links, cells and references:
// parsing takes at most 26 times the page, a whole extraction at most 30 times and 8 MB (lines of JSON: 40 times).
// Files given as arguments are measured instead.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <new>

#include "../../testing/check.h"
#include "../tree.h"
#include "refine/extract.h"

static size_t live = 0, peak = 0;

void* operator new(size_t size, const std::nothrow_t&) noexcept {
  void* p = std::malloc(size);
  if (!p) return nullptr;
  live += malloc_usable_size(p);
  if (live > peak) peak = live;
  return p;
}
void* operator new(size_t size) {
  void* p = operator new(size, std::nothrow);
  if (!p) throw std::bad_alloc();
  return p;
}
void operator delete(void* p) noexcept {
  if (p) live -= malloc_usable_size(p);
  std::free(p);
}
void operator delete(void* p, size_t) noexcept { operator delete(p); }

using namespace refine;

template <typename Work>
static double peak_of(size_t page_bytes, const Work& work) {  // as multiples of the page
  const size_t before = live;
  peak = live;
  work();
  return double(peak - before) / double(page_bytes);
}

static double extraction(const std::string& page, const ExtractOptions& options) {
  return peak_of(page.size(), [&] {
    ExtractedPage out;
    extract_page(page, "text/html; charset=utf-8", "https://example.org/", options, out);
  });
}

static double parsing(const std::string& page) {
  return peak_of(page.size(), [&] {
    html::Tree tree;
    html::parse_html(page, {}, tree);
  });
}

int main(int argc, char** argv) {
  ExtractOptions options;
  options.links = options.image_alts = true;
  for (int i = 1; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    const std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::printf("%.2f %s\n", extraction(page, options), argv[i]);
  }
  if (argc > 1) return 0;
  static const char* const kUnits[] = {"<br>", "x<p>", "<b>x</b>", "<a b>", "<td>", "&amp;", "<p a b c>", "<!---->", "<li>x", "<i></i>", "<p>Two words, a sentence.</p>",
                                       "<a href=x>y</a>", "<img alt=x>", "<h1>x</h1>", "<option>", "<table><tr><td>x</table>", "x<br>", "<svg/>", "<pre></pre>", "\r\n", "\xC3\xA9", "<a><p>",
                                       "<b><p>x</b>", "<td>x", "<tr><td>x", "<tr><td colspan=9>x", "<tr><td rowspan=9>x<td>y", "<td><b>x</b>", "<li><a href=x>y</a>", "x<a href=y>",
                                       "<pre>x</pre>", "<ul><li>x</ul>", "<div class=a>x</div>", "x<img alt=y>", "<math><mi>x</math>", "<dt>x", "<option>x", "<noscript>x</noscript>", "<x-y>z</x-y>"};
  size_t number = 0;
  for (const std::string unit : kUnits) {
    ++number;
    for (const size_t bytes : {size_t(1'000'000), size_t(3'500'000)}) {
      if (bytes > 1'000'000 && number % 4 != 0 && refine::testing::kSanitized) continue;  // seconds each there; memory is counted alike in the plain build
      const bool cell = unit.compare(0, 3, "<td") == 0 || unit.compare(0, 3, "<tr") == 0;
      std::string page = cell ? "<!DOCTYPE html><body><table><tr>" : "<!DOCTYPE html><body>";
      while (page.size() < bytes) page += unit;
      const double parse = parsing(page);
      // A block of one letter is eight times its bytes as a line of JSON.
      const auto limit = [](TextFormat format) { return format == TextFormat::kBlocks ? 40 : 30; };
      double most = 0;
      for (const TextFormat format : {TextFormat::kMarkdown, TextFormat::kText, TextFormat::kBlocks}) {
        if (bytes > 1'000'000 && format != TextFormat::kMarkdown) continue;
        options.format = format;
        const double times = extraction(page, options) - 8e6 / double(page.size());
        CHECK(times <= limit(format));
        if (format != TextFormat::kBlocks) most = std::max(most, times);
      }
      std::printf("parsing %4.1f, extraction %4.1f times the page and 8 MB: %s\n", parse, most, unit == "\r\n" ? "CR LF" : unit.c_str());
      CHECK(parse <= 26);  // where the adoption agency doubles elements; else 17
    }
  }
  return refine::testing::report();
}
