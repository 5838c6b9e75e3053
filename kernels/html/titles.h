// A page's title: its headline, without the name of the site.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace refine::html {

struct TitleSources {
  std::string tag;       // <title>
  std::string og;        // og:title, else twitter:title
  std::string declared;  // JSON-LD's headline of the main entity, citation_title
  std::vector<std::string> headings;  // the page's first <h1>s
  std::string site;      // the site's name; may be empty
  std::string host_label;  // `example` of www.example.co.uk; may be empty
};
std::string choose_title(const TitleSources& from);
// "Headline | Site" and "Site - Headline" without the part that names the site.
std::string without_site(std::string_view title, std::string_view site, std::string_view host_label);
// The part of a <title> that names the site, by the host; empty where none does.
std::string site_in_title(std::string_view title, std::string_view host_label);
// Whether a name is the site's: its declared name, or its host's.
bool names_site(std::string_view part, std::string_view site, std::string_view host_label);
std::string host_label_of(std::string_view url);

}  // namespace refine::html
