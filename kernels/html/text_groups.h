// What the words of a short block say: that it asks to share, names a date, sells a subscription ... A set of word groups in
// the languages most met; a hint among others, so that a page in another language loses only this hint.
#pragma once
#include <cstdint>
#include <string_view>

namespace refine::html {

enum TextGroup : uint8_t {
  kTextShare, kTextComment, kTextMore, kTextAd, kTextLegal, kTextDate, kTextBy, kTextPhoto, kTextSubscribe, kTextLogin, kTextTags, kTextCounts, kTextRecipe, kTextPrice,
  kTextCookie, kTextNav, kTextGroupCount
};
extern const char* const kTextGroupNames[kTextGroupCount];

uint64_t text_groups(std::string_view text);

}  // namespace refine::html
