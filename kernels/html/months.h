// Names of months in pages' languages.
#pragma once
#include <string_view>

namespace refine::html {
// 1 to 12 for a month's name or its common abbreviation, whatever its case; 13 for the Vietnamese and Indonesian word for
// month, which a number follows; 0 for any other word.
int month_of(std::string_view word);
}  // namespace refine::html
