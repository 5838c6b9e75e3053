// See element_cues.h. Readability's rules unless a comment says otherwise.
#include "element_cues.h"

#include "cues.h"

namespace refine::html {
namespace {

bool hides(std::string_view style) {
  std::string flat;
  for (char c : style.substr(0, 512)) if (c != ' ') flat.push_back(c >= 'A' && c <= 'Z' ? char(c + 32) : c);
  return flat.find("display:none") != std::string::npos || flat.find("visibility:hidden") != std::string::npos;
}

bool shares(std::string_view s) {  // Readability's (\b|_)(share|sharedaddy)(\b|_)
  for (size_t i = s.find("share"); i != std::string_view::npos; i = s.find("share", i + 1)) {
    const bool left = i == 0 || !((s[i - 1] >= 'a' && s[i - 1] <= 'z') || (s[i - 1] >= '0' && s[i - 1] <= '9'));
    size_t to = i + 5;
    if (s.substr(to).starts_with("daddy")) to += 5;
    const bool right = to >= s.size() || !((s[to] >= 'a' && s[to] <= 'z') || (s[to] >= '0' && s[to] <= '9'));
    if (left && right) return true;
  }
  return false;
}

bool names_author(std::string_view names) {
  for (const char* word : {"byline", "author", "dateline", "writtenby"}) if (names.find(word) != std::string_view::npos) return true;
  return false;
}

}  // namespace

uint32_t ElementCues::read_attributes(uint32_t node) const {
  const auto attribute = [&](uint32_t name) { return tree_.attribute(node, name); };
  const auto class_names = attribute(kAttr_class_), style = attribute(kAttr_style), href = attribute(kAttr_href), role = attribute(kAttr_role);
  uint32_t set = 0;
  if (!style.empty() && hides(style)) set |= kHidden;
  if (tree_.has_attribute(node, kAttr_hidden)) set |= kHidden;
  if (attribute(kAttr_aria_hidden) == "true" && class_names.find("fallback-image") == std::string_view::npos) set |= kHidden;
  if (role == "menu" || role == "menubar" || role == "complementary" || role == "navigation" || role == "alert" || role == "alertdialog" || role == "dialog" || role == "search" || role == "contentinfo") set |= kAside;
  if (!href.empty() && href[0] != '#') set |= kLink;  // a link inside the page weighs less; an anchor without href is none
  const auto class_has = [&](std::string_view word) { return class_names.find(word) != std::string_view::npos; };
  if (class_names.size() < 6) return set;
  if (class_has("lineno") || class_has("line-number") || class_has("linenumber")) set |= kLineNumbers;
  if (class_has("gutter")) set |= kGutter;
  return set;
}

uint32_t ElementCues::read(uint32_t node, Part part) const {
  if (part == kAttributesRead) return read_attributes(node);
  const auto class_names = tree_.attribute(node, kAttr_class_), id = tree_.attribute(node, kAttr_id);
  std::string names;
  if (part == kWeightRead) {
    const auto weight_of = [&](std::string_view text) {
      lower_names(text, {}, names);
      return names.size() > 2 ? name_weight(names) : 0;
    };
    const int weight = weight_of(class_names);
    return uint32_t((weight + weight_of(id)) / 25 + 2) << kWeightShift;
  }
  lower_names(class_names, id, names);
  if (names.size() <= 2) return 0;
  if (part == kLeadRead) return names_lead(names) ? uint32_t{kLead} : 0;
  if (part == kSharesRead) return shares(names) ? uint32_t{kShares} : 0;
  uint32_t set = 0;
  if (names_unlikely(names) && !names_maybe_content(names)) set |= kUnlikely;
  if (names_always_furniture(names)) set |= kFurniture;
  if (tree_.attribute(node, kAttr_rel) == "author" || tree_.attribute(node, kAttr_itemprop).find("author") != std::string_view::npos || names_author(names)) set |= kByline;
  return set;
}

}  // namespace refine::html
