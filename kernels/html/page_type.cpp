// The rules, in order of trust: what the page declares of its main entity, what its software makes, the body's class, the
// URL, then counts of elements. The first rule that speaks decides; silence is kUnknown.
#include "page_type.h"

namespace refine::html {

std::string_view page_type_name(PageType type) {
  constexpr std::string_view kNames[] = {"", "article", "forum", "documentation", "product", "listing", "recipe", "qa", "home"};
  return kNames[size_t(type)];
}

PageType guess_page_type(const PageSigns& s) {
  using S = PageSigns;
  const auto type = [&](uint32_t bits) { return (s.types & bits) != 0; };
  const auto made = [&](uint32_t bits) { return (s.generator & bits) != 0; };
  const auto body = [&](uint32_t bits) { return (s.body & bits) != 0; };
  const auto url = [&](uint32_t bits) { return (s.url & bits) != 0; };
  const bool article = type(S::kArticle | S::kNews | S::kBlogPost | S::kTechArticle);
  const bool root = url(S::kUrlRoot);

  // A site's root is its home, unless one thing alone stands there.
  if (root && !type(S::kRecipe | S::kQuestion | S::kDiscussion) && !(article && !type(S::kManyArticles) && s.articles <= 1)) return PageType::kHome;
  // What the page declares.
  if (type(S::kRecipe)) return PageType::kRecipe;
  if (type(S::kQuestion) && !type(S::kFaq)) return PageType::kQa;
  if (type(S::kDiscussion)) return PageType::kForum;
  if (made(S::kDocs) && !article) return PageType::kDocumentation;
  if (made(S::kForums) && !article) return PageType::kForum;
  if (type(S::kTechArticle) && !type(S::kNews | S::kBlogPost)) return url(S::kUrlDocs) || made(S::kDocs) ? PageType::kDocumentation : PageType::kArticle;
  if (article && !type(S::kManyArticles)) return PageType::kArticle;
  if (type(S::kCollection | S::kManyArticles)) return PageType::kListing;
  if (type(S::kProduct | S::kOgProduct) && !type(S::kOgArticle)) return url(S::kUrlCategory | S::kUrlSearch) && !url(S::kUrlProduct) ? PageType::kListing : PageType::kProduct;
  // What its software calls it.
  if (body(S::kBodyHome) && !body(S::kBodySingle) && !type(S::kOgArticle)) return PageType::kHome;
  if (body(S::kBodyThread | S::kBodyForum) && !body(S::kBodySingle | S::kBodyArticle)) return PageType::kForum;
  if (body(S::kBodyQuestion)) return PageType::kQa;
  if (body(S::kBodyProduct) || (made(S::kShops) && url(S::kUrlProduct))) return PageType::kProduct;
  if (body(S::kBodyRecipe)) return PageType::kRecipe;
  if (body(S::kBodySingle)) return PageType::kArticle;
  if (body(S::kBodySearch) && url(S::kUrlSearch)) return PageType::kListing;
  if (body(S::kBodyCategory | S::kBodyArchive) && !type(S::kOgArticle)) return PageType::kListing;
  if (type(S::kOgArticle)) return PageType::kArticle;
  // The URL.
  if (url(S::kUrlThread) && url(S::kUrlForum | S::kUrlNumber | S::kUrlQuery)) return PageType::kForum;
  if (url(S::kUrlForum)) return PageType::kForum;
  if (url(S::kUrlQuestion) && url(S::kUrlNumber | S::kUrlLongSlug)) return PageType::kQa;
  if (url(S::kUrlTag | S::kUrlSearch | S::kUrlPaged) && !url(S::kUrlDate)) return PageType::kListing;
  if (url(S::kUrlRecipe) && url(S::kUrlLongSlug | S::kUrlNumber)) return PageType::kRecipe;
  if (url(S::kUrlDocs) && !url(S::kUrlNews)) return PageType::kDocumentation;
  if (s.articles >= 5 && !url(S::kUrlDate)) return PageType::kListing;
  if (url(S::kUrlDate | S::kUrlLongSlug)) return PageType::kArticle;
  if (made(S::kMediawiki) || url(S::kUrlWiki)) return PageType::kArticle;
  if (url(S::kUrlCategory)) return PageType::kListing;
  if (url(S::kUrlNews) && url(S::kUrlNumber | S::kUrlHtml)) return PageType::kArticle;
  if (url(S::kUrlProduct) && s.url_depth >= 2) return PageType::kProduct;
  if (s.articles == 1 || (s.times == 1 && s.h1s == 1)) return PageType::kArticle;
  return PageType::kUnknown;
}

}  // namespace refine::html
