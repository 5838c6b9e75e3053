// See robots.h.
#include "robots.h"

#include <algorithm>

#include "plain_value.h"

namespace refine::html {
namespace {

constexpr std::string_view kAgents[] = {
    "googlebot", "googlebot-news", "googlebot-image", "googlebot-video", "google-extended", "bingbot", "msnbot", "slurp", "teoma", "yandex", "yandexbot", "baiduspider", "duckduckbot",
    "ccbot", "gptbot", "chatgpt-user", "oai-searchbot", "anthropic-ai", "claudebot", "claude-web", "applebot", "applebot-extended", "perplexitybot", "bytespider", "amazonbot", "otherbot",
    "ia_archiver", "archive.org_bot", "meta-externalagent", "naverbot", "yeti", "seznambot", "cohere-ai",
};
// Directives that have a value behind a colon: in a header the name before it is no robot.
constexpr std::string_view kValued[] = {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after", "revisit-after", "notranslate", "indexifembedded"};

template <size_t N>
bool one_of(const std::string_view (&list)[N], std::string_view name) { return std::find(list, list + N, name) != list + N; }

bool is_name(std::string_view s) {
  return !s.empty() && s.size() <= 40 && std::all_of(s.begin(), s.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; });
}

// "max-snippet : -1" -> "max-snippet:-1"; empty where it is no directive.
std::string directive(std::string_view text) {
  const std::string plain = lower_ascii(plain_value(text, 80), 100);  // whole code points: plain_value ends on one
  const size_t colon = plain.find_first_of(":=");
  std::string name = plain.substr(0, colon);
  while (!name.empty() && name.back() == ' ') name.pop_back();
  if (!is_name(name)) return {};
  if (colon == std::string::npos) return name;
  const size_t value = plain.find_first_not_of(' ', colon + 1);
  return value == std::string::npos ? name : name + ":" + plain.substr(value);
}

void add(std::string_view agent, std::string_view part, std::vector<std::string>& out) {
  std::string one = directive(part);
  if (one.empty() || out.size() >= kMaxRobots) return;
  if (!agent.empty()) one = std::string(agent) + ":" + one;
  if (std::find(out.begin(), out.end(), one) == out.end()) out.push_back(std::move(one));
}

// Calls `each` with the parts between commas; where a page wrote none, between spaces.
template <class F>
void parts_of(std::string_view value, F each) {
  value = value.substr(0, 2000);
  const bool listed = value.find_first_of(",;") != std::string_view::npos || value.find(':') != std::string_view::npos;
  const std::string_view marks = listed ? std::string_view(",;") : std::string_view(" \t\r\n\f");
  for (size_t at = 0; at < value.size();) {
    size_t end = value.find_first_of(marks, at);
    if (end == std::string_view::npos) end = value.size();
    each(value.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

bool is_robots_meta(std::string_view name, std::string_view* agent) {
  *agent = {};
  if (name == "robots" || name == "robot" || name == "x-robots-tag") return true;
  for (const auto& one : kAgents) if (one == name) { *agent = one; return true; }
  return false;
}

void add_robots_meta(std::string_view agent, std::string_view content, std::vector<std::string>& out) {
  parts_of(content, [&](std::string_view part) { add(agent, part, out); });
}

void add_robots_header(std::string_view values, std::vector<std::string>& out) {
  for (size_t at = 0; at < values.size();) {
    size_t end = values.find('\n', at);
    if (end == std::string_view::npos) end = values.size();
    std::string agent;
    parts_of(values.substr(at, end - at), [&](std::string_view part) {
      const size_t colon = part.find(':');
      if (colon != std::string_view::npos) {
        const std::string name = lower_ascii(plain_value(part.substr(0, colon), 50), 50);
        if (is_name(name) && !one_of(kValued, name)) {
          agent = name == "*" || name == "robots" ? std::string() : name;
          part = part.substr(colon + 1);
        }
      }
      add(agent, part, out);
    });
    at = end + 1;
  }
}

}  // namespace refine::html
