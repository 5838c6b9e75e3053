// See licenses.h.
#include "licenses.h"

#include <algorithm>

#include "meta_tags.h"
#include "plain_value.h"

namespace refine::html {
namespace {

bool is_version(std::string_view s) {
  return s.size() == 3 && s[0] >= '1' && s[0] <= '4' && s[1] == '.' && s[2] >= '0' && s[2] <= '9';
}
bool is_kind(std::string_view s) {
  for (const char* one : {"by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd", "by-nd-nc", "nc-sa", "nc", "nd", "sa", "zero", "mark", "publicdomain", "certification", "sampling+"}) if (s == one) return true;
  return false;
}
bool is_country(std::string_view s) {
  if (s == "igo" || s == "scotland") return true;
  return s.size() == 2 && s[0] >= 'a' && s[0] <= 'z' && s[1] >= 'a' && s[1] <= 'z';
}

// "CC BY-SA 4.0", "CC-BY-4.0", "cc0 1.0" in words.
std::string in_words(std::string_view text) {
  std::string s = lower_ascii(text, 60);
  std::replace(s.begin(), s.end(), ' ', '-');
  if (s.rfind("creative-commons-", 0) == 0) s = "cc-" + s.substr(17);
  if (s.rfind("cc0", 0) == 0) return "https://creativecommons.org/publicdomain/zero/1.0/";
  if (s.rfind("cc-", 0) != 0) return {};
  s = s.substr(3);
  size_t end = s.find_first_of("0123456789");
  if (end == std::string::npos) end = s.size();
  std::string kind = s.substr(0, end);
  while (!kind.empty() && kind.back() == '-') kind.pop_back();
  if (!is_kind(kind)) return {};
  const std::string version = s.substr(end, 3);
  return "https://creativecommons.org/licenses/" + kind + "/" + (is_version(version) ? version + "/" : "");
}

}  // namespace

std::string creative_commons(std::string_view url) {
  const std::string lower = lower_ascii(url, 300);
  const size_t host = lower.find("creativecommons.org/");
  // an archive's copy has the address behind its own
  if (host == std::string::npos || host > 100 || (host > 0 && lower[host - 1] != '/' && lower[host - 1] != '.')) return {};
  const std::string_view path = std::string_view(lower).substr(host + 20);
  std::string out = "https://creativecommons.org/";
  bool kind = false, version = false;
  int parts = 0;
  for (size_t at = 0; at < path.size() && parts < 4; ++parts) {
    size_t end = path.find_first_of("/?#", at);
    if (end == std::string_view::npos) end = path.size();
    const auto part = path.substr(at, end - at);
    if (parts == 0) {
      if (part != "licenses" && part != "licences" && part != "publicdomain") return {};
      out += part == "publicdomain" ? "publicdomain/" : "licenses/";
    } else if (parts == 1) {
      if (!is_kind(part)) return {};
      kind = true;
      out += std::string(part) + "/";
    } else if (parts == 2) {
      if (!is_version(part)) break;
      version = true;
      out += std::string(part) + "/";
    } else if (version && is_country(part)) {
      out += std::string(part) + "/";
    }
    if (end >= path.size() || path[end] != '/') break;
    at = end + 1;
  }
  return kind ? out : std::string();
}

namespace {

// A licence named in a line of words: "... steht unter CC BY-NC-ND 4.0".
std::string license_in_text(std::string_view text) {
  for (size_t at = text.find("CC"); at != std::string_view::npos; at = text.find("CC", at + 2)) {
    if (at > 0 && ((text[at - 1] | 0x20) >= 'a' && (text[at - 1] | 0x20) <= 'z')) continue;
    const auto rest = text.substr(at, 40);
    size_t end = 2;  // letters, digits, hyphens, dots and single spaces that a licence's name is made of
    while (end < rest.size() && std::string_view(" -.0123456789BYSANCDbysancd").find(rest[end]) != std::string_view::npos) ++end;
    for (size_t n = end; n > 3; --n)
      if (std::string found = in_words(rest.substr(0, n)); !found.empty()) return found;
  }
  return {};
}

// Whether the words around a link are about the page as a whole: the foot, a side bar, a note on copyright; not a picture's.
bool is_about_page(const Tree& tree, uint32_t node, bool at_foot) {
  bool about = at_foot;
  int climbed = 0;
  for (uint32_t up = tree.nodes[node].parent; up != kNone && climbed < 10; up = tree.nodes[up].parent, ++climbed) {
    const Node& n = tree.nodes[up];
    if (n.type != NodeType::kElement) break;
    if (n.name == k_figure || n.name == k_figcaption || n.name == k_table) return false;
    if (n.name == k_footer || n.name == k_aside) about = true;
    const std::string names = lower_ascii(tree.attribute(up, kAttr_class_), 200) + " " + lower_ascii(tree.attribute(up, kAttr_id), 100);
    if (names.find("caption") != std::string::npos) return false;
    for (const char* word : {"widget", "sidebar", "footer", "copyright", "license", "lizenz", "licence", "colophon", "creative"}) about |= names.find(word) != std::string::npos;
  }
  return about;
}

}  // namespace

std::vector<std::string> read_licenses(const Tree& tree) {
  std::vector<std::string> out;
  const uint32_t total = uint32_t(tree.nodes.size());
  uint32_t asked = 0;
  for (uint32_t node = 0; node < total && out.size() < kMaxLicenses; ++node) {
    const Node& n = tree.nodes[node];
    const bool at_foot = node > total / 5 * 4;
    if (asked > 200) break;
    if (n.type == NodeType::kText) {
      const auto text = tree.text_of(node);
      if (text.size() > 400 || text.find("CC") == std::string_view::npos || n.parent == kNone || tree.is(n.parent, k_script) || tree.is(n.parent, k_style)) continue;
      ++asked;
      std::string found = license_in_text(text);
      if (!found.empty() && is_about_page(tree, node, at_foot)) out.push_back(std::move(found));
      continue;
    }
    if (n.type != NodeType::kElement || n.ns != Namespace::kHtml || (n.name != k_a && n.name != k_link && n.name != k_area) || n.size == 0) continue;
    const auto href = tree.attribute(node, kAttr_href);
    if (href.empty() || href.size() > 2000) continue;
    const bool declared = has_rel(tree.attribute(node, kAttr_rel), "license");
    if (!declared && href.find("creativecommons.org/") == std::string_view::npos) continue;
    ++asked;
    if (declared ? n.name == k_link || is_about_page(tree, node, true) : !creative_commons(href).empty() && is_about_page(tree, node, at_foot)) out.emplace_back(href);
  }
  return out;
}

void add_license(std::string_view value, UrlResolver& urls, std::vector<std::string>& out) {
  if (out.size() >= kMaxLicenses) return;
  const std::string plain = plain_value(value, 500);
  if (plain.empty()) return;
  std::string license = creative_commons(plain);
  if (license.empty()) license = in_words(plain);
  if (license.empty()) {
    const bool words = plain.find(' ') != std::string::npos || plain.find_first_of("/.#") == std::string::npos;
    if (words) license = plain.substr(0, plain.size() <= 200 ? plain.size() : 0);
    else if (!urls.append_resolved(plain, license)) return;
  }
  if (license.empty() || license.size() > kMaxValue) return;
  // a licence named with its version says more than the same without
  for (auto& one : out) {
    if (one == license || one.rfind(license, 0) == 0) return;
    if (license.rfind(one, 0) == 0) { one = std::move(license); return; }
  }
  out.push_back(std::move(license));
}

}  // namespace refine::html
