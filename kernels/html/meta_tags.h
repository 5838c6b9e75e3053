// What <meta> and <link> elements declare: a table from names to facts with the trust of each, one entry a name.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "dates.h"
#include "plain_value.h"
#include "tree.h"

namespace refine::html {

// Trust in the sources of a fact, by which the best is chosen; only the order matters.
enum Trust : int {
  kTrustNone = 0, kTrustUrlMonth = 10, kTrustAnyTime = 20, kTrustNearHeadline = 30, kTrustNamedClass = 40, kTrustUrl = 50, kTrustWeakMeta = 55,
  kTrustMarkup = 60, kTrustMeta = 70, kTrustOpenGraph = 80, kTrustJsonLd = 90, kTrustCitation = 95,
};

// The first of the highest trust stays; `all` gathers the values of that trust.
struct Names {
  std::vector<std::string> all;
  int trust = 0;
  void offer(int of, std::string_view text);
};

constexpr uint32_t kMaxMetas = 1000;  // of a page; what follows is left unread

struct MetaFacts {
  Fact og_title, twitter_title, title, site_name, lang, canonical;
  std::string published;  // ISO
  int published_trust = 0;
  Names authors;
  std::vector<std::string> licenses;  // as written
  std::vector<std::string> robots;
  uint32_t read = 0;
  std::string label1, label2, data1, data2;  // Twitter's card: "Written by", "Jane Doe"

  void offer_date(int trust, std::string_view value, DateOrder order);
};

// Reads one <meta> into `facts`.
void read_meta(const Tree& tree, uint32_t node, DateOrder order, MetaFacts& facts);
// True where `rel` (space-separated words) holds `word`.
bool has_rel(std::string_view rel, std::string_view word);
// A tag as BCP 47 spells it (`de-AT`); empty for what is none.
std::string language_tag(std::string_view text);

}  // namespace refine::html
