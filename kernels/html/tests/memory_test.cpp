// Peak memory, counted in operator new, on pages that are dense in nodes, attributes, names, links and references: parsing
// takes at most 20 times the page. A whole extraction's peak is printed; files given as arguments are measured instead.
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
                                       "<a href=x>y</a>", "<img alt=x>", "<h1>x</h1>", "<option>", "<table><tr><td>x</table>", "x<br>", "<svg/>", "<pre></pre>", "\r\n", "\xC3\xA9", "<a><p>"};
  for (const std::string unit : kUnits) {
    std::string page = "<!DOCTYPE html><body>";
    while (page.size() < 1'000'000) page += unit;
    const double parse = parsing(page);
    std::printf("parsing %4.1f, extraction %4.1f times the page: %s\n", parse, extraction(page, options), unit == "\r\n" ? "CR LF" : unit.c_str());
    CHECK(parse <= 20);
  }
  return refine::testing::report();
}
