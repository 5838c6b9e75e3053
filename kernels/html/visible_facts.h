// Facts that a page shows its readers and declares nowhere: headings, bylines and dates by the names of their elements and
// by their place beside the headline. Comments, side bars and lists of other articles are passed over.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "dates.h"
#include "meta_tags.h"
#include "tree.h"

namespace refine::html {

struct VisibleFacts {
  std::vector<std::string> headings;  // <h1> in order, at most 8; then an <h2> that the page's titles repeat
  uint32_t headline = kNone;          // the node of the one that the titles repeat, else of the first
  Names authors;
  std::string published;
  int published_trust = 0;
};

constexpr int kMostVisible = kTrustMarkup + 5;  // the highest trust of what a page shows

// `titles`: what <title>, Open Graph and JSON-LD call the page. `author_known` and `date_known`: the trust of what was
// declared; the page is searched for better only, and not at all where both are beyond kMostVisible.
VisibleFacts read_visible(const Tree& tree, const std::vector<std::string>& titles, DateOrder order, int author_known, int date_known);

}  // namespace refine::html
