// See cues.h.
#include "cues.h"

namespace refine::html {
namespace {
template <size_t N>
bool any(std::string_view s, const char* const (&words)[N]) {
  for (const char* word : words) if (s.find(word) != std::string_view::npos) return true;
  return false;
}
}  // namespace

void lower_names(std::string_view a, std::string_view b, std::string& out) {
  out.clear();
  for (std::string_view part : {a, b}) {
    for (char c : part) out.push_back(c >= 'A' && c <= 'Z' ? char(c + 32) : c);
    out.push_back(' ');
  }
}

bool names_unlikely(std::string_view s) {
  static const char* const kWords[] = {"-ad-", "ai2html", "banner", "breadcrumb", "combx", "comment", "community", "cover-wrap", "disqus", "extra", "footer",
    "gdpr", "header", "legends", "menu", "related", "remark", "replies", "rss", "shoutbox", "sidebar", "skyscraper", "social", "sponsor", "supplemental",
    "ad-break", "agegate", "pagination", "pager", "popup", "yom-remote",
    // ours: names of furniture in today's templates
    "cookie", "consent", "newsletter", "subscribe", "share-", "sharing", "-share", "sharedaddy", "recommend", "promo", "toolbar", "navbar", "nav-", "widget", "paywall"};
  return any(s, kWords);
}
bool names_maybe_content(std::string_view s) {
  static const char* const kWords[] = {"and", "article", "body", "column", "content", "main", "mathjax", "shadow"};
  return any(s, kWords);
}
bool names_always_furniture(std::string_view s) {
  static const char* const kWords[] = {"cookie-", "cookieconsent", "cookie_", "gdpr", "disqus_thread", "comment-list", "commentlist", "comments-area", "sharedaddy", "jp-relatedposts",
    "addthis", "taboola", "outbrain", "breadcrumb", "social-share", "share-buttons", "sharebar", "author-bio-box", "newsletter-signup", "skip-link", "screen-reader"};
  return any(s, kWords);
}
int name_weight(std::string_view s) {
  static const char* const kNegative[] = {"-ad-", "hidden", "banner", "combx", "comment", "com-", "contact", "footer", "gdpr", "masthead", "media", "meta",
    "outbrain", "promo", "related", "scroll", "share", "shoutbox", "sidebar", "skyscraper", "sponsor", "shopping", "tags", "widget"};
  static const char* const kPositive[] = {"article", "body", "content", "entry", "hentry", "h-entry", "main", "page", "pagination", "post", "text", "blog", "story"};
  if (s.empty()) return 0;
  return (any(s, kNegative) ? -25 : 0) + (any(s, kPositive) ? 25 : 0);
}
bool names_lead(std::string_view s) {
  static const char* const kWords[] = {"lead", "intro", "standfirst", "deck", "dek", "teaser", "summary", "subtitle", "subline", "subhead", "sub-head", "vorspann", "chapeau", "excerpt", "abstract",
    "description", "ingress", "entradilla", "sommario", "kicker-text", "perex", "anons"};
  return any(s, kWords);
}

bool is_pointer_line(std::string_view s) {
  static const char* const kStarts[] = {
    "you might also", "you may also", "related articles", "related coverage", "related stories", "related posts", "related:", "read more", "read also", "read next", "see also:", "more on this", "advertisement",
    "share this", "share on", "follow us", "sign up", "subscribe", "click here to", "print recipe", "leave a comment", "comments are closed", "post a comment", "never miss", "also read",
    "auch interessant", "das könnte", "das thema könnte", "sie könnten auch", "verwandte artikel", "verwandte themen", "mehr zum thema", "lesen sie auch", "lesen sie mehr", "weiterlesen",
    "weitere informationen", "weitere artikel", "anzeige", "- anzeige", "werbung", "artikel teilen", "teilen", "kommentieren", "kommentare geschlossen", "kommentar schreiben", "sie müssen sich", "jetzt teilen", "zurück", "drucken",
    "à lire aussi", "lire aussi", "voir aussi", "partager", "publicité", "sur le même sujet", "commentaires",
    "lee también", "te puede interesar", "compartir", "publicidad", "leia também", "leia mais", "compartilhe", "leggi anche", "condividi", "pubblicità",
    "czytaj także", "czytaj też", "zobacz także", "zobacz też", "udostępnij", "materiał chroniony", "lees ook", "lees meer", "advertentie", "читайте также", "поделиться", "реклама", "läs också", "les også", "lue myös"};
  for (const char* start : kStarts) if (s.starts_with(start)) return true;
  return false;
}

}  // namespace refine::html
