// Expectations: the forms as their own documents give them (Adblock Plus's cheat sheet, dnsmasq's manual, hosts(5)), and a
// std::set over made-up hosts. Whole lists: tests/unit/url-lists.test.ts.
#include <set>

#include "../../testing/check.h"
#include "refine/url_filter.h"

using namespace refine;

namespace {

struct Compiled {
  std::string bytes;
  UrlSet set;
};

void compile(const PublicSuffixes& suffixes, std::string_view lines, Compiled& out) {
  UrlSetBuilder builder(suffixes);
  builder.add_lines(lines);
  CHECK(builder.build(out.bytes).ok());
  CHECK(out.set.open(out.bytes).ok());
}

}  // namespace

int main() {
  PublicSuffixes suffixes;
  suffixes.parse("com\nuk\nco.uk\njp\n*.kobe.jp\n!city.kobe.jp");

  Compiled forms;
  compile(suffixes,
          "! comment\n# comment\n[Adblock Plus 2.0]\nplain.com\n*.star.com\n=alone.com\npath.com/a/b/\n0.0.0.0 one.com two.com # why\n127.0.0.1 localhost\n"
          "address=/three.com/four.com/0.0.0.0\nserver=/five.com/\nserver=/forwarded.com/8.8.8.8\n||six.com^\n||seven.com/x^\n||ad*.eight.com^\n||nine.com^$important\n"
          "@@||good.six.com^\n||ten.com^$third-party\nplain.com##.ad\nplain.com#@#.ad\n||ad*.com^\n||a.com/x*y\n/regex/\n@@||*.co.uk^\nco.uk\n",
          forms);
  const auto& set = forms.set;
  for (const char* host : {"plain.com", "a.plain.com", "star.com", "x.star.com", "alone.com", "www.alone.com", "one.com", "two.com", "three.com", "four.com", "five.com", "six.com", "good.six.com", "ads.eight.com", "x.ads.eight.com", "a.ads1.b.eight.com", "nine.com"})
    CHECK(set.has_host(host));  // the star of ad*.eight.com spans labels
  for (const char* host : {"com", "notplain.com", "x.alone.com", "localhost", "forwarded.com", "seven.com", "eight.com", "bad.com", "b.eight.com", "ten.com", "adx.com", "path.com", "", "uk"}) CHECK(!set.has_host(host));
  CHECK(set.has_url("path.com", "/a/b") && set.has_url("w.path.com", "/a/b/c") && !set.has_url("path.com", "/a/bc") && set.has_url("seven.com", "/x?y"));
  CHECK(set.has_host("good.six.com", true) && set.has_host("x.good.six.com", true) && !set.has_host("six.com", true));
  const auto& ignored = set.counts().ignored;
  CHECK_EQ(ignored[size_t(UrlIgnored::kSuffix)], 3u);  // localhost, co.uk twice
  CHECK_EQ(ignored[size_t(UrlIgnored::kCosmetic)], 2u);
  CHECK_EQ(ignored[size_t(UrlIgnored::kOption)], 1u);
  CHECK_EQ(ignored[size_t(UrlIgnored::kPattern)], 2u);  // ad*.com, whose key is a suffix, and the star in a path
  CHECK_EQ(ignored[size_t(UrlIgnored::kOther)], 2u);    // the forwarding server, the expression

  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "a.";
  CHECK(set.has_host(deep + "plain.com") && set.has_url(deep + "path.com", "/a/b") && !set.has_host(deep + "com") && !set.has_host(std::string(300, 'a') + ".x.com"));

  Compiled again, shuffled;
  compile(suffixes, "b.com\na.com\n=c.com\nx.com/y\n||ad*.e.com\nb.com\n", again);
  compile(suffixes, "||ad*.e.com\nx.com/y\n=c.com\na.com\nb.com\n||ad*.e.com\n", shuffled);
  CHECK(again.bytes == shuffled.bytes);
  UrlSetBuilder merged(suffixes);
  merged.add(again.set);
  std::string merged_bytes;
  CHECK(merged.build(merged_bytes).ok());
  CHECK(merged_bytes == again.bytes);

  std::set<std::string> hosts;
  std::string lines;
  for (uint32_t i = 0, x = 1; i < 20000; ++i, x = x * 1664525 + 1013904223) {
    const auto host = std::to_string(x >> 17) + (i % 3 ? ".x.com" : ".com");
    hosts.insert(host);
    lines.append(host).append("\n");
  }
  lines += std::string(300, 'l') + ".com/" + std::string(400, 'p') + "\nlong.com/" + std::string(400, 'p') + "\n";  // the first is no host
  Compiled many;
  compile(suffixes, lines, many);
  CHECK_EQ(many.set.counts().entries[0], hosts.size());
  CHECK(many.set.has_url("long.com", "/" + std::string(400, 'p') + "/q") && !many.set.has_url("long.com", "/" + std::string(399, 'p')));
  bool same = true;
  for (uint32_t i = 0; i < 40000; ++i) {
    const auto host = std::to_string(i) + ".com", longer = std::to_string(i) + ".x.com";
    same &= many.set.contains(UrlEntry::kHost, host) == (hosts.count(host) > 0) && many.set.has_host("a.b." + longer) == (hosts.count(longer) > 0);
  }
  CHECK(same);

  UrlSet refused;
  for (size_t size : {size_t(0), size_t(7), size_t(199), again.bytes.size() - 1}) CHECK(!refused.open(std::string_view(again.bytes).substr(0, size)).ok());
  for (size_t at = 0; at < again.bytes.size(); ++at) {
    auto broken = again.bytes;
    broken[at] = char(broken[at] ^ 0x10);
    CHECK(!refused.open(broken).ok());
  }

  UrlFilter filter;
  auto block = std::make_shared<UrlSet>(set), exclude = std::make_shared<UrlSet>(again.set);
  filter.use(UrlFilter::Lists::kBlock, block);
  filter.use(UrlFilter::Lists::kExclude, exclude);
  filter.add_words(UrlFilter::Words::kSoft, "rude\nlewd\n");
  CHECK(filter.judge("http://six.com/", 2) == UrlVerdict::kBlockedHost);
  CHECK(filter.judge("http://good.six.com/", 2) == UrlVerdict::kKeep);  // exceptions win
  CHECK(filter.judge("http://path.com/a/b/c", 2) == UrlVerdict::kBlockedUrl);
  CHECK(filter.judge("http://c.com/", 2) == UrlVerdict::kCuratedSource);
  CHECK(filter.judge("http://z.com/rude/rude", 2) == UrlVerdict::kKeep);
  CHECK(filter.judge("http://z.com/rude/lewd", 2) == UrlVerdict::kSoftWords);
  CHECK(filter.judge("http://z.com/rude/lewd", 0) == UrlVerdict::kKeep);
  return testing::report();
}
