// Cheap facts about what kind of page this is, from one pass over the tree and its URL: what the page calls itself in
// structured data, which software made it, and words in the body's class and in the URL; and one guess drawn from them.
// Invariant: a pure function of tree and URL, linear in the tree; absent facts are zero. The rules of the guess, in order of
// trust, stand in page_type.cpp.
#pragma once
#include <cstdint>
#include <string_view>

#include "tree.h"

namespace refine::html {

struct JsonLd;

enum class PageType : uint8_t { kUnknown, kArticle, kForum, kDocumentation, kProduct, kListing, kRecipe, kQa, kHome };
std::string_view page_type_name(PageType type);  // "article", ...; empty for kUnknown

struct PageSigns {
  // Types that JSON-LD (its main entities, not what they mention), microdata (itemtype) or og:type declare.
  enum Type : uint32_t {
    kArticle = 1u << 0, kNews = 1u << 1, kBlogPost = 1u << 2, kTechArticle = 1u << 3, kRecipe = 1u << 4, kProduct = 1u << 5,
    kQuestion = 1u << 6, kDiscussion = 1u << 7, kCollection = 1u << 8, kItemList = 1u << 9, kWebSite = 1u << 10, kFaq = 1u << 11,
    kHowTo = 1u << 12, kEvent = 1u << 13, kVideo = 1u << 14, kReview = 1u << 15, kProfile = 1u << 16, kBook = 1u << 17,
    kJob = 1u << 18, kBusiness = 1u << 19, kWebPage = 1u << 20, kSoftware = 1u << 21,
    kOgArticle = 1u << 24, kOgProduct = 1u << 25, kOgWebSite = 1u << 26, kOgProfile = 1u << 27, kOgVideo = 1u << 28, kOgOther = 1u << 29,
    kManyArticles = 1u << 30,  // microdata has more than one article: a list of them
  };
  // Families of software: by <meta name=generator>, or by marks that only they leave (paths, ids, classes of the body).
  enum Generator : uint32_t {
    kWordpress = 1u << 0, kDrupal = 1u << 1, kJoomla = 1u << 2, kMediawiki = 1u << 3, kBlogger = 1u << 4, kPhpbb = 1u << 5,
    kVbulletin = 1u << 6, kXenforo = 1u << 7, kSmf = 1u << 8, kMybb = 1u << 9, kIpboard = 1u << 10, kDiscourse = 1u << 11,
    kDiscuz = 1u << 12, kWoltlab = 1u << 13, kSphinx = 1u << 14, kMkdocs = 1u << 15, kDocusaurus = 1u << 16, kDoxygen = 1u << 17,
    kJavadoc = 1u << 18, kMdbook = 1u << 19, kDocbook = 1u << 20, kHugo = 1u << 21, kJekyll = 1u << 22, kShopify = 1u << 23,
    kMagento = 1u << 24, kWoocommerce = 1u << 25, kPrestashop = 1u << 26, kTypo3 = 1u << 27, kGhost = 1u << 28, kMedium = 1u << 29,
    kOtherForum = 1u << 30, kOtherDocs = 1u << 31,
  };
  static constexpr uint32_t kForums = kPhpbb | kVbulletin | kXenforo | kSmf | kMybb | kIpboard | kDiscourse | kDiscuz | kWoltlab | kOtherForum;
  static constexpr uint32_t kDocs = kSphinx | kMkdocs | kDocusaurus | kDoxygen | kJavadoc | kMdbook | kDocbook | kOtherDocs;
  static constexpr uint32_t kShops = kShopify | kMagento | kWoocommerce | kPrestashop;
  // Whole words in the class and id of <html>, <body> and <main>.
  enum Body : uint32_t {
    kBodySingle = 1u << 0, kBodyArchive = 1u << 1, kBodyHome = 1u << 2, kBodyPage = 1u << 3, kBodyForum = 1u << 4, kBodyThread = 1u << 5,
    kBodyQuestion = 1u << 6, kBodyProduct = 1u << 7, kBodyCategory = 1u << 8, kBodySearch = 1u << 9, kBodyArticle = 1u << 10,
    kBodyError = 1u << 11, kBodyProfile = 1u << 12, kBodyDocs = 1u << 13, kBodyRecipe = 1u << 14,
  };
  // The page's address: the document's URL, or where that is unknown its canonical link.
  enum Url : uint32_t {
    kUrlKnown = 1u << 0, kUrlRoot = 1u << 1, kUrlDate = 1u << 2, kUrlForum = 1u << 3, kUrlThread = 1u << 4, kUrlQuestion = 1u << 5,
    kUrlProduct = 1u << 6, kUrlTag = 1u << 7, kUrlCategory = 1u << 8, kUrlSearch = 1u << 9, kUrlPaged = 1u << 10, kUrlHtml = 1u << 11,
    kUrlLongSlug = 1u << 12 /* three hyphens or more in the last part */, kUrlDocs = 1u << 13, kUrlWiki = 1u << 14, kUrlNews = 1u << 15 /* news, blog, article, story */,
    kUrlRecipe = 1u << 16, kUrlProfile = 1u << 17, kUrlNumber = 1u << 18 /* the last part holds five digits in a row */, kUrlIndex = 1u << 19 /* ends in a slash or index.* */,
    kUrlQuery = 1u << 20,
  };
  uint32_t types = 0, generator = 0, body = 0, url = 0;
  uint8_t url_depth = 0, slug_hyphens = 0;  // parts of the path; hyphens and underscores of the last one
  uint16_t articles = 0, times = 0, h1s = 0, h2s = 0, forms = 0;  // elements, capped at 65,535
  PageType guess = PageType::kUnknown;
};

PageSigns read_signs(const Tree& tree, std::string_view url);
// The same with JSON-LD that was read before (read_json_ld).
PageSigns read_signs(const Tree& tree, std::string_view url, const JsonLd& json_ld);

}  // namespace refine::html
