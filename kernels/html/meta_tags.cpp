// See meta_tags.h. Names as publishers' systems write them: Open Graph, Dublin Core, Highwire Press (citation_*), Parse.ly,
// Sailthru, Swiftype, rNews, Yoast, and what CMSs made up.
#include "meta_tags.h"

#include <algorithm>

#include "authors.h"
#include "robots.h"

namespace refine::html {
namespace {

enum class Is : uint8_t { kOgTitle, kTwitterTitle, kTitle, kSite, kUrl, kAuthor, kDate, kLang, kLicense };
struct Entry { std::string_view name; Is is; int trust; };
constexpr Entry kEntries[] = {
    {"og:title", Is::kOgTitle, kTrustOpenGraph}, {"twitter:title", Is::kTwitterTitle, kTrustMeta}, {"citation_title", Is::kTitle, kTrustCitation}, {"dc.title", Is::kTitle, kTrustMeta},
    {"dcterms.title", Is::kTitle, kTrustMeta}, {"parsely-title", Is::kTitle, kTrustOpenGraph}, {"sailthru.title", Is::kTitle, kTrustOpenGraph}, {"hdl", Is::kTitle, kTrustOpenGraph},
    {"og:site_name", Is::kSite, kTrustOpenGraph}, {"application-name", Is::kSite, kTrustMeta}, {"apple-mobile-web-app-title", Is::kSite, kTrustWeakMeta}, {"al:android:app_name", Is::kSite, kTrustNamedClass},
    {"cre", Is::kSite, kTrustWeakMeta}, {"dc.publisher", Is::kSite, kTrustMarkup}, {"citation_journal_title", Is::kSite, kTrustMarkup}, {"publisher", Is::kSite, kTrustNamedClass},
    {"og:url", Is::kUrl, kTrustOpenGraph}, {"twitter:url", Is::kUrl, kTrustMeta}, {"parsely-link", Is::kUrl, kTrustMeta},
    {"citation_author", Is::kAuthor, kTrustCitation}, {"citation_authors", Is::kAuthor, kTrustCitation}, {"parsely-author", Is::kAuthor, kTrustOpenGraph}, {"sailthru.author", Is::kAuthor, kTrustOpenGraph},
    {"article:author", Is::kAuthor, kTrustOpenGraph}, {"og:article:author", Is::kAuthor, kTrustOpenGraph}, {"byl", Is::kAuthor, kTrustOpenGraph}, {"article:author_name", Is::kAuthor, kTrustOpenGraph},
    {"cxenseparse:author", Is::kAuthor, kTrustOpenGraph}, {"shareaholic:article_author_name", Is::kAuthor, kTrustOpenGraph}, {"rbauthors", Is::kAuthor, kTrustOpenGraph}, {"vr:author", Is::kAuthor, kTrustMeta},
    {"author", Is::kAuthor, kTrustMeta}, {"dc.creator", Is::kAuthor, kTrustMeta}, {"dcterms.creator", Is::kAuthor, kTrustMeta}, {"dc.creator.personalname", Is::kAuthor, kTrustMeta},
    {"dc.contributor", Is::kAuthor, kTrustWeakMeta}, {"article.author", Is::kAuthor, kTrustMeta}, {"bt:author", Is::kAuthor, kTrustMeta}, {"creator", Is::kAuthor, kTrustWeakMeta}, {"authors", Is::kAuthor, kTrustMeta},
    {"article:published_time", Is::kDate, kTrustOpenGraph + 5}, {"og:article:published_time", Is::kDate, kTrustOpenGraph}, {"og:published_time", Is::kDate, kTrustOpenGraph}, {"article:published", Is::kDate, kTrustOpenGraph},
    {"article.published", Is::kDate, kTrustOpenGraph}, {"published_time", Is::kDate, kTrustOpenGraph}, {"parsely-pub-date", Is::kDate, kTrustOpenGraph}, {"sailthru.date", Is::kDate, kTrustOpenGraph},
    {"cxenseparse:recs:publishtime", Is::kDate, kTrustOpenGraph}, {"cxenseparse:publishtime", Is::kDate, kTrustOpenGraph}, {"shareaholic:article_published_time", Is::kDate, kTrustOpenGraph},
    {"citation_publication_date", Is::kDate, kTrustMeta}, {"citation_online_date", Is::kDate, kTrustOpenGraph}, {"citation_date", Is::kDate, kTrustMeta}, {"datepublished", Is::kDate, kTrustMeta + 5},
    {"date_published", Is::kDate, kTrustMeta}, {"publish_date", Is::kDate, kTrustMeta}, {"publish-date", Is::kDate, kTrustMeta}, {"publishdate", Is::kDate, kTrustMeta}, {"published_date", Is::kDate, kTrustMeta},
    {"published-date", Is::kDate, kTrustMeta}, {"publication_date", Is::kDate, kTrustMeta}, {"publication-date", Is::kDate, kTrustMeta}, {"pubdate", Is::kDate, kTrustMeta}, {"pub_date", Is::kDate, kTrustMeta},
    {"pdate", Is::kDate, kTrustMeta}, {"ptime", Is::kDate, kTrustMeta}, {"bt:pubdate", Is::kDate, kTrustMeta}, {"rnews:datepublished", Is::kDate, kTrustMeta}, {"article_date_original", Is::kDate, kTrustMeta},
    {"originalpublicationdate", Is::kDate, kTrustMeta}, {"vr:published_time", Is::kDate, kTrustMeta}, {"displaydate", Is::kDate, kTrustMeta}, {"dc.date.issued", Is::kDate, kTrustMeta}, {"dcterms.issued", Is::kDate, kTrustMeta},
    {"dc.date.created", Is::kDate, kTrustMarkup}, {"dcterms.created", Is::kDate, kTrustMarkup}, {"dc.date", Is::kDate, kTrustWeakMeta}, {"dcterms.date", Is::kDate, kTrustWeakMeta}, {"dc.created", Is::kDate, kTrustMarkup},
    {"date", Is::kDate, kTrustWeakMeta}, {"article.created", Is::kDate, kTrustMarkup}, {"datecreated", Is::kDate, kTrustMarkup}, {"created", Is::kDate, kTrustWeakMeta}, {"timestamp", Is::kDate, kTrustNamedClass},
    {"og:locale", Is::kLang, kTrustWeakMeta}, {"language", Is::kLang, kTrustMeta}, {"dc.language", Is::kLang, kTrustMeta}, {"dcterms.language", Is::kLang, kTrustMeta}, {"content-language", Is::kLang, kTrustMeta},
    {"dc.rights.license", Is::kLicense, 1}, {"dcterms.license", Is::kLicense, 1}, {"dcterms.rights", Is::kLicense, 1}, {"dc.rights", Is::kLicense, 1}, {"cc:license", Is::kLicense, 1}, {"license", Is::kLicense, 1},
    {"dcterms.rightsholder", Is::kLicense, 0},
};

const Entry* entry_of(std::string_view name) {
  for (const auto& one : kEntries) if (one.name == name) return &one;
  return nullptr;
}

// `dc:date`, `DC.Date`, `dcterms:date`, `schema:author` under one spelling.
std::string plain_name(std::string_view name) {
  std::string s = lower_ascii(plain_value(name, 64));
  for (const char* prefix : {"dc", "dcterms", "dct"})
    if (s.rfind(std::string(prefix) + ":", 0) == 0) s = (prefix[2] == 't' && prefix[3] == 0 ? "dcterms." : std::string(prefix) + ".") + s.substr(std::string_view(prefix).size() + 1);
  return s;
}

}  // namespace

void Names::offer(int of, std::string_view text) {
  if (of < trust || all.size() >= 20) return;
  std::string name = clean_author(text);
  if (name.empty()) return;
  if (of > trust) all.clear();
  trust = of;
  all.push_back(std::move(name));
}

void MetaFacts::offer_date(int trust, std::string_view value, DateOrder order) {
  if (trust <= published_trust) return;
  std::string date = date_of_value(value, order);
  if (date.empty()) return;
  published = std::move(date);
  published_trust = trust;
}

bool has_rel(std::string_view rel, std::string_view word) {
  if (rel.size() > 200) return false;
  const std::string lower = lower_ascii(rel, 200);
  for (size_t at = 0; at < lower.size();) {
    size_t end = lower.find_first_of(" \t\r\n\f", at);
    if (end == std::string::npos) end = lower.size();
    if (std::string_view(lower).substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

std::string language_tag(std::string_view text) {
  std::string tag = plain_value(text, 40);
  tag = tag.substr(0, tag.find_first_of(",; "));
  std::replace(tag.begin(), tag.end(), '_', '-');
  size_t run = 0, parts = 0;
  for (size_t i = 0; i <= tag.size(); ++i) {
    if (i == tag.size() || tag[i] == '-') {
      if (run == 0 || run > 8 || (parts == 0 && (run < 2 || run > 3))) return {};
      ++parts;
      run = 0;
      continue;
    }
    const char c = char(tag[i] | 0x20);
    const bool letter = c >= 'a' && c <= 'z';
    if (!letter && (parts == 0 || tag[i] < '0' || tag[i] > '9')) return {};
    ++run;
  }
  return tag.size() <= 35 ? tag : std::string();
}

void read_meta(const Tree& tree, uint32_t node, DateOrder order, MetaFacts& facts) {
  const auto content = tree.attribute(node, kAttr_content);
  if (content.empty() || content.size() > 10'000 || ++facts.read > kMaxMetas) return;
  bool named = false;
  for (const uint32_t attribute : {uint32_t(kAttr_property), uint32_t(kAttr_name), uint32_t(kAttr_itemprop)}) {
    const auto given = tree.attribute(node, attribute);
    if (given.empty()) continue;
    named = true;
    const std::string name = plain_name(given);
    std::string_view agent;
    if (is_robots_meta(name, &agent)) { add_robots_meta(agent, content, facts.robots); continue; }
    if (name == "tdm-reservation" && plain_value(content, 8) == "1") { add_robots_meta({}, name, facts.robots); continue; }
    if (name == "twitter:label1") facts.label1 = plain_value(content, 60);
    else if (name == "twitter:label2") facts.label2 = plain_value(content, 60);
    else if (name == "twitter:data1") facts.data1 = plain_value(content, 200);
    else if (name == "twitter:data2") facts.data2 = plain_value(content, 200);
    const Entry* entry = entry_of(name);
    if (!entry) continue;
    switch (entry->is) {
      case Is::kOgTitle: facts.og_title.offer(entry->trust, unescaped(content)); break;
      case Is::kTwitterTitle: facts.twitter_title.offer(entry->trust, unescaped(content)); break;
      case Is::kTitle: facts.title.offer(entry->trust, unescaped(content)); break;
      case Is::kSite: facts.site_name.offer(entry->trust, unescaped(content), 200); break;
      case Is::kUrl: facts.canonical.offer(entry->trust, content); break;
      case Is::kAuthor: facts.authors.offer(entry->trust, content); break;
      case Is::kDate: facts.offer_date(entry->trust, content, order); break;
      case Is::kLang: facts.lang.offer(entry->trust, language_tag(content)); break;
      case Is::kLicense:
        if (entry->trust > 0 && (content.find("://") != std::string_view::npos || lower_ascii(content, 3) == "cc ") && facts.licenses.size() < 8) facts.licenses.emplace_back(content);
        break;
    }
  }
  if (named) return;
  const Node& n = tree.nodes[node];
  for (uint32_t i = 0; i < n.size; ++i) {  // http-equiv
    const NodeAttribute& a = tree.attributes[n.begin + i];
    if (tree.attribute_names.name(a.name) == "http-equiv" && lower_ascii(tree.span(a.begin, a.size)) == "content-language") facts.lang.offer(kTrustMeta, language_tag(content));
  }
}

}  // namespace refine::html
