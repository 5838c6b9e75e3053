// Title, author, date, canonical URL, site name, language, licences and robots' directives as the page declares them.
#pragma once
#include "json_ld.h"
#include "refine/extract.h"
#include "tree.h"

namespace refine::html {
// `url` is the page's own, for relative links; it may be empty.
void read_metadata(const Tree& tree, std::string_view url, const JsonLd& json_ld, ExtractedPage& out);
}
