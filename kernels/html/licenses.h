// Licences of a page's content: rel=license, JSON-LD and Dublin Core, and links to creativecommons.org at the foot of a page.
// A Creative Commons licence is written one way, https://creativecommons.org/licenses/by-sa/3.0/de/; another link as its
// resolved URL, words as they stand.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "refine/whatwg_url.h"
#include "tree.h"

namespace refine::html {

constexpr size_t kMaxLicenses = 8;

// The canonical form of a Creative Commons licence or dedication in a URL; empty for another URL.
std::string creative_commons(std::string_view url);
// Licences that links and lines of text give to the page as a whole, as written; those of a picture are left out.
std::vector<std::string> read_licenses(const Tree& tree);
// `value` is a URL (absolute or not) or words such as "CC BY 4.0"; doubles are left out.
void add_license(std::string_view value, UrlResolver& urls, std::vector<std::string>& out);

}  // namespace refine::html
