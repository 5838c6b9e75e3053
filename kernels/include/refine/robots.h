// robots.txt by RFC 9309: files to rules of the agents that are asked for, and a table of many hosts' rules that says which
// URLs they may not fetch. A URL is disallowed where any of the agents is.
// Invariant: the table's bytes depend on agents and files alone; hosts that allow everything take none.
// Where the RFC leaves a choice:
//   * an agent's groups are merged, `*` speaks to agents without a group; names are compared whole, without case, up to `/` or
//     white space (`GPTBot/1.1` names GPTBot; digits, which the RFC's product tokens lack, are part of real names);
//   * an octet and its percent-encoding are the same (so are `*` and %2A, `$` and %24 in a URL), except for %25, %23 and, before
//     the `?` of a URL, %2F and %3F;
//   * 500 KiB of a file are read, less a line that is cut there; a pattern that begins with neither `/` nor `*` matches nothing.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "refine/views.h"
#include "refine/whatwg_url.h"

namespace refine {

constexpr size_t kMaxRobotsBytes = 500 << 10;
// Comparisons a URL may cost, over all its host's rules: files written to be slow disallow what they do not answer in time.
constexpr uint64_t kMaxRobotsSteps = 1 << 20;

// The rules of a file for the agents (lower case), compiled; empty where every agent may fetch everything.
// Lists one after another, of the agents that differ: size (u32), then rules, most octets first, `allow` first of equals:
// flags, length (varint), pattern.
std::string compile_robots(std::string_view file, const std::vector<std::string>& agents);
std::string disallow_all_robots();

// Path and query in the form that patterns are compared in.
void append_robots_path(std::string_view path, std::string& out);
// May the agents fetch `path` (from append_robots_path) by `rules`?
bool robots_allow(std::string_view rules, std::string_view path);

// The service a URL belongs to: host as the URL standard writes it, and the port unless it is 80 or 443. An old crawl's http
// page is today's https page, so the scheme is no part of it. Empty for what is no http(s) URL.
std::string_view robots_service(const WhatwgUrl& url, std::string& buffer);

class RobotsBuilder {
 public:
  explicit RobotsBuilder(std::vector<std::string> agents);
  ~RobotsBuilder();
  // What `url` (http(s)://host/robots.txt; a host alone stands for it) was answered with. Of several answers for one service
  // a file (2xx) counts before a redirect (3xx) before 5xx before 4xx, and of equals the one added last. RFC 9309, 2.3.1:
  // 4xx allows everything, 5xx disallows everything, five redirects are followed, also to other hosts (if added here).
  // False for what says nothing: no robots.txt, no answer, a redirect to the service itself.
  bool add(std::string_view url, uint32_t status, std::string_view location, std::string_view body);
  Status build(std::string& out);  // the builder is empty then

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class RobotsTable {
 public:
  RobotsTable();
  ~RobotsTable();
  // Looks at `bytes` in place: they outlive the table. ERR_REFINE_ASSET for what is no table compiled by this version.
  Status open(std::string_view bytes);
  struct Scratch {  // reused between URLs by one thread
    WhatwgUrl url;
    std::string service, path;
  };
  bool allows(std::string_view url, Scratch& scratch) const;  // true for what is no http(s) URL and for /robots.txt
  uint64_t hosts() const;      // that disallow something
  uint64_t rule_sets() const;  // that differ

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace refine
