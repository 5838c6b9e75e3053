// See authors.h.
#include "authors.h"

#include <algorithm>

#include "dates.h"
#include "plain_value.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine::html {
namespace {

// Markers before a name, lower case; a space, a colon or the name follows. Longer ones first.
constexpr std::string_view kMarkers[] = {
    "post author by", "post author", "written by", "posted by", "published by", "article by", "story by", "text by", "words by", "reported by", "contributed by", "reviewed by", "recipe by", "created by", "submitted by", "by",
    "geschrieben von", "veröffentlicht von", "ein beitrag von", "ein artikel von", "ein gastbeitrag von", "gastbeitrag von", "beitrag von", "artikel von", "text von", "erstellt von", "verfasst von", "gepostet von", "autor", "autorin",
    "autoren", "redakteur", "redaktion", "interview", "text", "texte", "bericht", "author", "authors", "vom", "von", "escrito por", "publicado por", "texto de", "por", "écrit par", "publié par", "rédigé par", "auteur", "par", "scritto da", "pubblicato da", "di", "a cura di", "autore",
    "geschreven door", "door", "napisał", "napisała", "autorka", "skrevet av", "skrevet af", "skriven av", "av", "af", "автор", "текст", "作者", "文", "記者", "撰文", "来源", "yazar", "yazan", "szerző", "kirjoittanut", "作者名",
};
// Words that are no name by themselves.
constexpr std::string_view kNoNames[] = {
    "admin", "administrator", "webmaster", "author", "autor", "editor", "editors", "unknown", "anonymous", "anonym", "none", "null", "undefined", "guest", "user", "root", "test", "default", "super user", "superuser", "system",
    "site admin", "wordpress", "joomla", "drupal", "typo3", "blogger", "noreply", "na", "n/a", "http", "https", "www", "follow", "share", "email", "e-mail", "home", "profile", "view profile", "posts by", "more", "contact", "impressum", "view all posts",
    "wix", "jimdo", "squarespace", "facebook", "twitter", "google", "youtube", "instagram", "ad", "advertisement", "anzeige", "[object object]", "false", "true", "staff", "comment", "comments", "kommentar", "kommentare", "posted", "no author", "name", "date", "datum", "publiziert", "veröffentlicht", "verfasst", "erstellt", "wordpressadmin", "suche", "search", "publisher", "anónimo", "anonyme", "anonymous user", "nachricht", "about the author", "publiziert am", "veröffentlicht am", "verfasst am", "by", "von", "gast",
    "not specified", "n.n.", "k.a.", "autor unbekannt", "various", "various authors", "online", "news", "details", "post author", "article author",
};

bool one_of_no_names(std::string_view lower) { return std::find(std::begin(kNoNames), std::end(kNoNames), lower) != std::end(kNoNames); }

std::string lower_of(std::string_view text) {
  std::string out;
  append_lower(text.substr(0, 300), out);
  return out;
}

bool starts(std::string_view s, std::string_view with) { return s.rfind(with, 0) == 0; }

void trim_marks(std::string& s) {
  const auto is_edge = [](char c) { return c == ' ' || c == ',' || c == ';' || c == ':' || c == '|' || c == '-' || c == '/' || c == '\\' || c == '*' || c == '"' || c == '>' || c == '<' || c == '_' || c == '+' || c == '~' || c == '='; };
  for (bool again = true; again && !s.empty();) {
    again = false;
    while (!s.empty() && is_edge(s.front())) { s.erase(0, 1); again = true; }
    while (!s.empty() && (is_edge(s.back()) || (s.back() == '.' && s.size() > 1 && s.find(' ') == std::string::npos))) { s.pop_back(); again = true; }
    for (const char* mark : {"–", "—", "•", "·", "»", "«", "›", "‹", "“", "”", "„", "’", "‘", "©", "：", "／", "★", "…"}) {
      const std::string_view m(mark);
      if (starts(s, m)) { s.erase(0, m.size()); again = true; }
      if (s.size() >= m.size() && std::string_view(s).substr(s.size() - m.size()) == m) { s.resize(s.size() - m.size()); again = true; }
    }
  }
}

// Cuts what follows a name: another part behind a bar, a role, a date, an address.
void cut_tail(std::string& s) {
  for (const char* mark : {" | ", "|", " • ", " · ", " — ", " – ", " - ", " » ", " / Updated", " \xE2\x80\xA2", "\xE2\x80\xA2", " // ", " @", " on ", " am ", " for ", "  ", " updated", " Updated", " Published", " Posted", " aktualisiert", " veröffentlicht", " publié", " Publié",
                           " published", " posted", " Follow", " follow", " Email", " in:", " Contributor", " Staff", " (", " [", " Uhr", " Lesezeit", " Kommentare", " More by", " View all"}) {
    const size_t at = s.find(mark);
    if (at != std::string::npos && at > 0) s.resize(at);
  }
  const FoundDate date = find_date(s, DateOrder::kDayFirst);
  if (date && date.begin > 0) s.resize(date.begin);
  else if (date) s.erase(0, date.end);
  // ", Staff Writer", ", PhD" is kept: only parts that are roles beyond doubt go
  size_t comma;
  while ((comma = s.rfind(", ")) != std::string::npos) {
    const std::string last = lower_of(std::string_view(s).substr(comma + 2));
    bool role = false;
    for (const char* word : {"staff", "writer", "editor", "reporter", "correspondent", "contributor", "associated press", "columnist", "redakteur", "korrespondent", "journalist", "chef", "freelance", "producer", "special to", "university", "professor", "universität", "press association", "contributing"})
      role |= last.find(word) != std::string::npos;
    if (!role) break;
    s.resize(comma);
  }
}

}  // namespace

bool opens_byline(std::string_view text, std::string_view* rest, bool* labelled) {
  const std::string lower = lower_of(text.substr(0, 60));  // more than any marker
  for (const auto& marker : kMarkers) {
    if (!starts(lower, marker)) continue;
    size_t n = marker.size();
    if (n > text.size() || lower_of(text.substr(0, n)) != marker) continue;  // lower-casing may change a length
    const std::string_view after = text.substr(n);
    const bool colon = starts(after, ":") || starts(after, "：") || starts(after, " :");
    const bool wide = static_cast<unsigned char>(marker[0]) >= 0xE0;
    if (!colon && !starts(after, " ") && !starts(after, "\xC2\xA0") && !wide && !after.empty()) continue;
    if (!colon && wide) continue;
    // a word that is also a plain noun needs its colon
    for (const char* noun : {"interview", "text", "texte", "bericht", "autor", "autorin", "autoren", "author", "authors", "auteur", "autore", "redaktion", "redakteur", "автор", "текст", "autorka", "yazar", "yazan", "szerző"}) if (marker == noun && !colon) n = 0;
    if (n == 0) continue;
    *rest = after;
    if (labelled) *labelled = colon;
    while (starts(*rest, " ") || starts(*rest, ":")) rest->remove_prefix(1);
    if (starts(*rest, "：")) rest->remove_prefix(3);
    return true;
  }
  return false;
}

std::string clean_author(std::string_view text) {
  std::string s = plain_value(unescaped(text), 300);
  if (s.size() > 250) return {};
  trim_marks(s);
  std::string_view rest;
  for (int i = 0; i < 2 && opens_byline(s, &rest); ++i) {
    s = std::string(rest);
    trim_marks(s);
  }
  for (const char* label : {"Author", "Autorin", "Autor", "AUTHOR", "AUTOR"}) {  // "AuthorJane Doe": label and name in two elements
    const size_t n = std::string_view(label).size();
    if (starts(s, label) && s.size() > n + 2 && (s[n] == ' ' || (s[n] >= 'A' && s[n] <= 'Z'))) {
      s.erase(0, n);
      trim_marks(s);
      break;
    }
  }
  cut_tail(s);
  trim_marks(s);
  if (opens_byline(s, &rest)) {  // "1 May 2023 by ..."
    s = std::string(rest);
    trim_marks(s);
  }
  // what is left over of "... am 1. Mai", "... under News"
  for (const char* word : {" am", " under", " in", " on", " at", " um", " vor", " von", " by", " and", " und", " der", " the", " Posted", " Uhr"}) {
    const size_t n = std::string_view(word).size();
    if (s.size() > n + 1 && std::string_view(s).substr(s.size() - n) == word) s.resize(s.size() - n);
  }
  trim_marks(s);
  if (s.empty() || s.size() > 120) return {};
  const std::string lower = lower_of(s);
  if (one_of_no_names(lower)) return {};
  if (lower.find("://") != std::string::npos || starts(lower, "www.") || lower.find("facebook.com") != std::string::npos) return {};
  const size_t at = lower.find('@');
  if (at != std::string::npos && at > 0) return {};
  if (at == 0) {
    s.erase(0, 1);
    trim_marks(s);
  }
  size_t letters = 0, digits = 0, words = 1, sentences = 0;
  auto p = reinterpret_cast<const uint8_t*>(s.data());
  const auto end = p + s.size();
  while (p < end) {
    const char32_t c = decode_utf8(p, end);
    letters += is_letter(c);
    digits += c >= '0' && c <= '9';
    words += c == ' ';
    sentences += c == '?' || c == '!' || c == '{' || c == '}' || c == '=';
  }
  if (letters < 2 || digits > letters || words > 12 || sentences > 0) return {};
  return s;
}

bool is_company(std::string_view name) {
  std::string lower(1, ' ');
  lower += lower_of(name);
  lower += ' ';
  for (const char* word : {" gmbh", " e.v.", " e. v.", " ag ", " inc ", " inc.", " ltd", " llc", " kg ", " s.a.", " s.l.", " b.v.", " verlag", " agentur", "werbeagentur", "webdesign", " media ", " medien", "(c)", "©", "copyright", "redaktion", "redacción", "redaction", "editorial", " team ", "stiftung", "ministerium", "universität", "university", "association", "verein "})
    if (lower.find(word) != std::string::npos) return true;
  // a host: `lecker.de`, but not `j.doe`
  const size_t dot = lower.rfind('.');
  if (name.find(' ') == std::string_view::npos && dot != std::string::npos) {
    const std::string top = lower.substr(dot + 1);
    for (const char* one : {"de ", "com ", "at ", "ch ", "org ", "net ", "fr ", "it ", "es ", "nl ", "pl ", "uk ", "info ", "eu ", "br ", "ru "}) if (top == one) return true;
  }
  return false;
}

std::string join_authors(const std::vector<std::string>& names) {
  std::string out;
  std::vector<std::string> seen;
  for (const auto& name : names) {
    std::string key = folded(name, 200);
    if (key.empty() || std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
    if (out.size() + name.size() + 2 > kMaxAuthor) break;
    if (!out.empty()) out += "; ";
    out += name;
    seen.push_back(std::move(key));
  }
  return out;
}

}  // namespace refine::html
