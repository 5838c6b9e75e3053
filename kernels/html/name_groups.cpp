// See name_groups.h. The words are those of templates in use: Readability's and trafilatura's lists taught which matter.
#include "name_groups.h"

#include <iterator>

#include "word_groups.h"

namespace refine::html {

const char* const kNameGroupNames[kGroupCount] = {"comment", "sidebar", "footer", "header", "nav", "breadcrumb", "related", "share", "ad", "author", "meta",
  "caption", "tag", "title", "content", "article", "recipe", "product", "forum", "user", "cookie", "search", "login",
  "newsletter", "pager", "hidden", "lead", "widget", "media", "toc", "code", "quote", "popup", "list", "answer",
  "legal", "print", "skip", "event", "teaser", "body", "promo"};

namespace {

constexpr WordGroup kGroups[] = {
  {kGroupComment, "comment kommentar disqus replies reply respond discussion livefyre"},
  {kGroupSidebar, "sidebar side-bar side_bar rail aside secondary rightcol leftcol right-col left-col col-right col-left marginal"},
  {kGroupFooter, "footer foot colophon bottom"},
  {kGroupHeader, "header masthead topbar top-bar kopf"},
  {kGroupNav, "nav menu toolbar tabs"},
  {kGroupBreadcrumb, "breadcrumb crumb pathway"},
  {kGroupRelated, "related recommend similar suggest readmore read-more outbrain taboola popular trending latest more- moreon also zergnet weitere mehr"},
  {kGroupShare, "share social sharing addthis follow tweet facebook twitter whatsapp pinterest"},
  {kGroupAd, "-ad- ad- -ad ads advert sponsor banner werbung anzeige dfp adsense doubleclick publi"},
  {kGroupAuthor, "author byline writer autor vcard contributor bio"},
  {kGroupMeta, "date time meta posted publish stamp datum info"},
  {kGroupCaption, "caption credit photo image img picture figure bild legend"},
  {kGroupTag, "tag categor kategor keyword topic label"},
  {kGroupTitle, "title headline heading titel"},
  {kGroupContent, "content inhalt contenido main hauptinhalt"},
  {kGroupArticle, "article artikel entry post story beitrag hentry blog"},
  {kGroupRecipe, "recipe ingredient instruction direction method zutat zubereit rezept step nutrition wprm tasty"},
  {kGroupProduct, "product price spec review rating sku cart shop"},
  {kGroupForum, "forum thread message postbody postcontent viewtopic msg board bbcode"},
  {kGroupUser, "user profile avatar signature member"},
  {kGroupCookie, "cookie consent gdpr privacy"},
  {kGroupSearch, "search suche"},
  {kGroupLogin, "login signin sign-in register account signup"},
  {kGroupNewsletter, "newsletter subscri abonn mailchimp"},
  {kGroupPager, "pagin pager paging page-num pagenav next prev"},
  {kGroupHidden, "hidden hide screen-reader sr-only visually offscreen collapse invisible noprint"},
  {kGroupLead, "lead intro standfirst deck dek summary subtitle subline subhead sub-head vorspann chapeau excerpt abstract ingress entradilla perex"},
  {kGroupWidget, "widget module box panel card"},
  {kGroupMedia, "gallery slider slideshow carousel media video player galerie"},
  {kGroupToc, "toc table-of inhaltsverz contents"},
  {kGroupCode, "code highlight syntax pre- source"},
  {kGroupQuote, "quote zitat pullout"},
  {kGroupPopup, "popup pop-up modal overlay dialog tooltip lightbox"},
  {kGroupList, "list items result grid archive feed stream loop"},
  {kGroupAnswer, "answer question vote accepted faq"},
  {kGroupLegal, "copyright disclaimer terms imprint impressum legal rights"},
  {kGroupPrint, "print email mail"},
  {kGroupSkip, "skip totop to-top backtop back-to"},
  {kGroupEvent, "event calendar location address contact"},
  {kGroupTeaser, "teaser preview snippet"},
  {kGroupBody, "body text prose markdown rich wysiwyg description"},
  {kGroupPromo, "promo paywall premium donate campaign cta offer"},
};

}  // namespace

uint64_t name_groups(std::string_view names) {
  static const WordGroups words(kGroups, std::size(kGroups));
  return words.find(names.substr(0, kNamesRead));
}

}  // namespace refine::html
