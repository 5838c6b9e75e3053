// See url_hints.h.
#include "url_hints.h"

#include <algorithm>
#include <string>

#include "page_signs.h"
#include "plain_value.h"

namespace refine::html {
namespace {

struct Word { std::string_view word; uint32_t hint; };
// Whole parts of a path, without suffix and in lower case.
constexpr Word kParts[] = {
    {"forum", PageSigns::kUrlForum}, {"forums", PageSigns::kUrlForum}, {"board", PageSigns::kUrlForum}, {"boards", PageSigns::kUrlForum}, {"community", PageSigns::kUrlForum},
    {"foren", PageSigns::kUrlForum}, {"foro", PageSigns::kUrlForum}, {"foros", PageSigns::kUrlForum}, {"viewforum", PageSigns::kUrlForum}, {"forumdisplay", PageSigns::kUrlForum},
    {"bbs", PageSigns::kUrlForum}, {"comments", PageSigns::kUrlForum | PageSigns::kUrlThread}, {"phpbb", PageSigns::kUrlForum}, {"discussion", PageSigns::kUrlForum}, {"discussions", PageSigns::kUrlForum},
    {"thread", PageSigns::kUrlThread}, {"threads", PageSigns::kUrlThread}, {"showthread", PageSigns::kUrlThread}, {"viewtopic", PageSigns::kUrlThread}, {"topic", PageSigns::kUrlThread},
    {"t", PageSigns::kUrlThread}, {"viewthread", PageSigns::kUrlThread}, {"thema", PageSigns::kUrlThread}, {"showtopic", PageSigns::kUrlThread}, {"tema", PageSigns::kUrlThread},
    {"question", PageSigns::kUrlQuestion}, {"questions", PageSigns::kUrlQuestion}, {"frage", PageSigns::kUrlQuestion}, {"qa", PageSigns::kUrlQuestion}, {"answers", PageSigns::kUrlQuestion},
    {"ask", PageSigns::kUrlQuestion}, {"pregunta", PageSigns::kUrlQuestion}, {"preguntas", PageSigns::kUrlQuestion},
    {"product", PageSigns::kUrlProduct}, {"products", PageSigns::kUrlProduct}, {"produkt", PageSigns::kUrlProduct}, {"produkte", PageSigns::kUrlProduct}, {"producto", PageSigns::kUrlProduct},
    {"produit", PageSigns::kUrlProduct}, {"shop", PageSigns::kUrlProduct}, {"dp", PageSigns::kUrlProduct}, {"item", PageSigns::kUrlProduct}, {"artikel-detail", PageSigns::kUrlProduct},
    {"store", PageSigns::kUrlProduct}, {"prod", PageSigns::kUrlProduct}, {"itm", PageSigns::kUrlProduct}, {"sku", PageSigns::kUrlProduct},
    {"tag", PageSigns::kUrlTag}, {"tags", PageSigns::kUrlTag}, {"tagged", PageSigns::kUrlTag}, {"label", PageSigns::kUrlTag}, {"schlagwort", PageSigns::kUrlTag}, {"topics", PageSigns::kUrlTag},
    {"category", PageSigns::kUrlCategory}, {"categories", PageSigns::kUrlCategory}, {"cat", PageSigns::kUrlCategory}, {"kategorie", PageSigns::kUrlCategory}, {"categoria", PageSigns::kUrlCategory},
    {"categorie", PageSigns::kUrlCategory}, {"collections", PageSigns::kUrlCategory}, {"archive", PageSigns::kUrlCategory}, {"archives", PageSigns::kUrlCategory}, {"rubrik", PageSigns::kUrlCategory},
    {"section", PageSigns::kUrlCategory}, {"author", PageSigns::kUrlProfile}, {"autor", PageSigns::kUrlProfile}, {"user", PageSigns::kUrlProfile}, {"users", PageSigns::kUrlProfile},
    {"profile", PageSigns::kUrlProfile}, {"member", PageSigns::kUrlProfile}, {"members", PageSigns::kUrlProfile},
    {"search", PageSigns::kUrlSearch}, {"suche", PageSigns::kUrlSearch}, {"buscar", PageSigns::kUrlSearch}, {"recherche", PageSigns::kUrlSearch}, {"suchergebnis", PageSigns::kUrlSearch},
    {"page", PageSigns::kUrlPaged}, {"seite", PageSigns::kUrlPaged}, {"docs", PageSigns::kUrlDocs}, {"doc", PageSigns::kUrlDocs}, {"documentation", PageSigns::kUrlDocs}, {"manual", PageSigns::kUrlDocs},
    {"reference", PageSigns::kUrlDocs}, {"api", PageSigns::kUrlDocs}, {"javadoc", PageSigns::kUrlDocs}, {"apidocs", PageSigns::kUrlDocs}, {"handbook", PageSigns::kUrlDocs}, {"dokumentation", PageSigns::kUrlDocs},
    {"wiki", PageSigns::kUrlWiki}, {"moin", PageSigns::kUrlWiki}, {"w", PageSigns::kUrlWiki}, {"news", PageSigns::kUrlNews}, {"blog", PageSigns::kUrlNews}, {"blogs", PageSigns::kUrlNews}, {"article", PageSigns::kUrlNews},
    {"articles", PageSigns::kUrlNews}, {"artikel", PageSigns::kUrlNews}, {"story", PageSigns::kUrlNews}, {"stories", PageSigns::kUrlNews}, {"nachrichten", PageSigns::kUrlNews}, {"noticias", PageSigns::kUrlNews},
    {"noticia", PageSigns::kUrlNews}, {"aktuelles", PageSigns::kUrlNews}, {"magazin", PageSigns::kUrlNews}, {"actualite", PageSigns::kUrlNews}, {"posts", PageSigns::kUrlNews}, {"post", PageSigns::kUrlNews},
    {"presse", PageSigns::kUrlNews}, {"press", PageSigns::kUrlNews}, {"recipe", PageSigns::kUrlRecipe}, {"recipes", PageSigns::kUrlRecipe}, {"rezept", PageSigns::kUrlRecipe}, {"rezepte", PageSigns::kUrlRecipe},
    {"receta", PageSigns::kUrlRecipe}, {"recetas", PageSigns::kUrlRecipe}, {"recette", PageSigns::kUrlRecipe}, {"recettes", PageSigns::kUrlRecipe}, {"ricette", PageSigns::kUrlRecipe}, {"przepis", PageSigns::kUrlRecipe},
};
// Names in a query.
constexpr Word kQuery[] = {
    {"page=", PageSigns::kUrlPaged}, {"paged=", PageSigns::kUrlPaged}, {"start=", PageSigns::kUrlPaged}, {"q=", PageSigns::kUrlSearch}, {"s=", PageSigns::kUrlSearch},
    {"query=", PageSigns::kUrlSearch}, {"search=", PageSigns::kUrlSearch}, {"suche=", PageSigns::kUrlSearch}, {"cat=", PageSigns::kUrlCategory}, {"tag=", PageSigns::kUrlTag},
    {"topic=", PageSigns::kUrlThread}, {"tid=", PageSigns::kUrlThread}, {"threadid=", PageSigns::kUrlThread}, {"showtopic=", PageSigns::kUrlThread}, {"fid=", PageSigns::kUrlForum}, {"board=", PageSigns::kUrlForum},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
int number(std::string_view s) {
  int value = 0;
  for (char c : s) {
    if (!is_digit(c) || value > 100'000) return -1;
    value = value * 10 + (c - '0');
  }
  return s.empty() ? -1 : value;
}
bool is_year(int n) { return n >= 1990 && n <= 2099; }

void set_date(UrlHints& out, int year, int month, int day) {
  if (out.day > 0 || !is_year(year) || month < 1 || month > 12 || day < 0 || day > 31) return;
  if (out.year > 0 && day == 0) return;
  out.year = year;
  out.month = month;
  out.day = day;
}

// 2023-05-01, 2023_05_01, 20230501 where no other digit touches them.
void dates_in(std::string_view part, UrlHints& out) {
  for (size_t i = 0; i < part.size() && out.day == 0;) {
    if (!is_digit(part[i])) { ++i; continue; }
    size_t n = i;
    while (n < part.size() && is_digit(part[n])) ++n;
    const size_t size = n - i;
    if (size == 8) {
      const int year = number(part.substr(i, 4)), month = number(part.substr(i + 4, 2)), day = number(part.substr(i + 6, 2));
      if (year >= 2000 && day > 0) set_date(out, year, month, day);
    } else if (size == 4 && n < part.size() && (part[n] == '-' || part[n] == '_')) {
      const char mark = part[n];
      const int year = number(part.substr(i, 4)), month = number(part.substr(std::min(n + 1, part.size()), 2));
      const bool two = n + 3 < part.size() && part[n + 3] == mark;
      const int day = two ? number(part.substr(n + 4, 2)) : -1;
      if (two && day > 0 && (n + 6 >= part.size() || !is_digit(part[n + 6]))) set_date(out, year, month, day);
    }
    else if (size == 2 && n + 8 <= part.size() && (part[n] == '-' || part[n] == '_') && part[n + 3] == part[n] && (n + 8 == part.size() || !is_digit(part[n + 8]))) {  // 29-10-2021
      const int day = number(part.substr(i, 2)), month = number(part.substr(n + 1, 2)), year = number(part.substr(n + 4, 4));
      if (day > 0) set_date(out, year, month, day);
    }
    i = n;
  }
}

}  // namespace

UrlHints read_url(std::string_view url) {
  UrlHints out;
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || scheme > 8) return out;
  out.hints |= PageSigns::kUrlKnown;
  url = url.substr(scheme + 3, 4096);
  url = url.substr(0, url.find('#'));
  // an archive's copy is the page it copied
  const size_t copy = url.find("://", 0);
  if (copy != std::string_view::npos && url.rfind("web.archive.org/", 0) == 0) url = url.substr(copy + 3);
  const size_t slash = std::min(url.find('/'), url.find('?'));
  const std::string host = lower_ascii(url.substr(0, slash), 255);
  std::string_view path = slash == std::string_view::npos ? std::string_view() : url.substr(slash);
  std::string_view query;
  if (const size_t mark = path.find('?'); mark != std::string_view::npos) {
    query = path.substr(mark + 1);
    path = path.substr(0, mark);
  }
  const auto host_has = [&](std::string_view word) { return host.rfind(word, 0) == 0 || host.find("." + std::string(word)) != std::string::npos; };
  if (host_has("docs.") || host_has("documentation.") || host_has("readthedocs.")) out.hints |= PageSigns::kUrlDocs;
  if (host_has("forum.") || host_has("forums.") || host_has("community.") || host_has("board.") || host_has("discuss.") || host.find("-forum.") != std::string::npos) out.hints |= PageSigns::kUrlForum;
  if (host == "github.com" || host == "gitlab.com" || host == "bitbucket.org") out.hints |= PageSigns::kUrlDocs;  // a repository shows its readme
  if (host_has("wiki.") || host_has("wikipedia.")) out.hints |= PageSigns::kUrlWiki;

  int previous = -1, before = -1;  // numbers that the two parts before this one are
  for (size_t at = 0; at < path.size();) {
    size_t end = path.find('/', at);
    if (end == std::string_view::npos) end = path.size();
    std::string part = lower_ascii(path.substr(at, end - at), 200);
    at = end + 1;
    if (part.empty()) continue;
    if (out.depth < 255) ++out.depth;
    const size_t dot = part.rfind('.');
    const std::string_view stem = dot == std::string::npos || dot == 0 ? std::string_view(part) : std::string_view(part).substr(0, dot);
    for (const auto& one : kParts) if (one.word == stem) out.hints |= one.hint;
    const int value = number(stem);
    if (is_year(before) && before != -1 && previous >= 1 && previous <= 12 && value >= 1 && value <= 31) set_date(out, before, previous, value);
    else if (is_year(previous) && value >= 1 && value <= 12) set_date(out, previous, value, 0);
    dates_in(stem, out);
    before = previous;
    previous = value;
  }
  const bool slashed = path.empty() || path.back() == '/';
  std::string_view slug = path;
  while (!slug.empty() && slug.back() == '/') slug.remove_suffix(1);
  if (const size_t cut = slug.rfind('/'); cut != std::string_view::npos) slug = slug.substr(cut + 1);
  const std::string name = lower_ascii(slug, 300);
  const bool index = name.rfind("index.", 0) == 0 || name.rfind("default.", 0) == 0 || name == "index";
  if (slashed || index) out.hints |= PageSigns::kUrlIndex;
  if ((out.depth == 0 || (out.depth == 1 && index)) && query.empty()) out.hints |= PageSigns::kUrlRoot;
  for (const char* suffix : {".html", ".htm", ".shtml", ".xhtml"})
    if (name.size() > std::string_view(suffix).size() && std::string_view(name).substr(name.size() - std::string_view(suffix).size()) == suffix) out.hints |= PageSigns::kUrlHtml;
  int hyphens = 0, run = 0;
  for (char c : name) {
    hyphens += c == '-' || c == '_';
    run = is_digit(c) ? run + 1 : 0;
    if (run >= 5) out.hints |= PageSigns::kUrlNumber;
  }
  out.slug_hyphens = uint8_t(std::min(hyphens, 255));
  if (hyphens >= 3) out.hints |= PageSigns::kUrlLongSlug;
  if (out.year > 0) out.hints |= PageSigns::kUrlDate;
  if (!query.empty()) out.hints |= PageSigns::kUrlQuery;
  const std::string names = lower_ascii(query, 1000);
  for (const auto& one : kQuery)
    if (names.rfind(one.word, 0) == 0 || names.find("&" + std::string(one.word)) != std::string::npos) out.hints |= one.hint;
  return out;
}

}  // namespace refine::html
