// Directives to robots, from <meta name=robots|googlebot|...>, <meta name=tdm-reservation> and the X-Robots-Tag header.
// Each is one lower-case string, `noindex` or with its value `max-snippet:-1`; one that is meant for a single robot has its
// name before it (`googlebot:noindex`). Sources: robotstxt.org's meta tag, Google's list of rules, W3C TDM Reservation Protocol.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace refine::html {

constexpr size_t kMaxRobots = 32;

// True where a <meta> of that name (lower case) speaks to robots; `agent` is then the robot, empty for all of them.
bool is_robots_meta(std::string_view name, std::string_view* agent);
void add_robots_meta(std::string_view agent, std::string_view content, std::vector<std::string>& out);
// One header value a line; a robot's name before a colon holds to the end of its value.
void add_robots_header(std::string_view values, std::vector<std::string>& out);

}  // namespace refine::html
