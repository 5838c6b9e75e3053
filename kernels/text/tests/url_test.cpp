// Expectations: publicsuffix.org's rules and RFC 3492. Whole lists and test vectors: tests/unit/url-stage.test.ts.
#include "refine/url.h"
#include "../../testing/check.h"

using namespace refine;

int main() {
  CHECK_EQ(split_url("HTTP://u:p@WWW.Ex%41mple.com.:80/A%20b?C#D").host, std::string("www.example.com"));
  CHECK_EQ(split_url("HTTP://u:p@WWW.Ex%41mple.com.:80/A%20b?C#D").path, std::string("/a b?c#d"));
  CHECK_EQ(split_url("//[2001:DB8::1]:8/x").host, std::string("2001:db8::1"));
  CHECK_EQ(split_url("a.com/x://y").host, std::string("a.com"));
  CHECK_EQ(split_url("").host, std::string());
  CHECK_EQ(normalize_host("XN--MNCHEN-3YA.de"), std::string("m\xC3\xBCnchen.de"));
  CHECK_EQ(normalize_host("xn--.xn--\xFF.xn--zzzzzzzzzzz"), std::string("xn--.xn--\xEF\xBF\xBD.xn--zzzzzzzzzzz"));  // no punycode stays as it is
  CHECK(is_ip_address("1.2.3.4") && is_ip_address("::1") && !is_ip_address("1.2.3.4.5") && !is_ip_address("1.2.3.256") && !is_ip_address(""));

  PublicSuffixes suffixes;
  suffixes.parse("com\nuk\nco.uk\n// comment\njp\n*.kobe.jp\n!city.kobe.jp");
  CHECK_EQ(suffixes.registrable("a.b.co.uk"), std::string_view("b.co.uk"));
  CHECK_EQ(suffixes.registrable("www.city.kobe.jp"), std::string_view("city.kobe.jp"));
  CHECK(suffixes.is_suffix("c.kobe.jp") && !suffixes.is_suffix("city.kobe.jp"));
  return testing::report();
}
