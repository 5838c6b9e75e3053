// Metadata of pages written for each of its sources, and dates and names as pages write them.
#include "../metadata.h"

#include "../../testing/check.h"
#include "../authors.h"
#include "../dates.h"
#include "../licenses.h"
#include "../robots.h"
#include "../titles.h"

using namespace refine;
using namespace refine::html;

static ExtractedPage metadata_of(std::string_view page, std::string_view url = "https://www.example.org/a") {
  Tree tree;
  ParseOptions options;
  options.scripting = true;
  std::string input(page);
  normalise_newlines(input);
  parse_html(input, options, tree);
  ExtractedPage out;
  read_metadata(tree, url, read_json_ld(tree, url), out);
  return out;
}
static ExtractedPage with_json(std::string_view json) { return metadata_of("<script type=\"application/ld+json\">" + std::string(json) + "</script><p>x"); }
static std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& one : list) out += (out.empty() ? "" : " ") + one;
  return out;
}
static std::string value(std::string_view text, DateOrder order = DateOrder::kUnknown) { return date_of_value(text, order); }
static std::string found(std::string_view text, DateOrder order = DateOrder::kUnknown) { return find_date(text, order).iso(); }

static void json_ld() {
  auto page = with_json(R"({"@context":"https://schema.org","@type":"NewsArticle","headline":"Tides &amp; moons","datePublished":"2023-05-01T23:30:00-05:00",
    "author":{"@type":"Person","name":"Ada Byron"},"publisher":{"@type":"Organization","name":"The Harbour"},"inLanguage":"en-GB"})");
  CHECK_EQ(page.title, "Tides & moons");
  CHECK_EQ(page.published, "2023-05-01");
  CHECK_EQ(page.author, "Ada Byron");
  CHECK_EQ(page.site_name, "The Harbour");
  CHECK_EQ(page.declared_lang, "en-GB");
  // a graph, an author by @id, the web page's own date beside the article's
  page = with_json(R"({"@graph":[{"@type":"WebSite","name":"Tide Tables"},{"@type":"WebPage","name":"x","datePublished":"2001-01-01"},
    {"@type":["Article","Thing"],"headline":"T","author":[{"@id":"#p"},"Grace Hopper"],"datePublished":"2020-02-29"},{"@type":"Person","@id":"#p","name":"Ada Byron"}]})");
  CHECK_EQ(page.author, "Ada Byron; Grace Hopper");
  CHECK_EQ(page.published, "2020-02-29");
  CHECK_EQ(page.site_name, "Tide Tables");
  // several scripts, CDATA, a whole script escaped, damage
  page = metadata_of("<script type=application/ld+json>//<![CDATA[\n{\"@type\":\"Organization\",\"name\":\"x\"}\n//]]></script>"
                     "<script type='application/ld+json; charset=utf-8'>{&quot;@type&quot;:&quot;BlogPosting&quot;,&quot;author&quot;:&quot;Ada&quot;,}</script>");
  CHECK_EQ(page.author, "Ada");
  page = with_json("[{\"@type\":\"Article\",\"headline\":\"One\ntwo \"three\" four\",\"author\":{\"name\":[\"A. Byron\",\"G. Hopper\"]},}");
  CHECK_EQ(page.title, "One two \"three\" four");
  CHECK_EQ(page.author, "A. Byron; G. Hopper");
  page = with_json(R"({"@type":"Recipe","name":"Soup","author":{"@type":"Person","name":"https://example.org/ada"},"datePublished":"May 3, 2019"})");
  CHECK_EQ(page.title, "Soup");
  CHECK_EQ(page.author, "");
  CHECK_EQ(page.published, "2019-05-03");
  // a publisher declared as author is none
  page = with_json(R"({"@type":"Article","author":{"@type":"Organization","name":"The Harbour"},"publisher":{"name":"The Harbour"}})");
  CHECK_EQ(page.author, "");
  // of several articles the one of this page
  page = with_json(R"([{"@type":"Article","headline":"Other","url":"https://www.example.org/b"},{"@type":"Article","headline":"This","url":"https://www.example.org/a/"},{"@type":"Article","headline":"Third","url":"/c"}])");
  CHECK_EQ(page.title, "This");
  page = with_json(R"({"@type":"Article","license":{"@id":"https://creativecommons.org/licenses/by/4.0"}})");
  CHECK_EQ(joined(page.licenses), "https://creativecommons.org/licenses/by/4.0/");
}

static void meta_and_markup() {
  auto page = metadata_of("<html xml:lang=de_AT><meta property=og:title content='Ebbe &amp; Flut | Die Küste'><meta property=og:site_name content='Die Küste'><meta name=DC.Date.issued content=20230501><meta name=dc.creator content='Byron, Ada'>"
                          "<meta property=og:url content=/ebbe?x=1><title>x</title>");
  CHECK_EQ(page.title, "Ebbe & Flut");
  CHECK_EQ(page.site_name, "Die Küste");
  CHECK_EQ(page.published, "2023-05-01");
  CHECK_EQ(page.author, "Byron, Ada");
  CHECK_EQ(page.declared_lang, "de-AT");
  CHECK_EQ(page.canonical_url, "https://www.example.org/ebbe?x=1");
  page = metadata_of("<meta name=citation_title content=Moons><meta name=citation_author content='Byron, A.'><meta name=citation_author content='Hopper, G.'><meta name=citation_publication_date content=2021/07>"
                     "<meta name=author content=admin><link rel='nofollow CANONICAL' href='//example.org/m#x'><base href=/z/>");
  CHECK_EQ(page.title, "Moons");
  CHECK_EQ(page.author, "Byron, A.; Hopper, G.");
  CHECK_EQ(page.published, "2021-07");
  CHECK_EQ(page.canonical_url, "https://example.org/m#x");
  page = metadata_of("<meta name=parsely-author content='A B'><meta name=sailthru.date content='2019-03-04 10:00:00'><meta name=twitter:label1 content='Written by'><meta name=twitter:data1 content='C D'>");
  CHECK_EQ(page.author, "A B");
  CHECK_EQ(page.published, "2019-03-04");
  CHECK_EQ(metadata_of("<meta name=twitter:label1 content='Verfasst von'><meta name=twitter:data1 content='C D'>").author, "C D");
  page = metadata_of("<div itemscope itemtype=https://schema.org/Article><h1 itemprop=headline>T</h1><span itemprop=author itemscope><img><b itemprop=name>Ada Byron</b> is tall</span><meta itemprop=datePublished content=2018-12-31></div>");
  CHECK_EQ(page.author, "Ada Byron");
  CHECK_EQ(page.published, "2018-12-31");
  CHECK_EQ(metadata_of("<h1>Some headline here</h1><p>By Ada Byron | May 1, 2019</p>").author, "Ada Byron");
  CHECK_EQ(metadata_of("<h1>Some headline here</h1><p>By Ada Byron | May 1, 2019</p>").published, "2019-05-01");
  CHECK_EQ(metadata_of("<h1>Eine Überschrift</h1><div class=post-meta><span class='entry-date'>3. März 2014</span> von <a rel=author href=/x>Ada</a></div><div class=comments><span class=author>Troll</span></div>").author, "Ada");
  CHECK_EQ(metadata_of("<h1>Eine Überschrift</h1><div class=post-meta><span class='entry-date'>3. März 2014</span></div>").published, "2014-03-03");
  CHECK_EQ(metadata_of("<h1>A headline</h1><p>Updated on May 1, 2019</p>").published, "");
  CHECK_EQ(metadata_of("<h1>A headline</h1>", "https://example.org/2019/05/01/a-headline").published, "2019-05-01");
  CHECK_EQ(metadata_of("<h1>A headline</h1><p>In a long sentence of the text we read that on May 1, 2019 something happened to us all.</p>").published, "");
  CHECK_EQ(metadata_of("<title>The tide comes in - Example</title><h1>Example</h1><h2>The tide comes in</h2>").title, "The tide comes in");
  CHECK_EQ(metadata_of("<title>Example: The tide comes in</title>").title, "The tide comes in");
  CHECK_EQ(metadata_of("<title>News - The council builds a new bridge - Example</title><h1>News</h1>").title, "News - The council builds a new bridge");
}

static void parts() {
  CHECK_EQ(value("2023-05-01T10:00:00+02:00"), "2023-05-01");
  CHECK_EQ(value("2023-05"), "2023-05");
  CHECK_EQ(value("1998"), "1998");
  CHECK_EQ(value("20230501"), "2023-05-01");
  CHECK_EQ(value("20230501T101112Z"), "2023-05-01");
  CHECK_EQ(value("Mon, 01 May 2023 10:00:00 GMT"), "2023-05-01");
  CHECK_EQ(value("Mon May 01 2023 10:00:00 GMT+0200"), "2023-05-01");
  CHECK_EQ(value("1682935200"), "2023-05-01");
  CHECK_EQ(value("1682935200000"), "2023-05-01");
  CHECK_EQ(value("2023-02-30"), "");
  CHECK_EQ(value("2023-13-01"), "");
  CHECK_EQ(value("soon"), "");
  CHECK_EQ(value("0000-00-00"), "");
  CHECK_EQ(found("Posted on the 1st of May, 2023 at 10"), "2023-05-01");
  CHECK_EQ(found("le 1er août 2019 à 10h"), "2019-08-01");
  CHECK_EQ(found("1 de mayo de 2023"), "2023-05-01");
  CHECK_EQ(found("Montag, 3. Mär. 2014"), "2014-03-03");
  CHECK_EQ(found("3 МАРТА 2014 г."), "2014-03-03");
  CHECK_EQ(found("2014年3月3日(月)"), "2014-03-03");
  CHECK_EQ(found("2014년 3월 3일"), "2014-03-03");
  CHECK_EQ(found("2014. március 3."), "2014-03-03");
  CHECK_EQ(found("ngày 3 tháng 3 năm 2014"), "2014-03-03");
  CHECK_EQ(found("٣"), "");
  CHECK_EQ(found("03.04.2014 17:00"), "2014-04-03");
  CHECK_EQ(found("03/04/2014"), "");
  CHECK_EQ(found("03/04/2014", DateOrder::kMonthFirst), "2014-03-04");
  CHECK_EQ(found("03/04/2014", DateOrder::kDayFirst), "2014-04-03");
  CHECK_EQ(found("03/24/2014"), "2014-03-24");
  CHECK_EQ(found("version 1.2.2014.5"), "");
  CHECK_EQ(found("May 2023"), "2023-05");
  CHECK_EQ(found("haben sie 2023"), "");
  CHECK_EQ(found("March 14, 2020, 5 May 2021"), "2020-03-14");
  CHECK(date_order("en-US", "") == DateOrder::kMonthFirst && date_order("en", "https://a.co.uk/") == DateOrder::kDayFirst && date_order("en", "https://a.com/") == DateOrder::kUnknown);

  CHECK_EQ(clean_author("By JANE DOE, Staff Writer | Updated May 1"), "JANE DOE");
  CHECK_EQ(clean_author("@ janedoe"), "janedoe");
  CHECK_EQ(clean_author("@ - "), "");
  CHECK_EQ(clean_author("Von Jörg  Müller am 3. März 2014"), "Jörg Müller");
  CHECK_EQ(clean_author("por María José - El País"), "María José");
  CHECK_EQ(clean_author("AuthorJane Doe"), "Jane Doe");
  CHECK_EQ(clean_author("作者：李明"), "李明");
  for (const char* none : {"admin", "https://example.org/x", "x@example.org", "", "  ", "12345", "What is this?", "Redaktion:"}) CHECK_EQ(clean_author(none), none == std::string_view("Redaktion:") ? "Redaktion" : "");
  CHECK_EQ(join_authors({"A B", "a b", "C"}), "A B; C");

  CHECK_EQ(creative_commons("http://creativecommons.org/licenses/by-sa/3.0/de/deed.en"), "https://creativecommons.org/licenses/by-sa/3.0/de/");
  CHECK_EQ(creative_commons("/web/2016/https://creativecommons.org/publicdomain/zero/1.0/"), "https://creativecommons.org/publicdomain/zero/1.0/");
  CHECK_EQ(creative_commons("https://creativecommons.org/about/"), "");
  CHECK_EQ(creative_commons("https://example.org/creativecommons.org.html"), "");
  CHECK_EQ(joined(metadata_of("<p>x</p><footer>Alles unter CC BY-NC-SA 4.0, <a href=http://creativecommons.org/licenses/by/2.0/>mehr</a></footer>").licenses),
           "https://creativecommons.org/licenses/by-nc-sa/4.0/ https://creativecommons.org/licenses/by/2.0/");
  CHECK_EQ(joined(metadata_of("<figure><img><a href=http://creativecommons.org/licenses/by/2.0/ rel=license>photo</a></figure>").licenses), "");

  std::vector<std::string> robots;
  add_robots_header("noindex\ngooglebot: nosnippet, max-snippet: 20\nunavailable_after: 25 Jun 2030 15:00:00 PST", robots);
  CHECK_EQ(joined(robots), "noindex googlebot:nosnippet googlebot:max-snippet:20 unavailable_after:25 jun 2030 15:00:00 pst");
  CHECK_EQ(joined(metadata_of("<meta name=robots content='index follow'><meta name=robots content='NoAI, noimageai'><meta name=tdm-reservation content=1><meta name=CCBot content=nofollow>").robots),
           "index follow noai noimageai tdm-reservation ccbot:nofollow");

  CHECK_EQ(without_site("Tides | The Harbour", "The Harbour", ""), "Tides");
  CHECK_EQ(without_site("The Harbour - Tides - more", "", "theharbour"), "Tides - more");
  CHECK_EQ(without_site("Tides - and moons", "The Harbour", "theharbour"), "Tides - and moons");
  CHECK_EQ(site_in_title("Tides | The Harbour", "harbour"), "The Harbour");
}

// Elements that each ask for their text, values that never end: looked at a bounded number of times.
static void hostile() {
  std::string nested;
  for (int i = 0; i < 20'000; ++i) nested += "<div itemprop=author class='date author'>";
  CHECK_EQ(metadata_of(nested).author, "");
  std::string many = "<h1>x</h1>";
  for (int i = 0; i < 50'000; ++i) many += "<time class=date>1 May</time><b class=author>by</b>";
  CHECK_EQ(metadata_of(many).published, "");
  std::string metas;
  for (int i = 0; i < 20'000; ++i) metas += "<meta name=author content=a" + std::to_string(i) + ">";
  CHECK(metadata_of(metas).author.size() <= kMaxAuthor);
  CHECK_EQ(metadata_of("<title>" + std::string(100'000, 'a') + "</title>").title.size(), size_t(1000));
  std::string quotes = "<script type=application/ld+json>{\"a\":\"";
  for (int i = 0; i < 100'000; ++i) quotes += "\"   ,  x";
  metadata_of(quotes);
  std::string ids = "<script type=application/ld+json>[{\"@type\":\"Article\",\"author\":[{\"@id\":\"a\"},{\"@id\":\"a\"}]}";
  for (int i = 0; i < 40'000; ++i) ids += ",{\"@id\":\"a\"}";
  CHECK_EQ(metadata_of(ids).author, "");
}

int main() {
  json_ld();
  meta_and_markup();
  parts();
  hostile();
  return refine::testing::report();
}
