// See page_signs.h. One pass; every attribute is looked at a bounded number of bytes deep.
#include "page_signs.h"

#include <algorithm>
#include <array>
#include <vector>

#include "json_ld.h"
#include "page_type.h"
#include "plain_value.h"
#include "url_hints.h"

namespace refine::html {
namespace {

using S = PageSigns;
struct Mark { std::string_view text; uint32_t bit; };

// The beginning of <meta name=generator>.
constexpr Mark kGenerators[] = {
    {"wordpress", S::kWordpress}, {"woocommerce", S::kWoocommerce}, {"drupal", S::kDrupal}, {"joomla", S::kJoomla}, {"mediawiki", S::kMediawiki}, {"blogger", S::kBlogger},
    {"phpbb", S::kPhpbb}, {"vbulletin", S::kVbulletin}, {"xenforo", S::kXenforo}, {"mybb", S::kMybb}, {"discourse", S::kDiscourse}, {"discuz", S::kDiscuz}, {"burning board", S::kWoltlab},
    {"woltlab", S::kWoltlab}, {"flarum", S::kOtherForum}, {"vanilla", S::kOtherForum}, {"nodebb", S::kOtherForum}, {"docutils", S::kSphinx}, {"sphinx", S::kSphinx}, {"mkdocs", S::kMkdocs},
    {"docusaurus", S::kDocusaurus}, {"doxygen", S::kDoxygen}, {"javadoc", S::kJavadoc}, {"mdbook", S::kMdbook}, {"docbook", S::kDocbook}, {"gitbook", S::kOtherDocs}, {"vuepress", S::kOtherDocs},
    {"antora", S::kOtherDocs}, {"rustdoc", S::kOtherDocs}, {"asciidoctor", S::kOtherDocs}, {"starlight", S::kOtherDocs}, {"hugo", S::kHugo}, {"jekyll", S::kJekyll}, {"shopify", S::kShopify},
    {"magento", S::kMagento}, {"prestashop", S::kPrestashop}, {"typo3", S::kTypo3}, {"ghost", S::kGhost},
};
// Parts of the addresses of scripts, style sheets and links in the head: only this software has them.
constexpr Mark kAddresses[] = {
    {"wp-content/", S::kWordpress}, {"wp-includes/", S::kWordpress}, {"plugins/woocommerce/", S::kWoocommerce}, {"sites/default/files/", S::kDrupal}, {"misc/drupal.js", S::kDrupal},
    {"media/jui/", S::kJoomla}, {"media/system/js/", S::kJoomla}, {"load.php?", S::kMediawiki}, {"typo3temp/", S::kTypo3}, {"typo3conf/", S::kTypo3}, {"cdn.shopify.com", S::kShopify},
    {"skin/frontend/", S::kMagento}, {"static/frontend/", S::kMagento}, {"static/version", S::kMagento}, {"clientscript/vbulletin", S::kVbulletin}, {"js/xf/", S::kXenforo},
    {"js/xenforo/", S::kXenforo}, {"_static/doctools.js", S::kSphinx}, {"_static/documentation_options.js", S::kSphinx}, {"_static/pygments.css", S::kSphinx}, {"smf_", S::kSmf},
    {"jscripts/general.js?ver", S::kMybb}, {"mybb", S::kMybb}, {"public/style_css/css_", S::kIpboard}, {"applications/core/interface/", S::kIpboard}, {"wcf/", S::kWoltlab},
    {"wcf.combined", S::kWoltlab}, {"styles/prosilver/", S::kPhpbb}, {"doxygen.css", S::kDoxygen}, {"rustdoc", S::kOtherDocs}, {"cdn-client.medium.com", S::kMedium}, {"miro.medium.com", S::kMedium},
    {"static/image/common/", S::kDiscuz},
};
// Whole words, or beginnings that end in a hyphen, of class and id of <html>, <body> and <main>.
constexpr Mark kBodyWords[] = {
    {"single", S::kBodySingle}, {"single-", S::kBodySingle}, {"postid-", S::kBodySingle}, {"post-template", S::kBodySingle}, {"node-type-article", S::kBodyArticle}, {"page-node-type-article", S::kBodyArticle},
    {"archive", S::kBodyArchive}, {"blog", S::kBodyArchive}, {"tag-", S::kBodyCategory}, {"category", S::kBodyCategory}, {"category-", S::kBodyCategory}, {"tax-", S::kBodyCategory}, {"tag", S::kBodyCategory},
    {"home", S::kBodyHome}, {"front", S::kBodyHome}, {"homepage", S::kBodyHome}, {"frontpage", S::kBodyHome}, {"is-home", S::kBodyHome}, {"page-home", S::kBodyHome}, {"template-index", S::kBodyHome},
    {"page", S::kBodyPage}, {"page-template", S::kBodyPage}, {"page-id-", S::kBodyPage}, {"forum", S::kBodyForum}, {"forums", S::kBodyForum}, {"bbpress", S::kBodyForum}, {"section-viewforum", S::kBodyForum},
    {"forumdisplay", S::kBodyForum}, {"forum_view", S::kBodyForum}, {"thread", S::kBodyThread}, {"topic", S::kBodyThread}, {"viewtopic", S::kBodyThread}, {"section-viewtopic", S::kBodyThread},
    {"showthread", S::kBodyThread}, {"thread_view", S::kBodyThread}, {"template-thread_view", S::kBodyThread}, {"tplthread", S::kBodyThread}, {"pg_viewthread", S::kBodyThread}, {"single-topic", S::kBodyThread},
    {"question", S::kBodyQuestion}, {"question-page", S::kBodyQuestion}, {"product", S::kBodyProduct}, {"single-product", S::kBodyProduct}, {"template-product", S::kBodyProduct},
    {"catalog-product-view", S::kBodyProduct}, {"product-page", S::kBodyProduct}, {"productpage", S::kBodyProduct}, {"catalog-category-view", S::kBodyCategory}, {"template-collection", S::kBodyCategory},
    {"tax-product_cat", S::kBodyCategory}, {"search", S::kBodySearch}, {"search-results", S::kBodySearch}, {"searchresults", S::kBodySearch}, {"article", S::kBodyArticle}, {"article-page", S::kBodyArticle},
    {"story", S::kBodyArticle}, {"post", S::kBodyArticle}, {"template-article", S::kBodyArticle}, {"item-view", S::kBodyArticle}, {"error404", S::kBodyError}, {"author", S::kBodyProfile},
    {"profile", S::kBodyProfile}, {"docs", S::kBodyDocs}, {"docs-wrapper", S::kBodyDocs}, {"documentation", S::kBodyDocs}, {"recipe", S::kBodyRecipe}, {"single-recipe", S::kBodyRecipe},
    {"wprm-recipe", S::kBodyRecipe},
};
// Words there that give the software away.
constexpr Mark kBodySoftware[] = {
    {"wp-", S::kWordpress}, {"mediawiki", S::kMediawiki}, {"woocommerce", S::kWoocommerce}, {"woocommerce-page", S::kWoocommerce}, {"com_content", S::kJoomla}, {"phpbb", S::kPhpbb}, {"xf", S::kXenforo},
    {"xenforo", S::kXenforo}, {"vbulletin", S::kVbulletin}, {"ipsapp", S::kIpboard}, {"ipboard_body", S::kIpboard}, {"nv_forum", S::kDiscuz}, {"nv_group", S::kDiscuz}, {"tplthread", S::kWoltlab},
    {"discourse", S::kDiscourse}, {"prestashop", S::kPrestashop}, {"wy-body-for-nav", S::kSphinx}, {"docs-wrapper", S::kDocusaurus}, {"rustdoc", S::kOtherDocs}, {"bbpress", S::kOtherForum},
};
// Where forums name their makers: a short link at the foot of the page.
constexpr Mark kMakers[] = {
    {"phpbb.com", S::kPhpbb}, {"phpbb.de", S::kPhpbb}, {"vbulletin.com", S::kVbulletin}, {"xenforo.com", S::kXenforo}, {"simplemachines.org", S::kSmf}, {"mybb.com", S::kMybb}, {"mybb.de", S::kMybb},
    {"invisioncommunity.com", S::kIpboard}, {"invisionpower.com", S::kIpboard}, {"discuz.net", S::kDiscuz}, {"comsenz.com", S::kDiscuz}, {"woltlab.com", S::kWoltlab}, {"woltlab.de", S::kWoltlab},
    {"punbb", S::kOtherForum}, {"fluxbb.org", S::kOtherForum}, {"discourse.org", S::kDiscourse}, {"sphinx-doc.org", S::kSphinx}, {"doxygen.org", S::kDoxygen}, {"doxygen.nl", S::kDoxygen},
};

template <size_t N>
uint32_t found_in(const Mark (&marks)[N], std::string_view text) {
  uint32_t bits = 0;
  for (const auto& one : marks) if (text.find(one.text) != std::string_view::npos) bits |= one.bit;
  return bits;
}
template <size_t N>
uint32_t words_in(const Mark (&marks)[N], std::string_view names) {
  uint32_t bits = 0;
  for (size_t at = 0; at < names.size();) {
    size_t end = names.find_first_of(" \t\r\n\f", at);
    if (end == std::string_view::npos) end = names.size();
    const auto word = names.substr(at, end - at);
    at = end + 1;
    for (const auto& one : marks)
      if (word == one.text || (one.text.back() == '-' && word.size() > one.text.size() && word.rfind(one.text, 0) == 0)) bits |= one.bit;
  }
  return bits;
}

// The marks of kAddresses in one pass: at each letter only the marks that begin with it are compared.
uint32_t marks_in_address(std::string_view where) {
  static const auto by_letter = [] {
    std::array<std::vector<const Mark*>, 128> lists;
    for (const auto& one : kAddresses) lists[size_t(one.text[0])].push_back(&one);
    return lists;
  }();
  uint32_t bits = 0;
  for (size_t at = 0; at < where.size(); ++at) {
    const unsigned char c = static_cast<unsigned char>(where[at]);
    if (c >= 128) continue;
    for (const Mark* one : by_letter[c])
      if (where.substr(at, one->text.size()) == one->text) bits |= one->bit;
  }
  return bits;
}

class SignReader {
 public:
  explicit SignReader(const Tree& tree) : tree_(tree) {}

  PageSigns signs;
  std::string canonical;

  void read() {
    const auto count = [](uint16_t& n) { if (n < 65535) ++n; };
    int comments = 0;
    for (uint32_t node = 0; node < tree_.nodes.size(); ++node) {
      const Node& n = tree_.nodes[node];
      if (n.type == NodeType::kComment && comments < 20) { ++comments; comment(tree_.text_of(node).substr(0, 200)); continue; }
      if (n.type != NodeType::kElement || n.ns != Namespace::kHtml || n.parent == kNone) continue;
      if (n.size > 0 && !n.copied && tree_.has_attribute(node, kAttr_itemtype)) item(tree_.attribute(node, kAttr_itemtype));
      switch (n.name) {
        case k_html: case k_body: all_names(node); break;
        case k_main: names(node); break;
        case k_article: count(signs.articles); break;
        case k_time: count(signs.times); break;
        case k_h1: count(signs.h1s); break;
        case k_h2: count(signs.h2s); break;
        case k_form: count(signs.forms); break;
        case k_meta: meta(node); break;
        case k_link:
          if (canonical.empty() && lower_ascii(tree_.attribute(node, kAttr_rel)) == "canonical") canonical = tree_.attribute(node, kAttr_href).substr(0, 4096);
          address(tree_.attribute(node, kAttr_href));
          break;
        case k_script: address(tree_.attribute(node, kAttr_src)); break;
        case k_a:
          if (node > tree_.nodes.size() / 4 * 3) maker(node);
          break;
        default: break;
      }
    }
  }
  int microdata_articles() const { return articles_; }

 private:
  void names(uint32_t node) {
    for (uint32_t attribute : {uint32_t(kAttr_class_), uint32_t(kAttr_id)}) {
      const std::string words = lower_ascii(tree_.attribute(node, attribute), 2000);
      signs.body |= words_in(kBodyWords, words);
      signs.generator |= words_in(kBodySoftware, words);
    }
  }
  // <html data-template="thread_view">, <body data-pagetype="..."> say it in attributes of their own.
  void all_names(uint32_t node) {
    names(node);
    const Node& n = tree_.nodes[node];
    for (uint32_t i = 0; i < n.size; ++i) {
      const NodeAttribute& a = tree_.attributes[n.begin + i];
      if (tree_.attribute_names.name(a.name).rfind("data-", 0) == 0) signs.body |= words_in(kBodyWords, lower_ascii(tree_.span(a.begin, a.size), 100));
    }
  }
  void item(std::string_view type) {
    if (++items_ > 2000) return;
    const uint32_t bit = schema_type_bit(type.substr(0, 100));
    constexpr uint32_t kArticles = S::kArticle | S::kNews | S::kBlogPost;
    if (bit & kArticles) ++articles_;
    if (bit & S::kProduct) ++products_;
    // Many of a kind are a list of them; what a list names is not what the page is.
    if ((bit & kArticles && articles_ > 2)) { signs.types = (signs.types & ~kArticles) | S::kManyArticles; return; }
    if (bit & S::kProduct && products_ > 2) { signs.types = (signs.types & ~uint32_t(S::kProduct)) | S::kItemList; return; }
    signs.types |= bit & ~uint32_t(S::kWebSite | S::kBusiness | S::kReview | S::kVideo | S::kEvent);
  }
  void meta(uint32_t node) {
    const auto content = tree_.attribute(node, kAttr_content);
    if (lower_ascii(tree_.attribute(node, kAttr_name)) == "generator") {
      const std::string made = lower_ascii(content, 200);
      for (const auto& one : kGenerators) if (made.find(one.text) != std::string::npos) signs.generator |= one.bit;
    }
    auto property = tree_.attribute(node, kAttr_property);
    if (property.empty()) property = tree_.attribute(node, kAttr_name);
    if (property.size() == 7 && lower_ascii(property) == "og:type") {
      const std::string type = lower_ascii(content, 60);
      const auto has = [&](const char* word) { return type.find(word) != std::string::npos; };
      signs.types |= has("recipe") ? uint32_t(S::kRecipe) : has("product") ? uint32_t(S::kOgProduct) : has("article") || has("blog.post") || has("news") ? uint32_t(S::kOgArticle) : has("website") || type == "blog" ? uint32_t(S::kOgWebSite)
                   : has("profile") ? uint32_t(S::kOgProfile) : has("video") ? uint32_t(S::kOgVideo) : type.empty() ? 0u : uint32_t(S::kOgOther);
    }
  }
  void address(std::string_view where) {
    if (!where.empty() && ++addresses_ <= 400) signs.generator |= marks_in_address(where.substr(0, 200));
  }
  void maker(uint32_t node) {
    const auto href = tree_.attribute(node, kAttr_href);
    if (href.size() < 8 || href.size() > 80 || href[0] != 'h') return;
    const uint32_t text = tree_.nodes[node].first;
    if (text != kNone && tree_.nodes[text].type == NodeType::kText && tree_.nodes[text].size > 60) return;
    signs.generator |= found_in(kMakers, href);
  }
  void comment(std::string_view text) {
    if (text.find("Generated by javadoc") != std::string_view::npos) signs.generator |= S::kJavadoc;
    if (text.find("Book generated using mdBook") != std::string_view::npos) signs.generator |= S::kMdbook;
    if (text.find("Generated by Doxygen") != std::string_view::npos) signs.generator |= S::kDoxygen;
  }

  const Tree& tree_;
  int articles_ = 0, products_ = 0, addresses_ = 0, items_ = 0;
};

}  // namespace

PageSigns read_signs(const Tree& tree, std::string_view url) { return read_signs(tree, url, read_json_ld(tree, url)); }

PageSigns read_signs(const Tree& tree, std::string_view url, const JsonLd& json_ld) {
  SignReader reader(tree);
  reader.read();
  PageSigns signs = reader.signs;
  signs.types |= json_ld.types;
  UrlHints hints = read_url(url);
  if (!(hints.hints & PageSigns::kUrlKnown)) hints = read_url(reader.canonical);
  signs.url = hints.hints;
  signs.url_depth = hints.depth;
  signs.slug_hyphens = hints.slug_hyphens;
  signs.guess = guess_page_type(signs);
  return signs;
}

}  // namespace refine::html
