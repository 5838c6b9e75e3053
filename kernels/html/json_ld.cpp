// See json_ld.h. Every walk is over the members of one object or array, and a reference by @id is one pass over the tape;
// at most kMaxReferences of those are followed on a page.
#include "json_ld.h"

#include <algorithm>

#include "json.h"
#include "page_signs.h"
#include "plain_value.h"

namespace refine::html {
namespace {

constexpr size_t kMaxScript = 1 << 20;   // bytes of one script; what follows is left unread
constexpr int kMaxScripts = 64;
constexpr int kMaxReferences = 16;
constexpr int kMaxEntities = 256;

struct TypeName { std::string_view name; uint32_t bit; int rank; };
// Rank 3: the thing a page is written for. 2: a thing a page shows. 1: the page itself.
constexpr TypeName kTypes[] = {
    {"article", PageSigns::kArticle, 3}, {"newsarticle", PageSigns::kNews, 3}, {"reportagenewsarticle", PageSigns::kNews, 3},
    {"opinionnewsarticle", PageSigns::kNews, 3}, {"analysisnewsarticle", PageSigns::kNews, 3}, {"backgroundnewsarticle", PageSigns::kNews, 3},
    {"reviewnewsarticle", PageSigns::kNews, 3}, {"asknewsarticle", PageSigns::kNews, 3}, {"liveblogposting", PageSigns::kNews, 3},
    {"report", PageSigns::kArticle, 3}, {"satiricalarticle", PageSigns::kArticle, 3}, {"advertisercontentarticle", PageSigns::kArticle, 3},
    {"scholarlyarticle", PageSigns::kArticle, 3}, {"medicalscholarlyarticle", PageSigns::kArticle, 3}, {"socialmediaposting", PageSigns::kBlogPost, 3},
    {"blogposting", PageSigns::kBlogPost, 3}, {"techarticle", PageSigns::kTechArticle, 3}, {"apireference", PageSigns::kTechArticle, 3},
    {"recipe", PageSigns::kRecipe, 3}, {"qapage", PageSigns::kQuestion, 1}, {"question", PageSigns::kQuestion, 3},
    {"discussionforumposting", PageSigns::kDiscussion, 3}, {"howto", PageSigns::kHowTo, 3}, {"faqpage", PageSigns::kFaq, 1},
    {"product", PageSigns::kProduct, 2}, {"productgroup", PageSigns::kProduct, 2}, {"individualproduct", PageSigns::kProduct, 2},
    {"vehicle", PageSigns::kProduct, 2}, {"car", PageSigns::kProduct, 2}, {"event", PageSigns::kEvent, 2}, {"musicevent", PageSigns::kEvent, 2},
    {"sportsevent", PageSigns::kEvent, 2}, {"theaterevent", PageSigns::kEvent, 2}, {"festival", PageSigns::kEvent, 2},
    {"videoobject", PageSigns::kVideo, 2}, {"movie", PageSigns::kVideo, 2}, {"tvepisode", PageSigns::kVideo, 2}, {"podcastepisode", PageSigns::kVideo, 2},
    {"review", PageSigns::kReview, 2}, {"criticreview", PageSigns::kReview, 2}, {"claimreview", PageSigns::kReview, 2}, {"book", PageSigns::kBook, 2},
    {"jobposting", PageSigns::kJob, 2}, {"localbusiness", PageSigns::kBusiness, 0}, {"restaurant", PageSigns::kBusiness, 0}, {"hotel", PageSigns::kBusiness, 0},
    {"softwareapplication", PageSigns::kSoftware, 2}, {"mobileapplication", PageSigns::kSoftware, 2}, {"softwaresourcecode", PageSigns::kSoftware, 2},
    {"collectionpage", PageSigns::kCollection, 1}, {"searchresultspage", PageSigns::kCollection, 1}, {"blog", PageSigns::kCollection, 1},
    {"itemlist", PageSigns::kItemList, 0}, {"offercatalog", PageSigns::kItemList, 0}, {"website", PageSigns::kWebSite, 0},
    {"profilepage", PageSigns::kProfile, 1}, {"webpage", PageSigns::kWebPage, 1}, {"aboutpage", PageSigns::kWebPage, 1}, {"contactpage", PageSigns::kWebPage, 1},
    {"itempage", PageSigns::kWebPage, 1}, {"medicalwebpage", PageSigns::kWebPage, 1}, {"checkoutpage", PageSigns::kWebPage, 1},
};

const TypeName* type_of(std::string_view type) {
  const size_t mark = type.find_last_of("/#:");
  if (mark != std::string_view::npos) type.remove_prefix(mark + 1);
  const std::string name = lower_ascii(type, 40);
  for (const auto& one : kTypes) if (one.name == name) return &one;
  return nullptr;
}

// The path and query of a URL, for comparing addresses of one site whatever their scheme.
std::string_view path_of(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const size_t slash = url.find('/', scheme + 3);
    url = slash == std::string_view::npos ? std::string_view() : url.substr(slash);
  }
  url = url.substr(0, url.find('#'));
  while (!url.empty() && url.back() == '/') url.remove_suffix(1);
  return url;
}

class Entities {
 public:
  Entities(const Json& json, std::string_view page_url, JsonLd& out) : json_(json), page_(path_of(page_url)), out_(out) {}

  void read() {
    for (uint32_t at = 0; at < json_.size(); at = json_[at].end) top(at);
    int articles = 0;
    for (const auto& one : found_) articles += one.rank == 3;
    for (const auto& one : found_) {
      const bool page_is_other = articles > 2 && one.rank == 3 && !is_this_page(one.at);
      if (page_is_other) out_.types |= PageSigns::kManyArticles;
      else facts(one.at, one.rank);
    }
  }

 private:
  struct Entity { uint32_t at; int rank; };

  void top(uint32_t at) {
    if (json_.is(at, JsonType::kArray)) {
      for (uint32_t child = at + 1; child < json_[at].end; child = json_[child].end)
        if (json_.is(child, JsonType::kObject)) entity(child, 0);
    } else if (json_.is(at, JsonType::kObject)) {
      entity(at, 0);
    }
  }

  void entity(uint32_t at, int depth) {
    if (found_.size() >= kMaxEntities) return;
    int rank = 0;
    bool faq = false;  // its questions are many, and none is the page's
    const uint32_t type = json_.member(at, "@type");
    const auto add = [&](uint32_t value) {
      if (!json_.is(value, JsonType::kString)) return;
      if (const TypeName* known = type_of(json_.text(value, 100))) {
        out_.types |= known->bit;
        rank = std::max(rank, known->rank);
        faq |= known->bit == PageSigns::kFaq;
      }
    };
    if (json_.is(type, JsonType::kArray)) for (uint32_t child = type + 1; child < json_[type].end; child = json_[child].end) add(child);
    else add(type);
    found_.push_back({at, rank});
    for (uint32_t child = at + 1; child < json_[at].end; child = json_[child].end) {
      const auto key = json_.key(child);
      const bool graph = key == "@graph", main = key == "mainEntity" || key == "mainEntityOfPage";
      if (depth >= 3 || !(graph || (main && rank <= 1 && !faq))) continue;
      if (json_.is(child, JsonType::kObject)) entity(child, depth + 1);
      else if (json_.is(child, JsonType::kArray)) {
        for (uint32_t one = child + 1; one < json_[child].end; one = json_[one].end) {
          if (!json_.is(one, JsonType::kObject)) continue;
          entity(one, depth + 1);
          if (main) break;
        }
      }
    }
  }

  std::string string_of(uint32_t at, size_t limit = kMaxValue) const {
    if (json_.is(at, JsonType::kArray) && json_[at].end > at + 1) at = at + 1;
    if (!json_.is(at, JsonType::kString) && !json_.is(at, JsonType::kNumber)) return {};
    return plain_value(unescaped(json_.text(at, limit * 2)), limit);
  }
  std::string string_member(uint32_t at, std::string_view name, size_t limit = kMaxValue) const { return string_of(json_.member(at, name), limit); }

  // The object with this @id that has more than its @id to say; `at` itself where none is.
  uint32_t resolved(uint32_t at) {
    if (!json_.is(at, JsonType::kObject)) return at;
    const uint32_t id = json_.member(at, "@id");
    if (!json_.is(id, JsonType::kString) || json_.member(at, "name") < json_.size() || references_++ >= kMaxReferences) return at;
    const auto wanted = json_.raw(id);
    int looked_at = 0;
    for (uint32_t i = 0; i < json_.size() && looked_at < 8; ++i) {
      if (i == id || json_[i].type != JsonType::kString || json_.key(i) != "@id" || json_.raw(i) != wanted) continue;
      ++looked_at;
      uint32_t owner = i;
      while (owner > 0 && !(json_[owner].type == JsonType::kObject && json_[owner].end > i)) --owner;
      if (json_.member(owner, "name") < json_.size()) return owner;
    }
    return at;
  }

  void people(uint32_t at, std::vector<std::string>& names, int depth = 0) {
    if (at >= json_.size() || names.size() >= kMaxAuthors || depth > 2) return;
    if (json_.is(at, JsonType::kArray)) {
      for (uint32_t child = at + 1; child < json_[at].end && names.size() < kMaxAuthors; child = json_[child].end) people(child, names, depth + 1);
      return;
    }
    std::string name;
    if (json_.is(at, JsonType::kString)) {
      name = string_of(at, 300);
    } else if (json_.is(at, JsonType::kObject)) {
      const uint32_t person = resolved(at);
      const uint32_t member = json_.member(person, "name");
      if (json_.is(member, JsonType::kArray)) return people(member, names, depth + 1);
      name = string_of(member, 300);
      if (name.empty()) name = plain_value(string_member(person, "givenName", 100) + " " + string_member(person, "familyName", 100));
      if (name.empty()) name = string_member(person, "alternateName", 100);
    }
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }

  std::string name_of(uint32_t at) {
    if (json_.is(at, JsonType::kString)) return string_of(at, 300);
    if (json_.is(at, JsonType::kArray) && json_[at].end > at + 1) at = at + 1;
    return string_member(resolved(at), "name", 300);
  }

  void add_licenses(uint32_t at) {
    if (at >= json_.size()) return;
    const auto add = [&](uint32_t value) {
      std::string text = string_of(value);
      if (text.empty()) text = string_member(value, "url");
      if (text.empty()) text = string_member(value, "@id");
      if (!text.empty() && out_.licenses.size() < 8) out_.licenses.push_back(std::move(text));
    };
    if (json_.is(at, JsonType::kArray)) for (uint32_t child = at + 1; child < json_[at].end; child = json_[child].end) add(child);
    else add(at);
  }

  bool is_this_page(uint32_t at) const {
    if (page_.empty()) return false;
    for (const char* name : {"url", "mainEntityOfPage", "@id"}) {
      uint32_t value = json_.member(at, name);
      if (json_.is(value, JsonType::kObject)) value = json_.member(value, "@id");
      const std::string text = string_of(value);
      if (!text.empty() && path_of(text) == page_) return true;
    }
    return false;
  }

  // One text as its lines.
  void lines(uint32_t at, std::vector<std::string>& out) const {
    if (!json_.is(at, JsonType::kString)) return;
    const std::string text = json_.text(at, kMaxBody);
    for (size_t from = 0; from < text.size() && out.size() < kMaxParts;) {
      const size_t to = std::min(text.find('\n', from), text.size());
      std::string line = plain_value(unescaped(std::string_view(text).substr(from, to - from)), kMaxBody);
      if (!line.empty()) out.push_back(std::move(line));
      from = to + 1;
    }
  }
  // A step is a text, or an object with one; sections hold lists of them.
  void steps(uint32_t at, int depth = 0) {
    if (at >= json_.size() || depth > 4 || out_.steps.size() >= kMaxParts) return;
    if (json_.is(at, JsonType::kArray)) {
      for (uint32_t child = at + 1; child < json_[at].end; child = json_[child].end) steps(child, depth + 1);
    } else if (json_.is(at, JsonType::kObject)) {
      const uint32_t text = json_.member(at, "text"), list = json_.member(at, "itemListElement");
      if (json_.is(text, JsonType::kString)) lines(text, out_.steps);
      else if (list < json_.size()) steps(list, depth + 1);
      else lines(json_.member(at, "name"), out_.steps);
    } else {
      lines(at, out_.steps);
    }
  }
  void answers(uint32_t at) {
    if (json_.is(at, JsonType::kArray)) {
      for (uint32_t child = at + 1; child < json_[at].end; child = json_[child].end) lines(json_.member(child, "text"), out_.answers);
    } else {
      lines(json_.member(at, "text"), out_.answers);
    }
  }
  void whole_text(uint32_t at) {
    if (out_.body.empty()) lines(json_.member(at, "articleBody"), out_.body);
    if (out_.ingredients.empty()) {
      uint32_t list = json_.member(at, "recipeIngredient");
      if (list >= json_.size()) list = json_.member(at, "ingredients");
      if (json_.is(list, JsonType::kArray)) for (uint32_t child = list + 1; child < json_[list].end; child = json_[child].end) lines(child, out_.ingredients);
      else lines(list, out_.ingredients);
    }
    if (out_.steps.empty()) steps(json_.member(at, "recipeInstructions"));
    if (out_.answers.empty() && type_is(at, "question")) {
      lines(json_.member(at, "text"), out_.answers);
      answers(json_.member(at, "acceptedAnswer"));
      answers(json_.member(at, "suggestedAnswer"));
    }
  }

  void facts(uint32_t at, int rank) {
    if (out_.web_site.empty()) {
      if (type_is(at, "website")) {
        out_.web_site = string_member(at, "name", 300);
        if (out_.web_site.empty()) out_.web_site = string_member(at, "alternateName", 300);
      } else {
        const uint32_t part = json_.member(at, "isPartOf");
        if (type_is(part, "website")) out_.web_site = string_member(part, "name", 300);
      }
    }
    if (rank == 0) return;
    if (rank == 3) whole_text(at);
    // A better entity's facts take the place of a lesser one's; among equals what came first stays.
    const bool better = rank > out_.rank;
    if (better) out_.rank = rank;
    else if (rank < out_.rank) return fill(at, rank);
    const auto take = [&](std::string& slot, std::string value) {
      if (!value.empty() && (better || slot.empty())) slot = std::move(value);
    };
    std::string headline = string_member(at, "headline");
    take(out_.headline, headline.empty() ? string_member(at, "name") : std::move(headline));
    take(out_.published, date_of(at, rank));
    take(out_.created, string_member(at, "dateCreated", 100));
    take(out_.publisher, name_of(json_.member(at, "publisher")));
    take(out_.lang, string_member(at, "inLanguage", 40));
    take(out_.url, string_member(at, "url"));
    std::vector<std::string> names;
    people(json_.member(at, "author"), names);
    if (names.empty()) people(json_.member(at, "creator"), names);
    if (!names.empty() && (better || out_.authors.empty())) out_.authors = std::move(names);
    add_licenses(json_.member(at, "license"));
  }
  // What only a lesser entity says.
  void fill(uint32_t at, int rank) {
    if (out_.published.empty()) out_.published = date_of(at, rank);
    if (out_.publisher.empty()) out_.publisher = name_of(json_.member(at, "publisher"));
    if (out_.lang.empty()) out_.lang = string_member(at, "inLanguage", 40);
    if (out_.authors.empty()) people(json_.member(at, "author"), out_.authors);
    add_licenses(json_.member(at, "license"));
  }
  std::string date_of(uint32_t at, int) const {
    for (const char* name : {"datePublished", "datepublished", "uploadDate", "datePosted"}) {
      std::string date = string_member(at, name, 100);
      if (!date.empty()) return date;
    }
    return {};
  }
  bool type_is(uint32_t at, std::string_view wanted) const {
    const uint32_t type = json_.member(at, "@type");
    const auto same = [&](uint32_t value) { return json_.is(value, JsonType::kString) && lower_ascii(json_.raw(value)) == wanted; };
    if (json_.is(type, JsonType::kArray)) {
      for (uint32_t child = type + 1; child < json_[type].end; child = json_[child].end) if (same(child)) return true;
      return false;
    }
    return same(type);
  }

  const Json& json_;
  const std::string_view page_;
  JsonLd& out_;
  std::vector<Entity> found_;
  int references_ = 0;
};

}  // namespace

uint32_t schema_type_bit(std::string_view type) {
  const TypeName* known = type_of(type);
  return known ? known->bit : 0;
}

JsonLd read_json_ld(const Tree& tree, std::string_view page_url) {
  JsonLd out;
  int scripts = 0;
  std::string joined;
  for (uint32_t node = 0; node < tree.nodes.size() && scripts < kMaxScripts; ++node) {
    if (!tree.is(node, k_script) || tree.nodes[node].first == kNone) continue;
    if (lower_ascii(tree.attribute(node, kAttr_type)).rfind("application/ld+json", 0) != 0) continue;
    ++scripts;
    const uint32_t first = tree.nodes[node].first;
    std::string_view source = tree.text_of(first);
    if (tree.nodes[first].next != kNone) {
      joined.clear();
      for (uint32_t part = first; part != kNone; part = tree.nodes[part].next) joined += tree.text_of(part);
      source = joined;
    }
    source = source.substr(0, kMaxScript);
    std::string undone;  // some pages escape the whole script as if it were an attribute
    const size_t start = source.find_first_not_of(" \t\r\n[{");
    if (start != std::string_view::npos && source.substr(start).rfind("&quot;", 0) == 0) source = undone = unescaped(source);
    const Json json(source);
    if (json.size() == 0) continue;
    out.present = true;
    Entities(json, page_url, out).read();
  }
  return out;
}

}  // namespace refine::html
