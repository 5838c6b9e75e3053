// See visible_facts.h. Two walks: headings first, as everything else is near to or far from the headline.
#include "visible_facts.h"

#include <algorithm>

#include "authors.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine::html {
namespace {

constexpr uint32_t kFar = 1'000'000;

// What the words of an element's class and id say, read from at most 300 bytes of each.
enum NameCue : uint32_t { kAuthorName = 1, kDateName = 2, kUpdatedName = 4, kPassedOver = 8, kFootName = 16 };

constexpr std::string_view kAuthorWords[] = {"author", "byline", "autor", "autorin", "auteur", "autore", "writer", "verfasser", "authors", "autoren", "bylines", "signature", "firma", "redakteur", "authorname", "articleauthor", "postauthor"};
constexpr std::string_view kNotAuthorWords[] = {"bio", "box", "image", "img", "avatar", "photo", "pic", "picture", "social", "links", "list", "more", "about", "description", "desc", "follow", "icon", "twitter", "role", "job", "thumb", "thumbnail",
                                                "profile", "related", "posts", "biography", "portrait", "bild", "comment", "info", "email", "mail", "date", "time", "box", "foto", "grid", "text", "widget"};
constexpr std::string_view kDateWords[] = {"date", "datum", "published", "pubdate", "time", "timestamp", "posted", "fecha", "datetime", "publishdate", "publication", "publish", "entrydate", "postdate", "articledate", "datepublished", "created", "dateline", "data", "datestamp", "createdate", "uhrzeit"};
constexpr std::string_view kNotDateWords[] = {"event", "birth", "expire", "expires", "calendar", "picker", "today", "current", "reading", "read", "duration", "comment", "countdown", "cook", "prep", "opening", "start", "end", "deadline", "clock"};
constexpr std::string_view kUpdatedWords[] = {"updated", "modified", "update", "lastmod", "lastupdate", "aktualisiert", "revision", "lastupdated", "datemodified"};
constexpr std::string_view kPassedOverWords[] = {"comment", "comments", "commentlist", "disqus", "sidebar", "related", "recommended", "recommendations", "widget", "popular", "trending", "newsletter", "teaser", "teasers", "breadcrumb", "breadcrumbs",
                                                 "kommentare", "kommentar", "respond", "latest", "carousel", "slider", "mostread", "pagination", "cookie", "readmore", "moreposts", "next", "prev", "previous", "banner", "promo"};

template <size_t N>
bool one_of(const std::string_view (&list)[N], std::string_view word) { return std::find(list, list + N, word) != list + N; }

// Cues of one class name such as `post-author_name`.
uint32_t cues_of_name(std::string_view name) {
  bool author = false, not_author = false, date = false, not_date = false, updated = false, passed = false, first = true;
  for (size_t at = 0; at <= name.size(); first = false) {
    size_t end = name.find_first_of("-_:.", at);
    if (end == std::string_view::npos) end = name.size();
    const auto word = name.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    // `news-list-author` is an author, `author-list` is not
    if (one_of(kAuthorWords, word)) author = true;
    else if (author) not_author |= one_of(kNotAuthorWords, word);
    else not_author |= word == "about" || word == "more" || word == "comment" || word == "related";
    date |= one_of(kDateWords, word);
    not_date |= one_of(kNotDateWords, word);
    updated |= one_of(kUpdatedWords, word);
    passed |= (first || at >= name.size()) && one_of(kPassedOverWords, word) && (first || (word != "widget" && word != "sidebar"));  // `one-sidebar` is a layout
  }
  return (author && !not_author ? uint32_t(kAuthorName) : 0u) | (date && !not_date ? uint32_t(kDateName) : 0u) | (updated ? uint32_t(kUpdatedName) : 0u) | (passed ? uint32_t(kPassedOver) : 0u);
}
// Lower case, with camelCase parted as if by hyphens.
std::string parted(std::string_view names) {
  std::string out;
  char before = ' ';
  for (char c : names.substr(0, 300)) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && before >= 'a' && before <= 'z') out.push_back('-');
    out.push_back(upper ? char(c + 32) : c);
    before = c;
  }
  return out;
}
uint32_t cues_of_names(std::string_view names) {
  if (names.empty()) return 0;
  const std::string words = parted(names);
  uint32_t cues = 0;
  for (size_t at = 0; at < words.size();) {
    size_t end = words.find_first_of(" \t\r\n\f", at);
    if (end == std::string::npos) end = words.size();
    if (end > at) cues |= cues_of_name(std::string_view(words).substr(at, end - at));
    at = end + 1;
  }
  return cues;
}

bool says_published(std::string_view text) {
  std::string lower;
  append_lower(text.substr(0, 100), lower);
  for (const char* word : {"erschienen am", "veröffentlicht am", "veröffentlicht:", "published", "posted on", "posted:", "publié le", "publicado", "pubblicato", "gepubliceerd", "erstellt am", "opublikowano", "publicerad", "publisert", "опубликовано", "date:", "datum:", "stand:"})
    if (lower.rfind(word, 0) == 0) return true;
  return false;
}

bool says_updated(std::string_view text) {
  std::string lower;
  append_lower(text.substr(0, 200), lower);
  for (const char* word : {"updat", "aktualisiert", "à jour", "modif", "actualiz", "aggiornat", "geändert", "last edit", "zuletzt", "bijgewerkt", "uppdaterad", "opdateret", "обновлен", "更新", "revised", "atualizad"})
    if (lower.find(word) != std::string::npos) return true;
  return false;
}

// A name has a capital or is written without case; one to six words; no digits.
bool looks_like_name(std::string_view text) {
  if (text.empty() || text.size() > 80) return false;
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto end = p + text.size();
  char32_t first = decode_utf8(p, end);
  if (!is_letter(first) || is_lower(first)) return false;
  int words = 1;
  while (p < end) {
    const char32_t c = decode_utf8(p, end);
    words += c == ' ';
    if ((c >= '0' && c <= '9') || c == ':' || c == '?' || c == '!' || c == '"') return false;
  }
  return words <= 6;
}

class VisibleReader {
 public:
  VisibleReader(const Tree& tree, const std::vector<std::string>& titles, DateOrder order) : tree_(tree), text_(tree), order_(order) {
    for (const auto& title : titles) if (!title.empty()) titles_.push_back(folded(title));
  }
  VisibleFacts facts;

  void find_headline() {
    std::string second;
    uint32_t second_node = kNone, seconds = 0;
    for (uint32_t node = 0; node != kNone; node = tree_.next_in_order(node, 0)) {
      const Node& n = tree_.nodes[node];
      if (n.type != NodeType::kElement || n.ns != Namespace::kHtml || (n.name != k_h1 && n.name != k_h2)) continue;
      if (n.name == k_h1 ? facts.headings.size() >= 8 : second_node != kNone || ++seconds > 20) continue;
      std::string heading = plain_value(text_.of(node, 600), 500);
      if (heading.empty()) continue;
      const bool known = is_in_titles(heading);
      if (n.name == k_h1) {
        if (facts.headline == kNone || (known && !headline_known_)) facts.headline = node;
        headline_known_ |= known;
        facts.headings.push_back(std::move(heading));
      } else if (known) {
        second = std::move(heading);
        second_node = node;
      }
    }
    if (!headline_known_ && second_node != kNone) {
      facts.headings.push_back(std::move(second));
      facts.headline = second_node;
    }
    above_.assign(tree_.nodes.size(), 0);
    for (uint32_t node = facts.headline; node != kNone; node = tree_.nodes[node].parent) above_[node] = 1;
  }

  void read() {
    for (uint32_t node = 0; node != kNone;) {
      bool skip = false;
      const Node& n = tree_.nodes[node];
      if (n.type == NodeType::kText) {
        text_node(node);
      } else if (n.type == NodeType::kElement && n.ns == Namespace::kHtml) {
        skip = element(node);
      } else if (n.type == NodeType::kElement || n.type == NodeType::kContent) {
        skip = true;
      }
      node = tree_.next_in_order(node, 0, skip);
    }
  }

 private:
  bool is_in_titles(std::string_view heading) const {
    const std::string key = folded(heading);
    if (key.size() < 6) return false;
    for (const auto& title : titles_) if (title.find(key) != std::string::npos) return true;
    return false;
  }
  bool after_headline() const { return facts.headline != kNone && since_headline_ < kFar; }

  // True where what is below is to be passed over.
  bool element(uint32_t node) {
    const Node& n = tree_.nodes[node];
    switch (n.name) {
      case k_script: case k_style: case k_noscript: case k_template: case k_head: case k_select: case k_textarea: case k_svg: case k_iframe: return true;
      case k_nav: return !above_[node];
      case k_html: case k_body: case k_main: return false;
      case k_h1: case k_h2:
        if (node == facts.headline) since_headline_ = 0;
        break;
      default: break;
    }
    if (n.size == 0) return false;
    const uint32_t cues = cues_of_names(tree_.attribute(node, kAttr_class_)) | cues_of_names(tree_.attribute(node, kAttr_id));
    if ((cues & kPassedOver) && !above_[node]) {
      in_order_texts_ += 3;
      return true;
    }
    const auto prop = tree_.attribute(node, kAttr_itemprop);
    const std::string property = lower_ascii(prop.empty() ? tree_.attribute(node, kAttr_property) : prop);
    author(node, cues, property);
    date(node, cues, property);
    return false;
  }

  void author(uint32_t node, uint32_t cues, const std::string& property) {
    int trust = 0;
    if (property == "author" || property == "creator" || property == "schema:author" || property == "dc:creator") trust = kTrustMarkup + 5;
    else if (has_rel(tree_.attribute(node, kAttr_rel), "author") && tree_.nodes[node].name == k_a) trust = kTrustMarkup;
    else if (cues & kAuthorName) trust = after_headline() && since_headline_ > 60 ? kTrustAnyTime : kTrustNamedClass;
    if (trust == 0 || trust < facts.authors.trust) return;
    if (trust == facts.authors.trust && in_order_texts_ > last_author_ + 8) return;  // of another article
    std::string name(tree_.nodes[node].name == k_meta || trust > kTrustMarkup ? tree_.attribute(node, kAttr_content) : std::string_view());
    if (name.empty() && trust > kTrustMarkup) name = named_inside(node);
    if (name.empty()) name = text_.of(node, 260);
    if (name.size() > 250) return;
    std::string plain = clean_author(name);
    if (plain.empty() || plain.size() > 100) return;
    const bool by_class = trust <= kTrustNamedClass;
    if (by_class && plain.find(' ') != std::string::npos && plain.find_first_of("0123456789") != std::string::npos) return;
    if (by_class && !looks_like_name(plain) && plain.find(' ') != std::string::npos && plain.size() > 40) return;
    if (trust == facts.authors.trust)
      for (const auto& known : facts.authors.all) if (known.find(plain) != std::string::npos || plain.find(known) != std::string::npos) return;  // nested elements
    facts.authors.offer(trust, plain);
    last_author_ = in_order_texts_;
  }
  // The itemprop=name inside an author's element.
  std::string named_inside(uint32_t root) {
    int looked_at = 0;
    for (uint32_t node = root; node != kNone && looked_at < 40; node = tree_.next_in_order(node, root), ++looked_at) {
      if (node == root || tree_.nodes[node].type != NodeType::kElement || lower_ascii(tree_.attribute(node, kAttr_itemprop)) != "name") continue;
      const auto content = tree_.attribute(node, kAttr_content);
      return content.empty() ? text_.of(node, 260) : std::string(content);
    }
    return {};
  }

  void offer_date(int trust, std::string date) {
    if (trust <= facts.published_trust || date.empty()) return;
    facts.published = std::move(date);
    facts.published_trust = trust;
  }

  void date(uint32_t node, uint32_t cues, const std::string& property) {
    const Node& n = tree_.nodes[node];
    int trust = 0;
    if (property == "datepublished" || property == "schema:datepublished" || property == "dc:date" || property == "uploaddate") trust = kTrustMarkup + 5;
    else if (property == "datecreated") trust = kTrustMarkup;
    else if (n.name == k_time && (cues & kDateName)) trust = kTrustMarkup - 1;
    else if (n.name == k_time && !(cues & kUpdatedName)) trust = after_headline() && since_headline_ < 40 ? kTrustMarkup - 2 : kTrustAnyTime;
    else if ((cues & kDateName) && !(cues & kUpdatedName)) trust = kTrustNamedClass + (after_headline() ? 1 : 0);
    if (property == "datemodified" || trust <= facts.published_trust) return;
    std::string text = plain_value(text_.of(node, 160), 150);
    const auto machine = n.name == k_time ? tree_.attribute(node, kAttr_datetime) : property.empty() ? std::string_view() : tree_.attribute(node, kAttr_content);
    if (!machine.empty()) {
      if (!says_updated(text)) offer_date(trust, date_of_value(machine, order_));
      return;
    }
    const auto when = tree_.attribute(node, kAttr_datetime);
    if (!when.empty() && property.size() > 0) return offer_date(trust, date_of_value(when, order_));
    if (text.size() > 140) return;
    const FoundDate found = find_date(text, order_);
    if (!found || says_updated(std::string_view(text).substr(0, found.begin))) return;
    offer_date(found.day > 0 ? trust : trust - 10, found.iso());
  }

  void text_node(uint32_t node) {
    const auto raw = tree_.text_of(node);
    if (is_blank(raw)) return;
    ++in_order_texts_;
    if (after_headline()) ++since_headline_;
    if (raw.size() > 400) { by_ = false; return; }
    std::string text = plain_value(raw, 160);
    while (!text.empty() && (text[0] == '|' || text[0] == '-' || text[0] == ' ' || text[0] == '/' || text[0] == ',')) text.erase(0, 1);
    if (text.size() > 150) { by_ = false; return; }
    // before the headline only what is just before it counts: what comes later takes its place
    const bool near = after_headline() && since_headline_ > 1 && since_headline_ <= 24;
    const int trust = kTrustNearHeadline + (near ? 1 : 0);
    std::string_view rest;
    bool labelled = false;
    if (facts.authors.trust < trust) {
      if (by_ && looks_like_name(text)) {
        facts.authors.offer(trust, text);
      } else if (text.size() <= 100 && opens_byline(text, &rest, &labelled) && (near || labelled)) {  // far away "Author:" alone is clear enough
        by_ = is_blank(rest);
        const std::string name = clean_author(rest);
        if (!by_ && looks_like_name(name)) facts.authors.offer(trust, name);
        if (by_ || facts.authors.trust == trust) return;
      }
    }
    by_ = false;
    if (facts.published_trust >= trust || text.size() > 120) return;
    const FoundDate found = find_date(text, order_);
    if (!found || found.day == 0 || says_updated(std::string_view(text).substr(0, found.begin))) return;
    // a date inside a sentence is the sentence's
    const size_t size = found.end - found.begin;
    if (says_published(text)) return offer_date(kTrustNamedClass - 2, found.iso());
    if (near) {
      if (size * 3 >= text.size() || found.begin == 0 || text.size() <= 60) offer_date(trust, found.iso());
    } else if (!after_headline() && facts.headline != kNone) {
      if (size * 3 < text.size() || facts.published_trust > kTrustAnyTime - 1) return;
      facts.published = found.iso();  // the last one before the headline
      facts.published_trust = kTrustAnyTime - 1;
    } else if (size * 2 >= text.size()) {
      offer_date(kTrustAnyTime - 5, found.iso());
    }
  }

  const Tree& tree_;
  InnerText text_;
  const DateOrder order_;
  std::vector<std::string> titles_;  // folded
  std::vector<uint8_t> above_;       // by node: the headline or around it
  bool headline_known_ = false, by_ = false;
  uint32_t since_headline_ = kFar;   // texts since it
  uint32_t in_order_texts_ = 0, last_author_ = 0;
};

}  // namespace

VisibleFacts read_visible(const Tree& tree, const std::vector<std::string>& titles, DateOrder order) {
  VisibleReader reader(tree, titles, order);
  reader.find_headline();
  reader.read();
  auto& names = reader.facts.authors;
  if (names.trust <= kTrustNamedClass && names.all.size() > 3) names = {};  // a list of contributors
  return std::move(reader.facts);
}

}  // namespace refine::html
