// Words in class and id names, and the weights they give. Source of the lists: Mozilla's Readability.js (REGEXPS), with
// additions that are marked where they stand.
#pragma once
#include <string>
#include <string_view>

namespace refine::html {

// Lower-cases ASCII of "class id" into `out`.
void lower_names(std::string_view class_names, std::string_view id, std::string& out);
bool names_unlikely(std::string_view lower);   // furniture, unless maybe_content
bool names_maybe_content(std::string_view lower);
bool names_always_furniture(std::string_view lower);  // even beside a content word: cookie banners, comment threads
int name_weight(std::string_view lower);       // of one of class or id: -25, 0 or 25, or both
bool names_lead(std::string_view lower);       // ours: the standfirst between headline and body
// Ours: a short block that only leads elsewhere ("Read more", "Verwandte Artikel"); `text` is lower-case UTF-8, trimmed.
bool is_pointer_line(std::string_view text);

}  // namespace refine::html
