// Extraction of any bytes, in any mode, format and declared charset: it ends, what comes out is UTF-8 and no white space
// stands around the text.
#include <cstdlib>
#include <string_view>

#include "refine/extract.h"
#include "refine/utf8.h"

using namespace refine;

static void require(bool condition) { if (!condition) std::abort(); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  ExtractOptions options;
  options.mode = ExtractMode(data[0] % 3);
  options.format = TextFormat(data[0] / 3 % 3);
  options.links = data[0] & 64;
  options.image_alts = data[0] & 128;
  static const char* const kTypes[] = {"", "text/html; charset=utf-8", "text/html; charset=shift_jis", "text/html; charset=windows-1251"};
  ExtractedPage page;
  extract_page({reinterpret_cast<const char*>(data) + 2, size - 2}, kTypes[data[1] % 4], data[1] & 4 ? "https://example.org/a/b" : "", options, page);
  for (const auto* text : {&page.text, &page.title, &page.author, &page.published, &page.canonical_url, &page.site_name, &page.declared_lang}) require(is_valid_utf8(*text));
  for (const auto& [url, text] : page.links) require(is_valid_utf8(url) && is_valid_utf8(text));
  for (const auto& alt : page.image_alts) require(is_valid_utf8(alt));
  require((page.outcome == ExtractOutcome::kKept) == !page.text.empty());
  if (options.format == TextFormat::kText)
    require(page.text.empty() || (page.text.front() != '\n' && page.text.back() != '\n' && page.text.front() != ' ' && page.text.back() != ' '));
  return 0;
}
