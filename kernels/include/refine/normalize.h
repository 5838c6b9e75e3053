// The normalisation `default` that dedupe compares documents by: lower case, NFD without nonspacing marks (Mn), every
// punctuation character (P*) a space, runs of white space one space, none at the ends. Invalid UTF-8 counts as U+FFFD.
// Invariant: normalising twice gives the same bytes as once. Linear.
#pragma once
#include <string>
#include <string_view>

namespace refine {

void normalize_default(std::string_view utf8, std::string& out);  // appends

}  // namespace refine
