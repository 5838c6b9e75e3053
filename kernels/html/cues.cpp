// See cues.h.
#include "cues.h"

#include <array>
#include <iterator>
#include <vector>

#include "word_groups.h"

namespace refine::html {
namespace {

// Words of class and id names. Readability's, and those of furniture in today's templates.
enum NameCue : uint8_t { kUnlikely, kMaybe, kFurniture, kLead, kNegative, kPositive };
constexpr WordGroup kNames[] = {
  {kUnlikely, "-ad- ai2html banner breadcrumb combx comment community cover-wrap disqus extra footer gdpr header legends menu related remark replies rss shoutbox "
    "sidebar skyscraper social sponsor supplemental ad-break agegate pagination pager popup yom-remote cookie consent newsletter subscribe share- sharing "
    "-share sharedaddy recommend promo toolbar navbar nav- widget paywall"},
  {kMaybe, "and article body column content main mathjax shadow"},
  {kFurniture, "cookie- cookieconsent cookie_ gdpr disqus_thread comment-list commentlist comments-area sharedaddy jp-relatedposts addthis taboola outbrain breadcrumb "
    "social-share share-buttons sharebar author-bio-box newsletter-signup skip-link screen-reader"},
  {kLead, "lead intro standfirst deck dek teaser summary subtitle subline subhead sub-head vorspann chapeau excerpt abstract description ingress entradilla "
    "sommario kicker-text perex anons"},
  {kNegative, "-ad- hidden banner combx comment com- contact footer gdpr masthead media meta outbrain promo related scroll share shoutbox sidebar skyscraper sponsor "
    "shopping tags widget"},
  {kPositive, "article body content entry hentry h-entry main page pagination post text blog story"},
};

bool says(std::string_view names, NameCue cue) {
  static const WordGroups words(kNames, std::size(kNames));
  return (words.find(names) >> cue) & 1;
}

}  // namespace

void lower_names(std::string_view a, std::string_view b, std::string& out) {
  out.clear();
  for (std::string_view part : {a, b}) {
    for (char c : part) out.push_back(c >= 'A' && c <= 'Z' ? char(c + 32) : c);
    out.push_back(' ');
  }
}

bool names_unlikely(std::string_view s) { return says(s, kUnlikely); }
bool names_maybe_content(std::string_view s) { return says(s, kMaybe); }
bool names_always_furniture(std::string_view s) { return says(s, kFurniture); }
bool names_lead(std::string_view s) { return says(s, kLead); }
int name_weight(std::string_view s) { return (says(s, kNegative) ? -25 : 0) + (says(s, kPositive) ? 25 : 0); }

bool is_pointer_line(std::string_view s) {
  static const char* const kStarts[] = {
    "you might also", "you may also", "related articles", "related coverage", "related stories", "related posts", "related:", "read more", "read also", "read next", "see also:", "more on this", "advertisement",
    "share this", "share on", "follow us", "sign up", "subscribe", "click here to", "print recipe", "leave a comment", "comments are closed", "post a comment", "never miss", "also read",
    "auch interessant", "das könnte", "das thema könnte", "sie könnten auch", "verwandte artikel", "verwandte themen", "mehr zum thema", "lesen sie auch", "lesen sie mehr", "weiterlesen",
    "weitere informationen", "weitere artikel", "anzeige", "- anzeige", "werbung", "artikel teilen", "teilen", "kommentieren", "kommentare geschlossen", "kommentar schreiben", "sie müssen sich", "jetzt teilen", "zurück", "drucken",
    "à lire aussi", "lire aussi", "voir aussi", "partager", "publicité", "sur le même sujet", "commentaires",
    "lee también", "te puede interesar", "compartir", "publicidad", "leia também", "leia mais", "compartilhe", "leggi anche", "condividi", "pubblicità",
    "czytaj także", "czytaj też", "zobacz także", "zobacz też", "udostępnij", "materiał chroniony", "lees ook", "lees meer", "advertentie", "читайте также", "поделиться", "реклама", "läs också", "les også", "lue myös"};
  // By first byte: nearly every line is settled by an empty bucket.
  static const auto buckets = [] {
    std::array<std::vector<std::string_view>, 256> by_first;
    for (const char* start : kStarts) by_first[static_cast<unsigned char>(*start)].push_back(start);
    return by_first;
  }();
  if (s.empty()) return false;
  for (const auto start : buckets[static_cast<unsigned char>(s[0])]) if (s.starts_with(start)) return true;
  return false;
}

}  // namespace refine::html
