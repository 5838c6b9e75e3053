// Any bytes as a URL, as a list and as a compiled list. The first byte says which; in a URL's case a NUL ends the base.
// What must hold: a serialisation is ASCII, parses to itself and is what the short way gives; parts lie in order; output is
// bounded by the input; a compiled list, its checksum set right whatever its bytes, is refused or asked without harm.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "refine/hash.h"
#include "refine/url_filter.h"
#include "refine/whatwg_url.h"

using namespace refine;

static void expect(bool held) {
  if (!held) std::abort();
}

static void check_parts(const WhatwgUrl& url) {
  expect(url.scheme_end >= 2 && url.scheme_end <= url.host_start && url.host_start <= url.host_end && url.host_end <= url.path_start && url.path_start <= url.query_start &&
         url.query_start <= url.fragment_start && url.fragment_start <= url.href.size());
  expect(url.query().empty() || url.query()[0] == '?');
  expect(url.fragment().empty() || url.fragment()[0] == '#');
  expect(url.opaque_path || url.path().empty() || url.path()[0] == '/');
  for (char c : url.href) expect(uint8_t(c) >= 0x20 && uint8_t(c) < 0x7F);
}

static void check_url(std::string_view base, std::string_view href) {
  WhatwgUrl parsed, again;
  UrlResolver resolver(base);
  std::string resolved, canonical;
  if (resolver.append_resolved(href, resolved)) {
    expect(parse_url(resolved, parsed));
    expect(parsed.href == resolved);
    check_parts(parsed);
    expect(resolved.size() <= 3 * (3 * href.size() + base.size() * 3) + 16384);  // U+FFFD for a byte, then %XX for each of its three
    expect(append_canonical_url(resolved, Fragment::kKeep, canonical) && canonical == resolved);
  } else {
    expect(resolved.empty());
  }
  if (parse_url(href, parsed)) {
    check_parts(parsed);
    expect(parse_url(parsed.href, again) && again.href == parsed.href && again.path_start == parsed.path_start && again.opaque_path == parsed.opaque_path);
    canonical.clear();
    expect(append_canonical_url(href, Fragment::kDrop, canonical) && canonical == parsed.without_fragment());
  } else {
    expect(!append_canonical_url(href, Fragment::kDrop, canonical));
  }
  const auto parts = split_url(href);
  expect(is_ip_address(parts.host) || normalize_host(parts.host).size() <= parts.host.size() * 4 + 16);
}

static const PublicSuffixes& suffixes() {
  static const PublicSuffixes made = [] {
    PublicSuffixes list;
    list.parse("com\n*.ck\n!www.ck\nco.uk\nuk");
    return list;
  }();
  return made;
}

static void check_list(std::string_view lines) {
  UrlSetBuilder builder(suffixes());
  builder.add_lines(lines);
  auto set = std::make_shared<UrlSet>(), again = std::make_shared<UrlSet>();
  std::string bytes, copy;
  expect(builder.build(bytes).ok() && set->open(bytes).ok());
  UrlSetBuilder copied(suffixes());
  copied.add(*set);
  expect(copied.build(copy).ok() && copy == bytes);
  UrlFilter filter;
  filter.use(UrlFilter::Lists::kBlock, set);
  filter.add_words(UrlFilter::Words::kStrict, lines);
  filter.add_words(UrlFilter::Words::kSoft, lines);
  filter.judge(lines, 2);
}

static void check_compiled(std::string_view data) {
  UrlSetBuilder builder(suffixes());
  builder.add_lines("a.com\n=b.com\nc.com/x\n||d*.e.com^\n@@||f.com^\na.b.c.com\n");
  std::string bytes;
  expect(builder.build(bytes).ok());
  for (size_t i = 0; i + 2 < data.size(); i += 3) {  // a place and a new byte
    const size_t at = (size_t(uint8_t(data[i])) << 8 | uint8_t(data[i + 1])) % bytes.size();
    bytes[at] = data[i + 2];
  }
  const uint64_t checksum = xxh64(std::string_view(bytes).substr(24));
  std::memcpy(bytes.data() + 16, &checksum, 8);
  const auto set = std::make_unique<UrlSet>();
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);  // so that a read behind the end is seen
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  if (!set->open({exact.get(), bytes.size()}).ok()) return;
  for (const char* host : {"a.com", "www.b.com", "dx.e.com", "f.com", "x.a.b.c.com", "1.2.3.4"})
    for (bool allow : {false, true}) set->has_host(host, allow), set->has_url(host, "/x/y?z", allow);
  UrlSetBuilder taken(suffixes());
  taken.add(*set);
  std::string again;
  taken.build(again);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'L') {
    check_list(rest);
  } else if (data[0] == 'C') {
    check_compiled(rest);
  } else {
    const size_t nul = rest.find('\0');
    if (nul == std::string_view::npos) check_url({}, rest);
    else check_url(rest.substr(0, nul), rest.substr(nul + 1));
  }
  return 0;
}
