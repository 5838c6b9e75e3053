// Gathers what head, structured data and visible page say of one fact, and takes the source most to be trusted: each
// reader (meta_tags, json_ld, visible_facts) knows its own sources, this file only how they rank among each other.
#include "metadata.h"

#include <algorithm>
#include <utility>

#include "authors.h"
#include "dates.h"
#include "licenses.h"
#include "meta_tags.h"
#include "plain_value.h"
#include "titles.h"
#include "url_hints.h"
#include "visible_facts.h"

namespace refine::html {
namespace {

constexpr size_t kMaxName = 200;  // bytes of a site's name

// <html lang>, <title>, <base> and the links of the head; metas on the way.
struct Head {
  MetaFacts meta;
  std::string title, html_lang, base, canonical;
};

Head read_head(const Tree& tree, std::string_view url) {
  Head head;
  InnerText text(tree);
  for (uint32_t node = 0; node < tree.nodes.size(); ++node)
    if (tree.is(node, k_html)) {
      head.html_lang = language_tag(tree.attribute(node, kAttr_lang));
      if (head.html_lang.empty()) head.html_lang = language_tag(tree.attribute(node, kAttr_xml_lang));
      break;
    }
  const DateOrder order = date_order(head.html_lang, url);
  for (uint32_t node = 0; node < tree.nodes.size(); ++node) {
    const Node& n = tree.nodes[node];
    if (n.type != NodeType::kElement || n.ns != Namespace::kHtml || n.parent == kNone) continue;
    switch (n.name) {
      case k_title: if (head.title.empty()) head.title = plain_value(text.of(node, 2000), 1000); break;
      case k_base: if (head.base.empty()) head.base = tree.attribute(node, kAttr_href).substr(0, 2000); break;
      case k_link:
        if (head.canonical.empty() && has_rel(tree.attribute(node, kAttr_rel), "canonical")) head.canonical = plain_value(tree.attribute(node, kAttr_href), 2000);
        break;
      case k_meta: read_meta(tree, node, order, head.meta); break;
      default: break;
    }
  }
  return head;
}

// The first of them that is an address of the web.
std::string canonical_of(const Head& head, const JsonLd& json_ld, UrlResolver& urls) {
  for (const std::string* one : {&head.canonical, &head.meta.canonical.value, &json_ld.url}) {
    if (one->empty()) continue;
    std::string out;
    if (urls.append_resolved(*one, out) && out.rfind("http", 0) == 0 && out.size() <= kMaxValue) return out;
  }
  return {};
}

std::string site_of(const Head& head, const JsonLd& json_ld, std::string_view host_label) {
  std::string site = head.meta.site_name.trust >= kTrustOpenGraph ? head.meta.site_name.value : std::string();
  if (site.empty()) site = json_ld.web_site;
  if (site.empty()) site = json_ld.publisher;
  if (site.empty()) site = site_in_title(head.title, host_label);
  if (site.empty()) site = head.meta.site_name.value;
  return site.size() <= kMaxName ? site : std::string();
}

// Yoast writes "Written by" and the name as a Twitter card, in the site's language.
std::string card_author(const MetaFacts& meta) {
  const auto names = [](const std::string& label) {
    std::string_view rest;
    if (opens_byline(label + " ", &rest)) return true;
    const std::string lower = lower_ascii(label);
    for (const char* word : {"written by", "verfasst von", "geschrieben von", "escrito por", "écrit par", "author", "autor", "scritto da", "geschreven door", "написано автором", "napisane przez", "skriven av", "by", "von"}) if (lower == word) return true;
    return false;
  };
  if (names(meta.label1)) return clean_author(meta.data1);
  if (names(meta.label2)) return clean_author(meta.data2);
  return {};
}

// Candidates for the author, each with the trust of its source.
class Authors {
 public:
  Authors(const JsonLd& json_ld, std::string_view site, std::string_view host_label) : site_(site), host_label_(host_label), publisher_(folded(json_ld.publisher)) {}

  // Who publishes a page, or built its site, is declared as its author more often than not; where a byline says so, it stays.
  void add(int trust, std::vector<std::string> names) {
    const bool shown = trust == kTrustNamedClass || trust == kTrustMarkup;
    const auto is_publisher = [&](const std::string& name) { return publishes(name); };
    if (!shown || names.size() > 1) names.erase(std::remove_if(names.begin(), names.end(), is_publisher), names.end());
    else if (!names.empty() && is_publisher(names[0])) trust = 1;
    if (!names.empty()) sources_.push_back({trust, std::move(names)});
  }
  int trust() const {
    int most = 0;
    for (const auto& one : sources_) most = std::max(most, one.trust);
    return most;
  }
  std::string best() const {
    const Source* best = nullptr;
    for (const auto& one : sources_) if (!best || one.trust > best->trust) best = &one;
    if (!best) return {};
    // "Todd" where another source knows "Todd Bates"
    if (best->names.size() == 1 && best->names[0].find(' ') == std::string::npos)
      for (const auto& one : sources_)
        for (const auto& name : one.names)
          if (name.size() > best->names[0].size() + 1 && name.rfind(best->names[0] + " ", 0) == 0) return join_authors({name});
    return join_authors(best->names);
  }

 private:
  struct Source { int trust; std::vector<std::string> names; };
  bool publishes(const std::string& name) const {
    // whose site bears their own name may well have written it
    const size_t words = size_t(std::count(name.begin(), name.end(), ' ')) + 1;
    if ((words == 2 || words == 3) && folded(name) == folded(host_label_) && !is_company(name)) return false;
    return names_site(name, site_, host_label_) || is_company(name) || (!publisher_.empty() && folded(name) == publisher_);
  }
  std::string_view site_, host_label_;
  std::string publisher_;
  std::vector<Source> sources_;
};

void add_declared(const Head& head, const JsonLd& json_ld, Authors& authors) {
  std::vector<std::string> declared;
  for (const auto& one : json_ld.authors)
    if (std::string name = clean_author(one); !name.empty()) declared.push_back(std::move(name));
  authors.add(json_ld.rank >= 2 ? kTrustJsonLd : kTrustWeakMeta, std::move(declared));
  authors.add(head.meta.authors.trust, head.meta.authors.all);
  if (std::string name = card_author(head.meta); !name.empty()) authors.add(kTrustOpenGraph, {name});
}

struct Published {
  std::string date;
  int trust = 0;
  void offer(int of, const std::string& other) {
    if (other.empty() || of <= trust) return;
    date = other;
    trust = of;
  }
};

Published declared_date(const Head& head, const JsonLd& json_ld, const FoundDate& url, DateOrder order) {
  Published out;
  out.offer(json_ld.rank >= 2 ? kTrustJsonLd : kTrustMarkup, date_of_value(json_ld.published, order));
  out.offer(kTrustNamedClass, date_of_value(json_ld.created, order));
  out.offer(head.meta.published_trust, head.meta.published);
  if (url) out.offer(url.day > 0 ? kTrustUrl : kTrustUrlMonth, url.iso());
  if (const FoundDate titled = find_date(head.title, order); titled && titled.begin == 0 && titled.day > 0) out.offer(kTrustUrlMonth + 1, titled.iso());
  return out;
}

// A less precise date is made whole by one that agrees with it.
std::string most_precise(const std::string& date, std::initializer_list<std::string> others) {
  if (date.size() < 10)
    for (const auto& other : others)
      if (other.size() == 10 && other.rfind(date, 0) == 0) return other;
  return date;
}

}  // namespace

void read_metadata(const Tree& tree, std::string_view url, const JsonLd& json_ld, ExtractedPage& out) {
  Head head = read_head(tree, url);
  UrlResolver page(url);
  std::string base(url);
  if (!head.base.empty()) {
    std::string resolved;
    if (page.append_resolved(head.base, resolved)) base = std::move(resolved);
  }
  UrlResolver urls(base);
  out.canonical_url = canonical_of(head, json_ld, urls);
  const std::string_view address = url.empty() ? std::string_view(out.canonical_url) : url;
  const DateOrder order = date_order(head.html_lang, address);
  const std::string host_label = host_label_of(address);

  out.declared_lang = head.html_lang;
  if (out.declared_lang.empty()) out.declared_lang = head.meta.lang.value;
  if (out.declared_lang.empty()) out.declared_lang = language_tag(json_ld.lang);

  out.site_name = site_of(head, json_ld, host_label);
  TitleSources titles;
  titles.tag = head.title;
  titles.og = head.meta.og_title.value.empty() ? head.meta.twitter_title.value : head.meta.og_title.value;
  titles.declared = head.meta.title.value.empty() || json_ld.rank == 3 ? json_ld.headline : head.meta.title.value;
  if (json_ld.rank < 2 && head.meta.title.value.empty()) titles.declared.clear();
  titles.site = out.site_name;
  titles.host_label = host_label;
  const std::string no_site;
  const std::string& declared_site = head.meta.site_name.trust >= kTrustMeta ? head.meta.site_name.value : no_site;
  out.declared_title = without_site(titles.og.empty() ? titles.tag : titles.og, declared_site, {});
  const UrlHints hints = read_url(address);
  FoundDate url_date;
  url_date.year = hints.year;
  url_date.month = hints.month;
  url_date.day = hints.day;
  Authors authors(json_ld, out.site_name, host_label);
  add_declared(head, json_ld, authors);
  Published published = declared_date(head, json_ld, url_date, order);
  const VisibleFacts visible = read_visible(tree, {titles.tag, titles.og, titles.declared}, order, authors.trust(), published.date.size() < 10 ? std::min(published.trust, int(kTrustAnyTime)) : published.trust);
  titles.headings = visible.headings;
  out.title = choose_title(titles);

  authors.add(visible.authors.trust, visible.authors.all);
  out.author = authors.best();
  const std::string declared = published.date;
  published.offer(visible.published_trust, visible.published);
  out.published = most_precise(published.date, {declared, date_of_value(json_ld.published, order), head.meta.published, visible.published, url_date.day > 0 ? url_date.iso() : std::string()});
  out.robots = std::move(head.meta.robots);
  out.licenses.clear();
  const std::vector<std::string> linked = read_licenses(tree);
  for (const std::vector<std::string>* list : {&json_ld.licenses, &std::as_const(head.meta.licenses), &std::as_const(linked)})
    for (const auto& one : *list) add_license(one, urls, out.licenses);
}

}  // namespace refine::html
