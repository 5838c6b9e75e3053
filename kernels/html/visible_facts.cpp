// See visible_facts.h. Two walks: headings first, as everything else is near to or far from the headline.
#include "visible_facts.h"

#include <algorithm>

#include "authors.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine::html {
namespace {

constexpr uint32_t kFar = 1'000'000;

// What the words of an element's class and id say.
enum NameCue : uint32_t { kAuthorName = 1, kDateName = 2, kUpdatedName = 4, kPassedOver = 8 };

constexpr std::string_view kAuthorWords[] = {"author", "byline", "autor", "autorin", "auteur", "autore", "writer", "verfasser", "authors", "autoren", "bylines", "signature", "firma", "redakteur", "authorname", "articleauthor", "postauthor"};
constexpr std::string_view kNotAuthorWords[] = {"bio", "box", "image", "img", "avatar", "photo", "pic", "picture", "social", "links", "list", "more", "about", "description", "desc", "follow", "icon", "twitter", "role", "job", "thumb", "thumbnail",
                                                "profile", "related", "posts", "biography", "portrait", "bild", "comment", "info", "email", "mail", "date", "time", "box", "foto", "grid", "text", "widget"};
constexpr std::string_view kDateWords[] = {"date", "datum", "published", "pubdate", "time", "timestamp", "posted", "fecha", "datetime", "publishdate", "publication", "publish", "entrydate", "postdate", "articledate", "datepublished", "created", "dateline", "data", "datestamp", "createdate", "uhrzeit"};
constexpr std::string_view kNotDateWords[] = {"event", "birth", "expire", "expires", "calendar", "picker", "today", "current", "reading", "read", "duration", "comment", "countdown", "cook", "prep", "opening", "start", "end", "deadline", "clock"};
constexpr std::string_view kUpdatedWords[] = {"updated", "modified", "update", "lastmod", "lastupdate", "aktualisiert", "revision", "lastupdated", "datemodified"};
constexpr std::string_view kPassedOverWords[] = {"comment", "comments", "commentlist", "disqus", "sidebar", "related", "recommended", "recommendations", "widget", "popular", "trending", "newsletter", "teaser", "teasers", "breadcrumb", "breadcrumbs",
                                                 "kommentare", "kommentar", "respond", "latest", "carousel", "slider", "mostread", "pagination", "cookie", "readmore", "moreposts", "next", "prev", "previous", "banner", "promo"};

// What one word may mean, by a table filled once from the lists above.
enum WordMeaning : uint8_t { kWordAuthor = 1, kWordNotAuthor = 2, kWordDate = 4, kWordNotDate = 8, kWordUpdated = 16, kWordPassed = 32, kWordFirstOnly = 64, kWordAboutAuthor = 128 };

class WordTable {
 public:
  WordTable() {
    const auto fill = [&](const auto& list, uint8_t meaning) { for (const auto& word : list) slot(hash_of(word), word).meaning |= meaning; };
    fill(kAuthorWords, kWordAuthor);
    fill(kNotAuthorWords, kWordNotAuthor);
    fill(kDateWords, kWordDate);
    fill(kNotDateWords, kWordNotDate);
    fill(kUpdatedWords, kWordUpdated);
    fill(kPassedOverWords, kWordPassed);
    // `one-sidebar` is a layout, `elementor-widget` is everything
    fill(std::initializer_list<std::string_view>{"widget", "sidebar"}, kWordFirstOnly);
    fill(std::initializer_list<std::string_view>{"about", "more", "comment", "related"}, kWordAboutAuthor);
  }
  static uint32_t hash_of(std::string_view word) {
    uint32_t hash = kSeed;
    for (char c : word) hash = step(hash, c);
    return hash;
  }
  static constexpr uint32_t kSeed = 2166136261u;
  static uint32_t step(uint32_t hash, char c) { return (hash ^ uint8_t(c)) * 16777619u; }
  uint8_t meaning(uint32_t hash, std::string_view word) const {
    for (uint32_t i = hash & kMask;; i = (i + 1) & kMask) {
      if (slots_[i].word.empty()) return 0;
      if (slots_[i].hash == hash && slots_[i].word == word) return slots_[i].meaning;
    }
  }

 private:
  struct Slot { std::string_view word; uint32_t hash = 0; uint8_t meaning = 0; };
  static constexpr uint32_t kMask = 511;
  Slot& slot(uint32_t hash, std::string_view word) {
    uint32_t i = hash & kMask;
    while (!slots_[i].word.empty() && slots_[i].word != word) i = (i + 1) & kMask;
    slots_[i].word = word;
    slots_[i].hash = hash;
    return slots_[i];
  }
  Slot slots_[kMask + 1];
};

// Cues of class names such as `post-author_name comments`: words end at - _ : . and where camelCase begins a new one.
uint32_t cues_of_names(std::string_view names) {
  static const WordTable table;
  constexpr size_t kRead = 200;  // bytes of one attribute
  char lower[kRead + 1];
  const size_t size = std::min(names.size(), kRead);
  uint32_t cues = 0;
  uint8_t meant = 0;  // by the words of this name
  bool author = false, not_author = false, passed = false, first = true;
  size_t begin = 0;
  uint32_t hash = WordTable::kSeed;
  const auto end_word = [&](size_t at, bool last) {
    if (at > begin) {
      const uint8_t meaning = table.meaning(hash, {lower + begin, at - begin});
      if (meaning) {
        // `news-list-author` is an author, `author-list` is not
        if (meaning & kWordAuthor) author = true;
        else if (author ? meaning & kWordNotAuthor : meaning & kWordAboutAuthor) not_author = true;
        meant |= meaning & (kWordDate | kWordNotDate | kWordUpdated);
        if ((meaning & kWordPassed) && (first || (last && !(meaning & kWordFirstOnly)))) passed = true;
      }
      first = false;
    }
    hash = WordTable::kSeed;
  };
  const auto end_name = [&](size_t at) {
    end_word(at, true);
    if (author && !not_author) cues |= kAuthorName;
    if ((meant & kWordDate) && !(meant & kWordNotDate)) cues |= kDateName;
    if (meant & kWordUpdated) cues |= kUpdatedName;
    if (passed) cues |= kPassedOver;
    meant = 0;
    author = not_author = passed = false;
    first = true;
  };
  char before = ' ';
  for (size_t i = 0; i < size; ++i) {
    char c = names[i];
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper) {
      if (before >= 'a' && before <= 'z') {
        end_word(i, false);
        begin = i;
      }
      c = char(c + 32);
    }
    lower[i] = c;
    before = names[i];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') {
      end_name(i);
      begin = i + 1;
    } else if (c == '-' || c == '_' || c == ':' || c == '.') {
      end_word(i, i + 1 >= size || names[i + 1] == ' ');
      begin = i + 1;
    } else {
      hash = WordTable::step(hash, c);
    }
  }
  end_name(size);
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

// A name has a capital or is written without case; one to six words, most of them with capitals; no digits, no full stop.
bool looks_like_name(std::string_view text) {
  if (text.empty() || text.size() > 80) return false;
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto end = p + text.size();
  char32_t first = decode_utf8(p, end);
  if (!is_letter(first) || is_lower(first)) return false;
  int words = 1, small = 0;
  bool starts_word = false;
  while (p < end) {
    const char32_t c = decode_utf8(p, end);
    if (starts_word) small += is_lower(c);
    starts_word = c == ' ';
    words += starts_word;
    if ((c >= '0' && c <= '9') || c == ':' || c == '?' || c == '!' || c == '"') return false;
  }
  if (words > 1 && text.back() == '.' && text[text.size() - 3] != ' ') return false;  // a sentence, no initial
  return words <= 6 && small * 2 <= words;
}

class VisibleReader {
 public:
  VisibleReader(const Tree& tree, const std::vector<std::string>& titles, DateOrder order, int author_known, int date_known) : tree_(tree), text_(tree), order_(order) {
    facts.authors.trust = author_known;
    facts.published_trust = date_known;
    for (const auto& title : titles) if (!title.empty()) titles_.push_back(folded(title));
  }
  VisibleFacts facts;

  void find_headline() {
    std::string second;
    uint32_t second_node = kNone, seconds = 0;
    for (uint32_t node = 0; node < tree_.nodes.size(); ++node) {  // in the order of the parser's, which is the document's but for repairs
      const Node& n = tree_.nodes[node];
      if (n.type != NodeType::kElement || n.parent == kNone || n.ns != Namespace::kHtml || (n.name != k_h1 && n.name != k_h2)) continue;
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
  }

  void read() {
    above_.assign(tree_.nodes.size(), 0);
    for (uint32_t node = facts.headline; node != kNone; node = tree_.nodes[node].parent) above_[node] = 1;
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
    if (trust == 0 || trust < facts.authors.trust || authors_left_ == 0) return;
    --authors_left_;
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
    else if ((cues & kUpdatedName) && n.name != k_time && tree_.has_attribute(node, kAttr_title)) trust = kTrustAnyTime - 8;  // hAtom knows no other date
    else if ((cues & kDateName) && !(cues & kUpdatedName)) trust = kTrustNamedClass + (after_headline() ? 1 : 0);
    if (property == "datemodified" || trust <= facts.published_trust || dates_left_ == 0) return;
    --dates_left_;
    // hAtom's <abbr class="published" title="2018-06-05T08:00:00-07:00">
    if (n.name != k_time && n.name != k_a && n.name != k_img)
      if (const auto title = tree_.attribute(node, kAttr_title); title.size() >= 10 && title[0] >= '1' && title[0] <= '2')
        return offer_date(trust, date_of_value(title, order_));
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
    const bool near = after_headline() && since_headline_ > 1 && since_headline_ <= 24;
    const int trust = kTrustNearHeadline + (near ? 1 : 0);
    if (raw.size() > 400) { by_ = false; return; }
    // what no date and no byline can be in costs no copy
    const bool may_date = facts.published_trust < kTrustNamedClass - 2 && raw.find_first_of("0123456789") != std::string_view::npos;
    const bool may_name = facts.authors.trust < trust && (near || by_ || raw.find(':') != std::string_view::npos || raw.find("\xEF\xBC\x9A") != std::string_view::npos);
    if ((!may_date && !may_name) || texts_left_ == 0) { by_ = false; return; }
    --texts_left_;
    std::string text = plain_value(raw, 160);
    while (!text.empty() && (text[0] == '|' || text[0] == '-' || text[0] == ' ' || text[0] == '/' || text[0] == ',')) text.erase(0, 1);
    if (text.size() > 150) { by_ = false; return; }
    std::string_view rest;
    bool labelled = false;
    if (may_name) {
      if (by_ && looks_like_name(text)) {
        facts.authors.offer(trust, text);
      } else if (text.size() <= 100 && opens_byline(text, &rest, &labelled) && (near || labelled)) {  // far away "Author:" alone is clear enough
        by_ = is_blank(rest);
        const std::string name = clean_author(rest);
        if (!by_ && looks_like_name(name)) facts.authors.offer(trust, name);
        if (by_) return;
      }
    }
    by_ = false;
    if (!may_date || text.size() > 120) return;
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
  // Counted limits: what a page has of them beyond is passed over.
  uint32_t authors_left_ = 200, dates_left_ = 500, texts_left_ = 2000;
};

}  // namespace

VisibleFacts read_visible(const Tree& tree, const std::vector<std::string>& titles, DateOrder order, int author_known, int date_known) {
  VisibleReader reader(tree, titles, order, author_known, date_known);
  reader.find_headline();
  if (author_known <= kMostVisible || date_known <= kMostVisible) reader.read();
  auto& names = reader.facts.authors;
  if (names.trust <= kTrustNamedClass && names.all.size() > 3) names = {};  // a list of contributors
  return std::move(reader.facts);
}

}  // namespace refine::html
