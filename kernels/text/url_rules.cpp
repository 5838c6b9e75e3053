// Lines of lists, as entries of a compiled list. One form a line:
//   example.com   *.example.com   .example.com   http://example.com/     the host and all under it
//   =example.com                                                        the host alone, with or without www.
//   example.com/path                                                    URLs below the path, which ends at / ? # & ; or the end
//   0.0.0.0 a.example b.example                                         a hosts file: any address, then names
//   address=/a.example/  server=/a.example/  local=/a.example/          dnsmasq, where it answers with nothing
//   ||example.com^   ||example.com/path^   ||ads*.example.com^          Adblock's host rules; `@@` before one makes an exception
// `!`, `#` and `[Adblock ...]` begin comments. Cosmetic rules, rules with options (but $important, $document, $all, which
// concern pages) and wildcards elsewhere are counted and ignored. Sources: help.adblockplus.org/filter-cheatsheet, the
// manual of dnsmasq, dsi.ut-capitole.fr/blacklists.
#include <algorithm>

#include "refine/unicode.h"
#include "refine/url_set.h"
#include "refine/utf8.h"
#include "words.h"

namespace refine {

namespace {

constexpr size_t kNone = std::string_view::npos;

std::string_view trim(std::string_view text) { return trim_end(trim_start(text)); }

std::string_view without_comment(std::string_view line) {
  line = trim(line);
  if (line.starts_with('#') || line.starts_with('!') || line.starts_with("[Adblock")) return {};
  for (size_t i = 1; i < line.size(); ++i)  // `host # why`: a # after white space; one inside a URL is a fragment
    if (line[i] == '#' && (line[i - 1] == ' ' || line[i - 1] == '\t')) return trim_end(line.substr(0, i));
  return line;
}

// Almost every line of a big list is a host in normal form already.
bool is_plain_host(std::string_view line) {
  if (line.empty() || line.size() > 253 || line.front() == '.' || line.back() == '.') return false;
  char last = 0;
  for (char c : line) {
    if (!(uint8_t(c - 'a') < 26 || uint8_t(c - '0') < 10 || c == '-' || c == '_' || (c == '.' && last != '.'))) return false;
    last = c;
  }
  return line.find("xn--") == kNone;
}

bool plausible_host(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.find("..") != kNone) return false;
  auto p = reinterpret_cast<const uint8_t*>(host.data());
  const auto end = p + host.size();
  while (p < end) {
    const char32_t c = decode_utf8(p, end);
    if (c < 0x80 ? !(uint8_t(c - 'a') < 26 || uint8_t(c - '0') < 10 || c == '.' || c == '-' || c == '_' || c == ':') : is_white_space(c) || c == kReplacement) return false;
  }
  return true;
}

// `host##.ad`, `host#@#.ad`, `host#?#...`: the selector of an element after a marker.
bool is_cosmetic(std::string_view line) {
  for (size_t at = line.find('#'); at != kNone && at + 1 < line.size(); at = line.find('#', at + 1))
    if (line[at + 1] == '#' || (at + 2 < line.size() && line[at + 2] == '#' && std::string_view("@?$%").find(line[at + 1]) != kNone)) return true;
  return false;
}

// Do the options of a rule, as in `$important,document`, leave it a rule about pages?
bool about_pages(std::string_view options) {
  for (size_t from = 0; from <= options.size();) {
    const size_t comma = std::min(options.find(',', from), options.size());
    const auto option = options.substr(from, comma - from);
    if (option != "important" && option != "document" && option != "doc" && option != "all") return false;
    from = comma + 1;
  }
  return true;
}

// Addresses that a block list answers with instead of the true one.
bool is_null_address(std::string_view text) { return text.empty() || text == "#" || text == "0.0.0.0" || text == "::" || text == "::1" || text.starts_with("127."); }

}  // namespace

void UrlSetBuilder::add_lines(std::string_view lines) {
  for_each_line(lines, [&](std::string_view line) { add_line(line); });
}

void UrlSetBuilder::add_line(std::string_view raw) {
  auto line = without_comment(raw);
  if (line.empty()) return;
  if (is_plain_host(line)) {
    add_host(line, false, false);
    return;
  }
  if (is_cosmetic(line)) return ignore(UrlIgnored::kCosmetic);
  if (line.starts_with("address=/") || line.starts_with("server=/") || line.starts_with("local=/")) return add_dnsmasq(line);
  const bool allow = line.starts_with("@@");
  if (allow) line.remove_prefix(2);
  if (line.starts_with('|')) return add_rule(line, allow);
  const size_t gap = line.find_first_of(" \t");
  if (gap == kNone) return add_plain(line, allow);
  if (!is_ip_address(line.substr(0, gap))) return ignore(UrlIgnored::kOther);
  for_each_word(line.substr(gap), [&](std::string_view name, uint32_t) { add_plain(name, allow); });
}

bool UrlSetBuilder::add_host(std::string_view host, bool exact, bool allow) {
  if (!is_ip_address(host) && suffixes_.is_suffix(host)) {
    ignore(UrlIgnored::kSuffix);
    return false;
  }
  add(UrlEntry(uint8_t(exact ? UrlEntry::kExactHost : UrlEntry::kHost) + (allow ? 4 : 0)), host);
  return true;
}

// A rule that begins with `|` (a scheme follows) or `||` (a host).
void UrlSetBuilder::add_rule(std::string_view rule, bool allow) {
  rule.remove_prefix(rule.starts_with("||") ? 2 : 1);
  const size_t dollar = rule.rfind('$');
  if (dollar != kNone) {
    if (!about_pages(rule.substr(dollar + 1))) return ignore(UrlIgnored::kOption);
    rule = rule.substr(0, dollar);
  }
  while (rule.ends_with('^') || rule.ends_with('|') || rule.ends_with('*')) rule.remove_suffix(1);
  const size_t path = rule.find('/', rule.find("://") == kNone ? 0 : rule.find("://") + 3);
  if (rule.find_first_of("^|") != kNone || (path != kNone && rule.find('*', path) != kNone)) return ignore(UrlIgnored::kPattern);
  add_plain(rule, allow);
}

void UrlSetBuilder::add_dnsmasq(std::string_view line) {
  const bool forwards = line.starts_with("server");
  line.remove_prefix(line.find('/') + 1);
  const size_t last = line.rfind('/');
  if (last == kNone) return ignore(UrlIgnored::kOther);
  const auto target = line.substr(last + 1);
  if (forwards ? !target.empty() : !is_null_address(target)) return ignore(UrlIgnored::kOther);
  for (size_t from = 0; from < last;) {
    const size_t slash = line.find('/', from);
    add_plain(line.substr(from, slash - from), false);
    from = slash + 1;
  }
}

void UrlSetBuilder::add_plain(std::string_view line, bool allow) {
  const bool exact = line.starts_with('=');
  if (exact) line.remove_prefix(1);
  if (line.starts_with("*.")) line.remove_prefix(2);
  else if (line.starts_with('.')) line.remove_prefix(1);
  const auto url = split_url(line);
  auto path = std::string_view(url.path);
  while (path.ends_with('/')) path.remove_suffix(1);
  const size_t star = url.host.rfind('*');
  if (star != kNone) {  // `ads*.example.com`: what stands before the key is matched, all under it comes along
    const size_t dot = url.host.find('.', star);
    const auto key = dot == kNone ? std::string_view() : std::string_view(url.host).substr(dot + 1);
    auto glob = std::string_view(url.host).substr(0, dot);
    std::string letters(glob);
    std::replace(letters.begin(), letters.end(), '*', 'x');
    if (exact || !path.empty() || !plausible_host(key) || !plausible_host(letters) || suffixes_.is_suffix(key)) return ignore(UrlIgnored::kPattern);
    add(allow ? UrlEntry::kAllowPattern : UrlEntry::kPattern, key, glob);
    return;
  }
  if (!plausible_host(url.host)) return ignore(UrlIgnored::kOther);
  if (path.empty()) {
    add_host(url.host, exact, allow);
  } else if (exact || url.host.size() + path.size() > kMaxUrlEntry) {
    ignore(UrlIgnored::kOther);
  } else {
    add(allow ? UrlEntry::kAllowUrl : UrlEntry::kUrl, url.host + std::string(path));
  }
}

}  // namespace refine
