// Expectations: the examples of RFC 9309 (sections 2.2.1 to 2.2.3, 5.1, 5.2) and the sentences of section 2.
#include <cmath>

#include "refine/robots.h"
#include "../../testing/check.h"
#include "refine/host_table.h"

using namespace refine;

static bool allowed(std::string_view file, std::string_view agent, std::string_view path) {
  std::string normal;
  append_robots_path(path, normal);
  return robots_allow(compile_robots(file, {std::string(agent)}), normal);
}

static void the_simple_example_of_section_5_1() {
  const std::string_view file =
      "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n"
      "User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n"
      "User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\n"
      "User-Agent: quxbot\n\nEOF\n";
  CHECK(!allowed(file, "anybot", "/a/picture.gif"));
  CHECK(allowed(file, "anybot", "/a/picture.gif?size=1"));
  CHECK(!allowed(file, "anybot", "/example/"));
  CHECK(allowed(file, "anybot", "/publications/"));
  CHECK(allowed(file, "anybot", "/other.html"));
  CHECK(!allowed(file, "foobot", "/other.html"));
  CHECK(allowed(file, "foobot", "/example/page.html"));
  CHECK(allowed(file, "foobot", "/example/allowed.gif"));
  CHECK(!allowed(file, "barbot", "/example/page.html"));
  CHECK(!allowed(file, "bazbot", "/example/page.html"));
  CHECK(allowed(file, "bazbot", "/example/other.html"));
  CHECK(allowed(file, "quxbot", "/example/page.html"));  // a group without rules is a group
}

static void the_longest_match_of_section_5_2() {
  const std::string_view file = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
  CHECK(allowed(file, "foobot", "/example/page/"));
  CHECK(allowed(file, "foobot", "/example/page/a.gif"));
  CHECK(!allowed(file, "foobot", "/example/page/disallowed.gif"));
}

static void groups_of_one_agent_are_merged_by_section_2_2_1() {
  const std::string_view file = "user-agent: ExampleBot\ndisallow: /foo\ndisallow: /bar\n\nuser-agent: ExampleBot\ndisallow: /baz\n";
  for (auto path : {"/foo", "/bar", "/baz"}) CHECK(!allowed(file, "examplebot", path));
  const std::string_view nearest = "user-agent: *\ndisallow: /all\n\nUSER-AGENT: EXAMPLEBOT\nDISALLOW: /own\n";
  CHECK(!allowed(nearest, "examplebot", "/own"));
  CHECK(allowed(nearest, "examplebot", "/all"));  // the group of * speaks to others
  CHECK(!allowed(nearest, "example", "/all"));    // whole names only
  CHECK(allowed("user-agent: examplebot\ndisallow: /\n", "other", "/x"));
}

static void spellings_of_section_2_2_2_are_one_path() {
  const struct { const char *rule, *path; } same[] = {
      {"/foo/bar?baz=quz", "/foo/bar?baz=quz"},
      {"/foo/bar?baz=http://foo.bar", "/foo/bar?baz=http%3A%2F%2Ffoo.bar"},
      {"/foo/bar/\xE3\x83\x84", "/foo/bar/%E3%83%84"},
      {"/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84"},
      {"/foo/bar/%62%61%7A", "/foo/bar/baz"},
      {"/path/file-with-a-%2A.html", "/path/file-with-a-*.html"},  // 2.2.3
      {"/path/foo-%24", "/path/foo-$"},
      {"/%7ejoe/", "/~joe/x"},
      {"/a%3cd.html", "/a%3Cd.html"},
  };
  for (const auto& [rule, path] : same) {
    const auto file = std::string("user-agent: *\ndisallow: ") + rule + "\n";
    CHECK(!allowed(file, "bot", path));
    CHECK(!allowed(file, "bot", rule));
  }
  for (auto rule : {"*%2F", "*/print/", "/*%2fprint/", "/?q=/print", "/?q=%2fprint%2F"})
    for (auto path : {"/?q=/print/", "/?q=%2Fprint%2f"}) CHECK(!allowed(std::string("user-agent: *\ndisallow: ") + rule, "bot", path));
  CHECK(allowed("user-agent: *\ndisallow: /a%3fb\n", "bot", "/a?b"));
  CHECK(!allowed("user-agent: *\ndisallow: /*%3fb\n", "bot", "/a?x=?b"));
  CHECK(allowed("user-agent: *\ndisallow: /a%2fb\n", "bot", "/a/b"));
  CHECK(!allowed("user-agent: *\ndisallow: /a%2fb\n", "bot", "/a%2Fb"));
  CHECK(allowed("user-agent: *\ndisallow: /foo\n", "bot", "/Foo"));  // paths have case
}

static void special_characters_of_section_2_2_3() {
  const auto disallows = [](const char* rule, const char* path) { return !allowed(std::string("user-agent: *\ndisallow: ") + rule + "\n", "bot", path); };
  CHECK(disallows("/path/file-with-a-*.html", "/path/file-with-a-x.html"));
  CHECK(disallows("/this/path/exactly$", "/this/path/exactly"));
  CHECK(!disallows("/this/path/exactly$", "/this/path/exactly/"));
  CHECK(disallows("/this/*/exactly", "/this/a/b/exactly/and/more"));
  CHECK(disallows("/a$b", "/a$b"));  // elsewhere than at the end it is a character
  CHECK(disallows("*/x", "/deep/x"));
  CHECK(disallows("/*", "/"));
  CHECK(disallows("/**a**b$", "/a/ab"));
  CHECK(!disallows("/*a*b$", "/a/ba"));
  CHECK(disallows("/*a*$", "/xay"));
  CHECK(disallows("*", "/anything"));
  CHECK(!disallows("x", "/x"));  // begins with neither / nor *
  CHECK(!disallows("", "/x"));
}

static void equals_are_allowed_and_more_octets_win() {
  CHECK(allowed("user-agent: *\ndisallow: /a\nallow: /a\n", "bot", "/a"));
  CHECK(allowed("user-agent: *\nallow: /a\ndisallow: /a\n", "bot", "/a"));
  CHECK(!allowed("user-agent: *\nallow: /a\ndisallow: /ab\n", "bot", "/abc"));
  CHECK(allowed("user-agent: *\ndisallow: /*.htm\nallow: /a/page.h\n", "bot", "/a/page.htm"));
  CHECK(allowed("user-agent: *\ndisallow: /\xC3\xBC" "abc\nallow: /\xC3\xBC\xC3\xBC\n", "bot", "/%C3%BC%C3%BC"));
}

static void damaged_files_say_what_they_can() {
  CHECK(!allowed("\xEF\xBB\xBFuser-agent: *\rdisallow: /a\rdisallow: /b", "bot", "/b"));
  CHECK(!allowed("user-agent : *  # all\r\n\r\n \t disallow\t:\t/a # why\r\n", "bot", "/a"));
  CHECK(!allowed("user-agent: a\nsitemap: http://x/\ncrawl-delay: 3\nuser-agent: b\ndisallow: /\n", "a", "/x"));  // 2.2.4
  CHECK(!allowed("user-agent: a\n\nuser-agent: b\ndisallow: /\n", "a", "/x"));  // empty lines end no group
  CHECK(allowed("user-agent: a\ndisallow: /y\nuser-agent: b\ndisallow: /\n", "a", "/x"));
  CHECK(allowed("disallow: /\nuser-agent: b\n", "b", "/x"));
  CHECK(!allowed("user-agent: GPTBot/1.1 (+https://x)\ndisallow: /\n", "gptbot", "/x"));
  CHECK(!allowed("user-agent: AI2Bot\ndisallow: /\n", "ai2bot", "/x"));
  CHECK(allowed("<!DOCTYPE html><title>404: not found</title>", "bot", "/x"));
  std::string large = "user-agent: *\ndisallow: /first\n";
  while (large.size() < kMaxRobotsBytes - 20) large += "# padding\n";
  large += std::string(kMaxRobotsBytes - large.size() - 12, '#') + "\nallow: /all/of/this\ndisallow: /last\n";  // cut in `/all`
  CHECK(!allowed(large, "bot", "/first"));
  CHECK(allowed(large, "bot", "/last"));
}

static void any_agent_that_may_not_decides() {
  const std::string_view file = "user-agent: gptbot\ndisallow: /a\n\nuser-agent: ccbot\ndisallow: /b\n\nuser-agent: *\ndisallow: /c\n";
  const auto by = [&](std::vector<std::string> agents, std::string_view path) { return robots_allow(compile_robots(file, agents), path); };
  CHECK(!by({"gptbot", "ccbot"}, "/a"));
  CHECK(!by({"gptbot", "ccbot"}, "/b"));
  CHECK(by({"gptbot", "ccbot"}, "/c"));
  CHECK(!by({"gptbot", "other"}, "/c"));
  CHECK(compile_robots("user-agent: *\nallow: /x\n", {"a"}).empty());
  CHECK_EQ(compile_robots("user-agent: *\ndisallow: /\ndisallow: /x\n", {"a"}).size() > 7, true);
  CHECK(compile_robots("user-agent: a\ndisallow: /x\nuser-agent: b\ndisallow: /*\n", {"a", "b"}) == disallow_all_robots());
}

static void work_is_bounded_whatever_the_file() {
  std::string file = "user-agent: *\n";
  for (int i = 0; i < 20000; ++i) file += "disallow: /*a*a*a*a*a*b" + std::to_string(i) + "$\n";
  const std::string path = "/" + std::string(5000, 'a');
  CHECK(!allowed(file, "bot", path));  // not answered within kMaxRobotsSteps
  CHECK(allowed(file, "bot", "/c"));
}

static void a_table_knows_services_statuses_and_redirects() {
  RobotsBuilder builder({"GPTBot"});
  const std::string_view all = "user-agent: gptbot\ndisallow: /\n", some = "user-agent: gptbot\ndisallow: /a\n";
  CHECK(builder.add("http://files.example/robots.txt", 200, "", some));
  CHECK(builder.add("https://files.example/robots.txt", 404, "", ""));  // a file counts before an error
  CHECK(builder.add("https://gone.example/robots.txt", 404, "", ""));
  CHECK(builder.add("https://broken.example/robots.txt", 503, "", ""));
  CHECK(builder.add("http://moved.example/robots.txt", 301, "https://www.moved.example/robots.txt", ""));
  CHECK(builder.add("http://www.moved.example/robots.txt", 302, "//files.example/robots.txt", ""));
  CHECK(builder.add("http://elsewhere.example/robots.txt", 301, "/index.html", ""));
  CHECK(builder.add("http://loop-a.example/robots.txt", 301, "http://loop-b.example/robots.txt", ""));
  CHECK(builder.add("http://loop-b.example/robots.txt", 301, "http://loop-a.example/robots.txt", ""));
  CHECK(builder.add("plain.example", 200, "", all));
  CHECK(builder.add("plain.example:8080", 200, "", some));
  CHECK(builder.add("b\xC3\xBC" "cher.example", 200, "", all));
  CHECK(builder.add("http://last.example/robots.txt", 200, "", all));
  CHECK(builder.add("http://last.example/robots.txt", 200, "", "user-agent: *\n"));
  CHECK(!builder.add("http://same.example/robots.txt", 301, "https://same.example/robots.txt", ""));
  CHECK(!builder.add("http://x.example/index.html", 200, "", all));
  CHECK(!builder.add("ftp://x.example/robots.txt", 200, "", all));
  CHECK(!builder.add("not a host", 200, "", all));
  std::string bytes;
  CHECK(builder.build(bytes).ok());
  RobotsTable table;
  CHECK(table.open(bytes).ok());
  CHECK_EQ(table.hosts(), uint64_t(7));
  CHECK_EQ(table.rule_sets(), uint64_t(2));
  RobotsTable::Scratch scratch;
  const auto allows = [&](const char* url) { return table.allows(url, scratch); };
  CHECK(!allows("https://files.example/a/b"));
  CHECK(allows("https://files.example/b"));
  CHECK(!allows("http://FILES.example:80/a#x"));
  CHECK(!allows("http://files.example./x/../a"));
  CHECK(allows("http://www.files.example/a"));
  CHECK(allows("http://files.example:81/a"));
  CHECK(allows("https://gone.example/a"));
  CHECK(!allows("https://broken.example/x"));
  CHECK(allows("https://broken.example/robots.txt"));
  CHECK(!allows("http://moved.example/a"));
  CHECK(allows("http://moved.example/b"));
  CHECK(allows("http://elsewhere.example/a"));
  CHECK(allows("http://loop-a.example/a"));
  CHECK(!allows("http://plain.example/b"));
  CHECK(allows("http://plain.example:8080/b"));
  CHECK(!allows("http://plain.example:8080/a"));
  CHECK(!allows("http://b%C3%BCcher.example/"));
  CHECK(!allows("http://xn--bcher-kva.example/"));
  CHECK(allows("http://last.example/a"));
  CHECK(allows("mailto:x@plain.example"));
  CHECK(allows("nonsense"));
  for (size_t cut : {size_t(0), size_t(10), size_t(48), bytes.size() - 1}) CHECK(!RobotsTable().open(std::string_view(bytes).substr(0, cut)).ok());
  bytes[bytes.size() - 1] ^= 1;
  CHECK(!RobotsTable().open(bytes).ok());
}

static void the_order_of_files_does_not_show() {
  std::string first, second;
  for (auto* out : {&first, &second}) {
    RobotsBuilder builder({"bot"});
    for (int i = 0; i < 300; ++i) {
      const int n = out == &first ? i : 299 - i;
      builder.add("http://h" + std::to_string(n) + ".example/robots.txt", 200, "", "user-agent: *\ndisallow: /" + std::to_string(n % 7) + "\n");
    }
    CHECK(builder.build(*out).ok());
  }
  CHECK(first == second);
}

static void numbers_come_back_by_host() {
  HostTableBuilder builder(3, true);
  const HostFields fields{'\t', 2, {0, 1, 3}};
  CHECK(builder.add_lines("1\t24993276.5\tcom.example\t4.481314067744052e-09\n4294967295\t0\torg.b\xC3\xBC" "cher\t\r\n16777217\t0.5\torg,example,shop\t7\n\n", fields).ok());
  CHECK(builder.add_lines("9\t9\tcom.example\t9\n2\t3\t\t4\n", fields).ok());
  CHECK_EQ(builder.rows(), uint64_t(4));
  CHECK_EQ(builder.add_lines("1\tx\tcom.a\t1\n", fields).message, std::string("row 7 has \"x\" where a number is expected (field 2)"));
  std::string bytes;
  HostTableBuilder again(2, false);
  CHECK(again.add_lines("\"a,b.example\",\"1\"\"\",3\n", {',', 0, {2, 2}}).ok());
  CHECK(!again.add_lines("host.example,1\n", {',', 0, {2, 2}}).ok());
  CHECK(builder.build(bytes).ok());
  HostTable table;
  CHECK(table.open(bytes).ok());
  CHECK_EQ(table.hosts(), uint64_t(3));
  double values[3];
  CHECK(table.find("example.com", values));
  CHECK(values[0] == 1 && values[1] == 24993276.5 && values[2] == 4.481314067744052e-09);  // the first row counts
  CHECK(table.find("www.b\xC3\xBC" "cher.org", values));
  CHECK(values[0] == 4294967295.0 && values[1] == 0 && values[2] != values[2]);
  CHECK(table.find("shop.example.org", values));
  CHECK(values[0] == 16777217 && values[2] == 7);
  CHECK(!table.find("org", values));
  PublicSuffixes suffixes;
  suffixes.parse("com\norg\nexample.com\n");
  CHECK(table.find_domain("a.b.example.com", suffixes, values) && values[0] == 1);
  CHECK(table.find_domain("example.com", suffixes, values) && values[0] == 1);
  CHECK(!table.find_domain("other.com", suffixes, values));
  CHECK(!table.find_domain("com", suffixes, values));
  CHECK(!table.find("", values));
  for (size_t cut = 0; cut < bytes.size(); cut += 7) CHECK(!HostTable().open(std::string_view(bytes).substr(0, cut)).ok());
}

static void columns_are_as_narrow_as_is_exact() {
  for (const double value : {0.1, 1.0 / 3, 16777217.0, 4294967294.0, 4294967295.0, -1.0, -0.0, 1e300, 5e-324, 0.5}) {
    HostTableBuilder builder(1, false);
    for (int i = 0; i < 1000; ++i) {
      const auto host = "h" + std::to_string(i) + ".example";
      const uint8_t* data = reinterpret_cast<const uint8_t*>(host.data());
      const int32_t offsets[2] = {0, int32_t(host.size())};
      const double given = i == 7 ? value : double(i);
      builder.add({data, offsets, nullptr, 1}, {&given});
    }
    std::string bytes;
    CHECK(builder.build(bytes).ok());
    HostTable table;
    CHECK(table.open(bytes).ok());
    CHECK_EQ(table.hosts(), uint64_t(1000));
    double found;
    CHECK(table.find("h7.example", &found) && found == value && std::signbit(found) == std::signbit(value));
    CHECK(table.find("h999.example", &found) && found == 999);
    CHECK(!table.find("h1000.example", &found));
  }
}

int main() {
  the_simple_example_of_section_5_1();
  the_longest_match_of_section_5_2();
  groups_of_one_agent_are_merged_by_section_2_2_1();
  spellings_of_section_2_2_2_are_one_path();
  special_characters_of_section_2_2_3();
  equals_are_allowed_and_more_octets_win();
  damaged_files_say_what_they_can();
  any_agent_that_may_not_decides();
  work_is_bounded_whatever_the_file();
  a_table_knows_services_statuses_and_redirects();
  the_order_of_files_does_not_show();
  numbers_come_back_by_host();
  columns_are_as_narrow_as_is_exact();
  return refine::testing::report();
}
