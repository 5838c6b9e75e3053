// What class and id names say, as a set of word groups: "comment", "footer", "ingredient" ... Words match anywhere in a name
// (word_groups.h).
// Invariant: a mask is a pure function of the bytes; at most kNamesRead bytes of a name list are read.
#pragma once
#include <cstdint>
#include <string_view>

namespace refine::html {

enum NameGroup : uint8_t {
  kGroupComment, kGroupSidebar, kGroupFooter, kGroupHeader, kGroupNav, kGroupBreadcrumb, kGroupRelated, kGroupShare, kGroupAd, kGroupAuthor, kGroupMeta,
  kGroupCaption, kGroupTag, kGroupTitle, kGroupContent, kGroupArticle, kGroupRecipe, kGroupProduct, kGroupForum, kGroupUser, kGroupCookie, kGroupSearch, kGroupLogin,
  kGroupNewsletter, kGroupPager, kGroupHidden, kGroupLead, kGroupWidget, kGroupMedia, kGroupToc, kGroupCode, kGroupQuote, kGroupPopup, kGroupList, kGroupAnswer,
  kGroupLegal, kGroupPrint, kGroupSkip, kGroupEvent, kGroupTeaser, kGroupBody, kGroupPromo, kGroupCount
};
extern const char* const kNameGroupNames[kGroupCount];

constexpr size_t kNamesRead = 512;  // bytes of one attribute: longer lists are built by scripts, not by people

// A bit a group, for the words in `names`.
uint64_t name_groups(std::string_view names);

}  // namespace refine::html
