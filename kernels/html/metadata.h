// Title, author, date, canonical URL, site name and language as the page declares them.
#pragma once
#include "refine/extract.h"
#include "tree.h"

namespace refine::html {
void read_metadata(const Tree& tree, ExtractedPage& out);
}
