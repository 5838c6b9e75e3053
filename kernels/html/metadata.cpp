// One walk over the tree; for each fact the sources in order of trust: OpenGraph and article: properties, itemprop,
// <meta name>, JSON-LD, then the markup itself. Values are trimmed, white space collapsed, at most 1,000 bytes.
#include "metadata.h"

#include "licenses.h"
#include "refine/utf8.h"
#include "robots.h"

namespace refine::html {
namespace {

std::string clean(std::string_view s) {
  std::string out;
  bool space = false;
  auto p = reinterpret_cast<const uint8_t*>(s.data());
  const auto end = p + s.size();
  while (p < end && out.size() < 1000) {
    const auto from = p;
    const char32_t c = decode_utf8(p, end);
    if (c <= 0x20 || c == 0xA0 || c == 0x2028 || c == 0x2029) { space = true; continue; }
    if (c == 0x7F || (c >= 0x80 && c < 0xA0) || c == 0xFEFF) continue;
    if (space && !out.empty()) out.push_back(' ');
    space = false;
    out.append(reinterpret_cast<const char*>(from), size_t(p - from));
  }
  return out;
}

std::string lower(std::string_view s) {
  std::string out(s.substr(0, 64));
  for (char& c : out) if (c >= 'A' && c <= 'Z') c = char(c + 32);
  return out;
}

// A value with the trust of its source; the first of the highest trust stays.
struct Fact {
  std::string value;
  int trust = 0;
  void offer(int t, std::string_view v) {
    if (t <= trust) return;
    std::string c = clean(v);
    if (c.empty()) return;
    value = std::move(c);
    trust = t;
  }
};

constexpr uint32_t kLookedAt = 256;  // nodes: empty elements nest, and each may ask for its text

std::string inner_text(const Tree& tree, uint32_t root, size_t limit) {
  std::string out;
  uint32_t left = kLookedAt;
  for (uint32_t n = root; n != kNone && out.size() < limit && left-- > 0; n = tree.next_in_order(n, root))
    if (tree.nodes[n].type == NodeType::kText) out += tree.text_of(n).substr(0, limit - out.size());
  return to_valid_utf8(out);
}

// "2023-05-01T10:00Z" and the like keep what they say; anything that does not start like a date is no date.
std::string date_of(std::string_view s) {
  std::string c = clean(s);
  const auto digit = [&](size_t i) { return i < c.size() && c[i] >= '0' && c[i] <= '9'; };
  if (!(digit(0) && digit(1) && digit(2) && digit(3))) return {};
  if (c.size() == 4) return c;
  if (c[4] == '-' || c[4] == '/' || c[4] == '.') {
    size_t n = 0;
    const char mark = c[4];
    if (digit(5) && digit(6)) n = c.size() > 7 && c[7] == mark && digit(8) && digit(9) ? 10 : 7;
    if (n == 0) return {};
    std::string out = c.substr(0, n);
    for (char& x : out) if (x == '/' || x == '.') x = '-';
    const int month = (out[5] - '0') * 10 + out[6] - '0', day = n == 10 ? (out[8] - '0') * 10 + out[9] - '0' : 1;
    return month >= 1 && month <= 12 && day >= 1 && day <= 31 ? out : std::string();
  }
  return {};
}

// The string value of a key in JSON-LD, without parsing it: `"key" : "value"`.
std::string json_string(std::string_view json, std::string_view key) {
  const std::string quoted = '"' + std::string(key) + '"';
  size_t at = json.find(quoted);
  if (at == std::string_view::npos) return {};
  at += quoted.size();
  while (at < json.size() && static_cast<unsigned char>(json[at]) <= 0x20) ++at;
  if (at >= json.size() || json[at] != ':') return {};
  ++at;
  while (at < json.size() && static_cast<unsigned char>(json[at]) <= 0x20) ++at;
  if (at >= json.size() || json[at] != '"') return {};
  const size_t end = json.find('"', at + 1);
  const auto value = json.substr(at + 1, end == std::string_view::npos ? 0 : end - at - 1);
  return value.find('\\') == std::string_view::npos ? std::string(value) : std::string();
}

// "Headline | Site" gives the headline where the site's name or a long first part shows which side it is.
std::string title_of(std::string_view raw, std::string_view site) {
  const std::string title = clean(raw);
  if (site.empty()) return title;
  for (const std::string_view mark : {" | ", " - ", " – ", " — ", " :: ", " » ", " · "}) {
    const size_t last = title.rfind(mark);
    if (last != std::string::npos && lower(title.substr(last + mark.size())) == lower(site)) return title.substr(0, last);
    const size_t first = title.find(mark);
    if (first != std::string::npos && lower(title.substr(0, first)) == lower(site)) return title.substr(first + mark.size());
  }
  return title;
}

}  // namespace

void read_metadata(const Tree& tree, std::string_view url, const JsonLd& json_ld, ExtractedPage& out) {
  UrlResolver urls(url);
  Fact og_title, page_title, heading, author, published, canonical, site, lang;
  const auto date = [&](int trust, std::string_view v) { if (trust > published.trust) published.offer(trust, date_of(v)); };
  for (uint32_t node = 0; node != kNone; node = tree.next_in_order(node, 0)) {
    const Node& n = tree.nodes[node];
    if (n.type != NodeType::kElement || n.ns != Namespace::kHtml) continue;
    if (n.size > 0 && !n.copied && tree.has_attribute(node, kAttr_itemprop)) {
      const std::string prop = lower(tree.attribute(node, kAttr_itemprop));
      const auto content = tree.attribute(node, kAttr_content);
      if (prop == "datepublished") date(6, content.empty() ? tree.attribute(node, kAttr_datetime) : content);
      else if (prop == "author" && !content.empty()) author.offer(5, content);
      else if (prop == "author" && author.trust < 3) author.offer(3, inner_text(tree, node, 200));
    }
    switch (n.name) {
      case k_html:
        lang.offer(2, tree.attribute(node, kAttr_lang));
        lang.offer(1, tree.attribute(node, kAttr_xml_lang));
        break;
      case k_title: if (page_title.trust == 0) page_title.offer(1, inner_text(tree, node, 2000)); break;
      case k_h1: if (heading.trust == 0) heading.offer(1, inner_text(tree, node, 2000)); break;
      case k_link: {
        if (lower(tree.attribute(node, kAttr_rel)) == "license") add_license(tree.attribute(node, kAttr_href), urls, out.licenses);
        if (canonical.trust < 2 && lower(tree.attribute(node, kAttr_rel)) == "canonical") canonical.offer(2, tree.attribute(node, kAttr_href));
        break;
      }
      case k_time: {
        const auto when = tree.attribute(node, kAttr_datetime);
        if (published.trust == 0 && !when.empty()) date(1, when);
        break;
      }
      case k_a:
        if (lower(tree.attribute(node, kAttr_rel)) == "license") add_license(tree.attribute(node, kAttr_href), urls, out.licenses);
        if (author.trust < 2 && lower(tree.attribute(node, kAttr_rel)) == "author") author.offer(2, inner_text(tree, node, 200)); break;
      case k_script:
        if (lower(tree.attribute(node, kAttr_type)) == "application/ld+json" && n.first != kNone) {
          const auto json = tree.text_of(n.first).substr(0, 200'000);
          if (published.trust < 5) date(5, json_string(json, "datePublished"));
          if (author.trust < 4) {
            const size_t at = json.find("\"author\"");
            if (at != std::string_view::npos) author.offer(4, json_string(json.substr(at, 400), "name"));
          }
        }
        break;
      case k_meta: {
        const auto content = tree.attribute(node, kAttr_content);
        if (content.empty()) break;
        for (const auto& key : {lower(tree.attribute(node, kAttr_property)), lower(tree.attribute(node, kAttr_name))}) {
          if (key.empty()) continue;
          std::string_view agent;
          if (is_robots_meta(key, &agent)) add_robots_meta(agent, content, out.robots);
          if (key == "og:title") og_title.offer(3, content);
          else if (key == "twitter:title" || key == "dc.title") og_title.offer(1, content);
          else if (key == "og:site_name") site.offer(2, content);
          else if (key == "application-name") site.offer(1, content);
          else if (key == "og:url") canonical.offer(1, content);
          else if (key == "article:published_time" || key == "og:published_time") date(8, content);
          else if (key == "datepublished" || key == "date" || key == "dc.date" || key == "dc.date.issued" || key == "dcterms.created" || key == "pubdate" || key == "publish-date" || key == "sailthru.date") date(4, content);
          else if (key == "author" || key == "dc.creator" || key == "parsely-author" || key == "sailthru.author") author.offer(6, content);
          else if (key == "article:author" && content.find("://") == std::string_view::npos) author.offer(7, content);
        }
        break;
      }
      default: break;
    }
  }
  for (const auto& one : json_ld.licenses) add_license(one, urls, out.licenses);
  out.site_name = site.value;
  out.title = !og_title.value.empty() ? title_of(og_title.value, site.value) : !page_title.value.empty() ? title_of(page_title.value, site.value) : heading.value;
  out.author = author.value.size() <= 200 ? author.value : std::string();
  out.published = published.value;
  out.canonical_url.clear();
  if (!canonical.value.empty()) urls.append_resolved(canonical.value, out.canonical_url);
  out.declared_lang = lang.value.size() <= 35 ? lang.value : std::string();
}

}  // namespace refine::html
