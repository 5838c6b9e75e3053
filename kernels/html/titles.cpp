// See titles.h.
#include "titles.h"

#include <algorithm>

#include "plain_value.h"

namespace refine::html {
namespace {

constexpr std::string_view kMarks[] = {" | ", " - ", " – ", " — ", " :: ", " » ", " « ", " · ", " • ", " › ", " / ", " // ", " ~ ", " ‹ ", " ≫ ", "｜", " ❘ ", " ⋆ ", " ★ ", " → ", " ▷ ", " ► ", " + ", " : ", ": ", " │ ", "│", " @ ", " < ", " > ", "_", " >> ", " << ", " ∙ ", " ◦ ", " ● ", " ∣ ", "丨", "－", " ‒ ", " − "};

struct Cut { size_t at, size; };
std::vector<Cut> cuts_of(std::string_view title) {
  std::vector<Cut> out;
  for (const auto& mark : kMarks)
    for (size_t at = title.find(mark); at != std::string_view::npos && out.size() < 64; at = title.find(mark, at + mark.size() - (mark.back() == ' '))) out.push_back({at, mark.size()});
  std::sort(out.begin(), out.end(), [](const Cut& a, const Cut& b) { return a.at < b.at; });
  return out;
}

size_t words_of(std::string_view text) {
  size_t words = text.empty() ? 0 : 1, wide = 0;
  for (unsigned char c : text) {
    words += c == ' ';
    wide += c >= 0xE3 && c < 0xEE;  // lead bytes of Chinese, Japanese, Korean: two of their letters make a word
  }
  return words + wide / 2;
}

bool holds(std::string_view whole, std::string_view part) {
  const std::string w = folded(whole), p = folded(part);
  return !p.empty() && w.find(p) != std::string::npos;
}

// "Press releases | The council decides on a new bridge": a heading of a word or two that is one part of the title, beside
// a part that is longer, is a section or the site.
bool is_lesser_part(std::string_view title, std::string_view heading) {
  const auto cuts = cuts_of(title);
  if (cuts.empty() || words_of(heading) > 2) return false;
  const std::string key = folded(heading);
  bool is_part = false, longer = false;
  size_t from = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t to = i < cuts.size() ? cuts[i].at : title.size();
    const auto part = title.substr(from, to > from ? to - from : 0);
    if (folded(part) == key) is_part = true;
    else longer |= words_of(part) >= 4;
    if (i < cuts.size()) from = cuts[i].at + cuts[i].size;
  }
  return is_part && longer;
}

}  // namespace

bool names_site(std::string_view part, std::string_view site, std::string_view label) {
  const std::string key = folded(part, 200);
  if (key.empty()) return false;
  const std::string name = folded(site, 200);
  if (!name.empty() && (key == name || (name.size() >= 4 && key.size() <= name.size() + 24 && key.find(name) != std::string::npos) || (key.size() >= 4 && name.find(key) != std::string::npos))) return true;
  const std::string host = folded(label, 100);
  if (host.size() < 3) return false;
  if (key == host) return true;
  if (host.size() >= 4 && key.size() <= host.size() + 16 && key.find(host) != std::string::npos) return true;
  return key.size() >= 4 && key.size() * 2 >= host.size() && host.find(key) != std::string::npos;
}

std::string without_site(std::string_view title, std::string_view site, std::string_view label) {
  std::string_view rest = title;
  for (int i = 0; i < 3; ++i) {  // "Headline - Section - Site" loses Site only; a second pass takes a site named twice
    const auto cuts = cuts_of(rest);
    if (cuts.empty()) break;
    const auto& last = cuts.back();
    const auto& first = cuts.front();
    if (names_site(rest.substr(last.at + last.size), site, label) && !is_blank(rest.substr(0, last.at))) rest = rest.substr(0, last.at);
    else if (names_site(rest.substr(0, first.at), site, label) && !is_blank(rest.substr(first.at + first.size))) rest = rest.substr(first.at + first.size);
    else break;
  }
  return plain_value(rest);
}

std::string site_in_title(std::string_view title, std::string_view label) {
  const auto cuts = cuts_of(title);
  if (cuts.empty()) return {};
  const auto last = title.substr(cuts.back().at + cuts.back().size), first = title.substr(0, cuts.front().at);
  if (last.size() <= 60 && names_site(last, {}, label)) return plain_value(last);
  if (first.size() <= 60 && names_site(first, {}, label)) return plain_value(first);
  return {};
}

std::string host_label_of(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string host = lower_ascii(url.substr(scheme + 3), 255);
  host = host.substr(0, host.find_first_of("/?#:"));
  if (const size_t at = host.find('@'); at != std::string::npos) host = host.substr(at + 1);
  // the longest label before the last: `example` of www.example.co.uk, `myblog` of myblog.wordpress.com
  std::string best;
  std::vector<std::string> labels;
  for (size_t at = 0; at <= host.size();) {
    size_t end = host.find('.', at);
    if (end == std::string::npos) end = host.size();
    labels.push_back(host.substr(at, end - at));
    at = end + 1;
  }
  if (labels.size() < 2) return {};
  labels.pop_back();
  for (auto& label : labels) {
    if (label == "www" || label == "wordpress" || label == "blogspot" || label == "tumblr" || label == "typepad" || label == "github") continue;
    if (label.size() >= best.size()) best = label;
  }
  return best;
}

std::string choose_title(const TitleSources& from) {
  const std::string tag = without_site(from.tag, from.site, from.host_label);
  const std::string og = without_site(from.og, from.site, from.host_label);
  const std::string declared = without_site(from.declared, from.site, from.host_label);
  // A heading that the head of the page repeats is its headline, unless it names the site or a section of it.
  std::string lone;
  size_t usable = 0;
  for (const auto& whole : from.headings) {
    const std::string heading = without_site(whole, from.site, from.host_label);
    if (folded(heading).size() < 6 || names_site(heading, from.site, from.host_label)) continue;
    ++usable;
    if (lone.empty()) lone = heading;
    const bool known = holds(from.tag, heading) || holds(from.og, heading) || holds(from.declared, heading);
    if (!known || is_lesser_part(from.tag, heading)) continue;
    // "The Open Journalism Project:" is the first part of a title that is declared whole
    if (heading.back() == ':')
      for (const std::string* longer : {&declared, &og})
        if (holds(*longer, heading) && longer->size() > heading.size()) return *longer;
    return heading;
  }
  if (usable == 1 && words_of(lone) >= 3 && from.headings.size() == 1) return lone;  // the one heading that readers see
  if (!declared.empty()) return declared;
  if (!og.empty()) return og;
  if (!tag.empty()) return tag;
  return lone.empty() && !from.headings.empty() ? from.headings.front() : lone;
}

}  // namespace refine::html
