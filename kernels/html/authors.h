// Names of authors as pages write them, made plain: "By JANE DOE, Staff Writer | Updated ..." is `JANE DOE`.
// Several names are joined by "; ". What is no name (URLs, e-mail addresses, the site itself, `admin`, a sentence) is empty.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace refine::html {

constexpr size_t kMaxAuthor = 200;  // bytes of the column

// One name or a byline; empty where it is none.
std::string clean_author(std::string_view text);
// True where a byline's marker ("By ", "Von ", "Por ", "作者:") opens the text; `rest` is what follows it.
// `labelled` says whether a colon stood there.
bool opens_byline(std::string_view text, std::string_view* rest, bool* labelled = nullptr);
// Companies, editorial desks and hosts, by the words they call themselves.
bool is_company(std::string_view name);
// Names without doubles, joined; at most kMaxAuthor bytes.
std::string join_authors(const std::vector<std::string>& names);

}  // namespace refine::html
