// One robots.txt: parser and matcher; see robots.h. RFC 9309, sections 2.1 and 2.2.
#include "refine/robots.h"

#include <algorithm>
#include <cstring>

#include "robots_rules.h"

namespace refine {

namespace {

// What a character cannot say, in patterns and paths; control characters stand percent-encoded there, so these are free.
// In a query `/` and %2F are the same, in a path they are not, and where a pattern begins with `*` it stands in either: the
// path's octets say which they are.
constexpr char kWildcard = 1, kEncodedSlash = 2, kEncodedMark = 3;  // of patterns; the latter two also of paths before the `?`
constexpr char kQuerySlash = 4, kQueryMark = 5;                    // of paths, behind the `?`, however they are spelled

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = char(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_encoded(uint8_t c, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  out.push_back('%');
  out.push_back(kHex[c >> 4]);
  out.push_back(kHex[c & 15]);
}

bool same(char pattern, char path) {
  return pattern == path || (path == kQuerySlash && (pattern == '/' || pattern == kEncodedSlash)) || (path == kQueryMark && (pattern == '?' || pattern == kEncodedMark));
}

bool starts_with(std::string_view path, std::string_view pattern) {
  if (pattern.size() > path.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i)
    if (!same(pattern[i], path[i])) return false;
  return true;
}

// The one spelling of a path's or pattern's octets. Returns how many octets the text has by RFC 9309, 2.2.2, which counts
// octets outside ASCII percent-encoded.
size_t append_normal(std::string_view text, bool pattern, std::string& out) {
  size_t octets = 0;
  bool query = false;
  for (size_t i = 0; i < text.size(); ++i) {
    uint8_t c = uint8_t(text[i]);
    bool encoded = c <= ' ' || c == 0x7F;
    if (c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      c = uint8_t(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
      if (c == '/' || c == '?') {
        out.push_back(query ? (c == '/' ? kQuerySlash : kQueryMark) : (c == '/' ? kEncodedSlash : kEncodedMark));
        octets += 3;
        continue;
      }
      encoded = c <= ' ' || c == 0x7F || c == '%' || c == '#';
    } else if (query && (c == '/' || c == '?')) {
      c = uint8_t(c == '/' ? kQuerySlash : kQueryMark);
    } else if (c == '?') {
      query = !pattern;
    } else if (pattern && c == '*') {
      c = kWildcard;
    }
    octets += encoded || c >= 0x80 || std::strchr("\"<>\\^`{|}", c) != nullptr ? 3 : 1;  // no character of a URI (RFC 3986)
    if (encoded) append_encoded(c, out);
    else out.push_back(char(c));
  }
  return octets;
}

bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = uint8_t(text[i] - 'A') < 26 ? char(text[i] | 0x20) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::string_view trim_blanks(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

struct Rule {
  size_t octets = 0;
  bool allow = false;
  uint8_t flags = 0;
  std::string pattern;

  bool operator<(const Rule& other) const {  // the order in which a list is tried
    if (octets != other.octets) return octets > other.octets;
    if (allow != other.allow) return allow;
    return flags != other.flags ? flags < other.flags : pattern < other.pattern;
  }
  bool operator==(const Rule& other) const { return octets == other.octets && flags == other.flags && pattern == other.pattern; }
};

// False for a rule that matches nothing.
bool read_rule(std::string_view value, bool allow, Rule& rule) {
  if (value.empty() || (value[0] != '/' && value[0] != '*')) return false;
  rule.allow = allow;
  rule.flags = allow ? kRuleAllows : 0;
  const bool anchored = value.back() == '$';
  if (anchored) value.remove_suffix(1), rule.flags |= kRuleAnchored;
  std::string pattern;
  rule.octets = append_normal(value, true, pattern) + (anchored ? 1 : 0);
  for (const char c : pattern)
    if (c != kWildcard || rule.pattern.empty() || rule.pattern.back() != kWildcard) rule.pattern.push_back(c);
  if (!anchored && rule.pattern.back() == kWildcard) rule.pattern.pop_back();  // a prefix is meant anyway
  if (rule.pattern.find(kWildcard) != std::string::npos) rule.flags |= kRuleWildcard;
  return true;
}

void append_list(std::vector<Rule>& rules, std::string& list) {
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  while (!rules.empty() && rules.back().allow) rules.pop_back();  // nothing is left that it is an exception to
  for (const auto& rule : rules) {
    list.push_back(char(rule.flags));
    append_varint(uint32_t(rule.pattern.size()), list);
    list.append(rule.pattern);
  }
}

// A pattern's match against the start of `path` (all of it where anchored). Only the last wildcard is tried again.
bool matches(uint8_t flags, std::string_view pattern, std::string_view path, uint64_t& steps) {
  if (!(flags & kRuleWildcard)) {
    ++steps;
    return starts_with(path, pattern) && (!(flags & kRuleAnchored) || path.size() == pattern.size());
  }
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  for (;; ++steps) {
    if (steps > kMaxRobotsSteps) return false;
    if (p == pattern.size() && (!(flags & kRuleAnchored) || t == path.size() || pattern.back() == kWildcard)) return true;
    if (p < pattern.size() && pattern[p] == kWildcard) {
      star = ++p;
      mark = t;
    } else if (t == path.size()) {
      return false;  // what is left of the pattern is longer than what is left of the path, for every later start too
    } else if (p < pattern.size() && same(pattern[p], path[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      t = ++mark;
    } else {
      return false;
    }
  }
}

}  // namespace

std::string compile_robots(std::string_view file, const std::vector<std::string>& agents) {
  if (file.starts_with("\xEF\xBB\xBF")) file.remove_prefix(3);
  if (file.size() > kMaxRobotsBytes) {
    file = file.substr(0, kMaxRobotsBytes);
    const size_t end = file.find_last_of("\r\n");  // half a rule could disallow more than the whole
    file = file.substr(0, end == std::string_view::npos ? 0 : end);
  }
  struct Group {
    bool named = false, active = false;
    std::vector<Rule> rules;
  };
  std::vector<Group> groups(agents.size() + 1);  // the last one is that of `*`
  bool after_rule = false;
  for (size_t at = 0; at < file.size();) {
    const size_t end = std::min(file.find_first_of("\r\n", at), file.size());
    auto line = file.substr(at, end - at);
    at = end + 1;
    line = line.substr(0, line.find('#'));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto key = trim_blanks(line.substr(0, colon)), value = trim_blanks(line.substr(colon + 1));
    if (equals_lower(key, "user-agent")) {
      if (after_rule)
        for (auto& group : groups) group.active = false;
      after_rule = false;
      const auto name = value.substr(0, value.find_first_of(" \t/"));
      for (size_t i = 0; i < groups.size(); ++i)
        if (i < agents.size() ? equals_lower(name, agents[i]) : name == "*") groups[i].named = groups[i].active = true;
      continue;
    }
    const bool allow = equals_lower(key, "allow");
    if (!allow && !equals_lower(key, "disallow")) continue;  // other records end no group (2.2.4)
    after_rule = true;
    Rule rule;
    bool read = false;
    for (auto& group : groups) {
      if (!group.active) continue;
      if (!read && !read_rule(value, allow, rule)) break;
      read = true;
      group.rules.push_back(rule);
    }
  }
  std::vector<std::string> lists;
  for (size_t i = 0; i < groups.size(); ++i) {
    const bool asked = i < agents.size();
    if (asked ? !groups[i].named : std::all_of(groups.begin(), groups.end() - 1, [](const Group& group) { return group.named; })) continue;
    std::string list;
    append_list(groups[i].rules, list);
    if (!list.empty() && std::find(lists.begin(), lists.end(), list) == lists.end()) lists.push_back(std::move(list));
  }
  std::sort(lists.begin(), lists.end());
  std::string rules;
  for (const auto& list : lists) {
    const uint32_t size = uint32_t(list.size());
    rules.append(reinterpret_cast<const char*>(&size), 4);
    rules += list;
  }
  const auto all = disallow_all_robots();
  return std::find(lists.begin(), lists.end(), std::string_view(all).substr(4)) != lists.end() ? all : rules;
}

std::string disallow_all_robots() { return std::string("\3\0\0\0\0\1/", 7); }

void append_robots_path(std::string_view path, std::string& out) { append_normal(path, false, out); }

bool robots_allow(std::string_view rules, std::string_view path) {
  uint64_t steps = 0;
  while (rules.size() >= 4) {
    uint32_t size;
    std::memcpy(&size, rules.data(), 4);
    auto list = rules.substr(4, size);
    rules.remove_prefix(4 + list.size());
    while (!list.empty()) {
      const uint8_t flags = uint8_t(list[0]);
      list.remove_prefix(1);
      const size_t length = take_varint(list);
      const auto pattern = list.substr(0, length);
      list.remove_prefix(pattern.size());
      const bool matched = matches(flags, pattern, path, steps);
      if (steps > kMaxRobotsSteps) return false;
      if (!matched) continue;
      if (!(flags & kRuleAllows)) return false;
      break;
    }
  }
  return true;
}

}  // namespace refine
