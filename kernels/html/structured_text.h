// Text that a page shows only after its scripts ran, but says whole in JSON-LD: a recipe's ingredients and steps, an article's
// body, a question's answers. Invariant: nothing is added that the written text already holds (by word triples), so a page
// that shows its text gains nothing.
#pragma once
#include <string>

#include "json_ld.h"
#include "refine/extract.h"

namespace refine::html {

// Appends what is missing from `text`, which stands in `format`, to it.
void add_structured_text(const JsonLd& json_ld, TextFormat format, std::string& text);

}  // namespace refine::html
