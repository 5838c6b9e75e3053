// Many hosts' robots.txt in one piece of bytes; see robots.h. Files that say the same to the agents are one rule set: of a
// million hosts most say one of a few things.
// Layout: header, index of the services (key_index.h), a u32 a service: its rule set, a u32 a set and one more: where it
// begins, rules (robots.cpp).
#include <cstring>
#include <unordered_map>

#include "key_index.h"
#include "refine/hash.h"
#include "refine/robots.h"

namespace refine {

namespace {

constexpr char kMagic[8] = {'r', 'e', 'f', 'r', 'o', 'b', 'o', '\n'};
constexpr uint64_t kVersion = 1;
constexpr int kMostRedirects = 5;  // RFC 9309, 2.3.1.2

struct Header {
  char magic[8];
  uint64_t version, checksum;  // XXH64 of everything behind it
  uint64_t sets, sets_at, size;
};
constexpr size_t kCheckedFrom = 24;

struct Hash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return xxh64(text); }
};
using Numbers = std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>>;

uint32_t number_of(std::string_view text, Numbers& numbers) { return numbers.try_emplace(std::string(text), uint32_t(numbers.size())).first->second; }

uint32_t load32(const char* from) {
  uint32_t value;
  std::memcpy(&value, from, 4);
  return value;
}

// The service of `url`, a host alone included; empty unless it is the address of a robots.txt.
std::string_view robots_address(std::string_view url, WhatwgUrl& parsed, std::string& buffer) {
  const bool whole = url.find("://") != std::string_view::npos;
  const bool ok = whole ? parse_url(url, parsed) : parse_url("http://" + std::string(url) + "/robots.txt", parsed);
  if (!ok || parsed.path() != "/robots.txt") return {};
  return robots_service(parsed, buffer);
}

}  // namespace

std::string_view robots_service(const WhatwgUrl& url, std::string& buffer) {
  buffer.clear();
  if (!url.has_host || (url.scheme() != "http" && url.scheme() != "https")) return {};
  auto host = url.host();
  if (host.ends_with('.')) host.remove_suffix(1);
  buffer = host;
  const auto port = std::string_view(url.href).substr(url.host_end, url.path_start - url.host_end);  // with its colon
  if (!port.empty() && port != ":80" && port != ":443") buffer += port;
  return buffer;
}

struct RobotsBuilder::State {
  enum Class : uint8_t { kClientError, kServerError, kRedirect, kFile };
  struct Answer {
    Class kind;
    uint32_t what;  // number of a rule set, or of a redirect's target
  };
  std::vector<std::string> agents;
  KeyList services;
  std::vector<Answer> answers;
  Numbers sets, targets;
  WhatwgUrl url;
  std::string service, target;

  void reset() {
    services = {};
    answers.clear();
    targets.clear();
    sets.clear();
    number_of({}, sets);  // 0 allows everything
    number_of(disallow_all_robots(), sets);
  }
};

RobotsBuilder::RobotsBuilder(std::vector<std::string> agents) : state_(std::make_unique<State>()) {
  for (auto& agent : agents)
    for (char& c : agent)
      if (uint8_t(c - 'A') < 26) c = char(c | 0x20);
  state_->agents = std::move(agents);
  state_->reset();
}
RobotsBuilder::~RobotsBuilder() = default;

bool RobotsBuilder::add(std::string_view url, uint32_t status, std::string_view location, std::string_view body) {
  auto& state = *state_;
  if (robots_address(url, state.url, state.service).empty()) return false;
  State::Answer answer{};
  if (status >= 200 && status < 300) {
    answer = {State::kFile, number_of(compile_robots(body, state.agents), state.sets)};
  } else if (status >= 300 && status < 400) {
    WhatwgUrl found;
    if (location.empty() || !parse_url(location, state.url, found)) return false;
    // Elsewhere than at another service's robots.txt nothing is known: the file counts as unavailable.
    const bool known = found.path() == "/robots.txt" && !robots_service(found, state.target).empty();
    if (known && state.target == state.service) return false;
    answer = known ? State::Answer{State::kRedirect, number_of(state.target, state.targets)} : State::Answer{State::kClientError, 0};
  } else if (status >= 500 && status < 600) {
    answer = {State::kServerError, 1};
  } else if (status >= 400 && status < 500) {
    answer = {State::kClientError, 0};
  } else {
    return false;
  }
  state.services.add(state.service);
  state.answers.push_back(answer);
  return true;
}

Status RobotsBuilder::build(std::string& out) {
  auto& state = *state_;
  // The answer that counts of each service, and its place among them, to follow redirects by.
  std::vector<uint32_t> entries;
  for (const uint32_t entry : state.services.sorted()) {
    if (!entries.empty() && state.services[entries.back()] == state.services[entry]) {
      if (state.answers[entry].kind >= state.answers[entries.back()].kind) entries.back() = entry;
    } else {
      entries.push_back(entry);
    }
  }
  std::string index_bytes;
  KeyIndex index;
  if (!state.targets.empty()) {
    if (auto status = state.services.build(entries, index_bytes); !status.ok()) return status;
    index.open(index_bytes);
  }
  std::vector<uint32_t> target_entry(state.targets.size(), KeyIndex::kNone);
  for (const auto& [target, number] : state.targets)
    if (const uint32_t found = index.find(target); found != KeyIndex::kNone) target_entry[number] = entries[found];
  const auto set_of = [&](uint32_t entry) -> uint32_t {
    for (int hops = 0;; ++hops) {
      const auto& answer = state.answers[entry];
      if (answer.kind != State::kRedirect) return answer.what;
      if (hops == kMostRedirects || target_entry[answer.what] == KeyIndex::kNone) return 0;
      entry = target_entry[answer.what];
    }
  };
  std::vector<uint32_t> disallowing;
  for (const uint32_t entry : entries)
    if (set_of(entry) != 0) disallowing.push_back(entry);

  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  out.assign(sizeof(header), '\0');
  if (auto status = state.services.build(disallowing, out); !status.ok()) return status;
  // Sets are numbered by their first service, so that the bytes do not tell in which order files were read.
  std::vector<std::string_view> rules(state.sets.size());
  for (const auto& [set, number] : state.sets) rules[number] = set;
  std::vector<uint32_t> renumbered(rules.size(), KeyIndex::kNone), order;
  const auto append = [&](uint32_t value) { out.append(reinterpret_cast<const char*>(&value), 4); };
  for (const uint32_t entry : disallowing) {
    const uint32_t set = set_of(entry);
    if (renumbered[set] == KeyIndex::kNone) {
      renumbered[set] = uint32_t(order.size());
      order.push_back(set);
    }
    append(renumbered[set]);
  }
  header.sets = order.size();
  header.sets_at = out.size();
  uint64_t at = 0;
  for (const uint32_t set : order) {
    append(uint32_t(at));
    at += rules[set].size();
  }
  if (at > UINT32_MAX) return Status::error("ERR_REFINE_ASSET", "the robots.txt files have " + std::to_string(at >> 20) + " MiB of different rules, expected at most 4096. Name fewer agents or files");
  append(uint32_t(at));
  for (const uint32_t set : order) out += rules[set];
  header.size = out.size();
  std::memcpy(out.data(), &header, sizeof(header));
  header.checksum = xxh64(std::string_view(out).substr(kCheckedFrom));
  std::memcpy(out.data(), &header, sizeof(header));
  state.reset();
  return {};
}

struct RobotsTable::State {
  KeyIndex services;
  const char *set_of = nullptr, *starts = nullptr;
  std::string_view rules;
  uint64_t sets = 0;
};

RobotsTable::RobotsTable() : state_(std::make_unique<State>()) {}
RobotsTable::~RobotsTable() = default;

Status RobotsTable::open(std::string_view bytes) {
  const auto refuse = [](const char* why) { return Status::error("ERR_REFINE_ASSET", std::string("is no compiled robots table: ") + why + ". Remove it: it is made again from the files"); };
  Header header;
  if (bytes.size() < sizeof(header) || std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) != 0) return refuse("it does not begin as one");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.version != kVersion) return refuse("it is of another version");
  if (header.size != bytes.size()) return refuse("it is cut short or has bytes behind its end");
  if (xxh64(bytes.substr(kCheckedFrom)) != header.checksum) return refuse("its checksum differs");
  auto& state = *state_;
  if (!state.services.open(bytes.substr(sizeof(header)))) return refuse("its parts do not fit");
  const uint64_t set_of_at = sizeof(header) + state.services.bytes();
  if (header.sets > UINT32_MAX || header.sets_at != set_of_at + state.services.size() * 4 || bytes.size() < header.sets_at + (header.sets + 1) * 4) return refuse("its parts do not fit");
  state.set_of = bytes.data() + set_of_at;
  state.starts = bytes.data() + header.sets_at;
  state.rules = bytes.substr(header.sets_at + (header.sets + 1) * 4);
  state.sets = header.sets;
  return {};
}

bool RobotsTable::allows(std::string_view url, Scratch& scratch) const {
  const auto& state = *state_;
  if (state.sets == 0 || !parse_url(url, scratch.url)) return true;
  const auto service = robots_service(scratch.url, scratch.service);
  if (service.empty()) return true;
  const uint32_t number = state.services.find(service);
  if (number == KeyIndex::kNone) return true;
  const uint32_t set = load32(state.set_of + 4 * size_t(number));
  if (set >= state.sets) return true;
  const uint32_t from = load32(state.starts + 4 * size_t(set)), to = load32(state.starts + 4 * size_t(set) + 4);
  if (from > to || to > state.rules.size()) return true;
  if (scratch.url.path() == "/robots.txt") return true;  // 2.2.2: implicitly allowed
  scratch.path.clear();
  append_robots_path(scratch.url.without_fragment().substr(scratch.url.path_start), scratch.path);
  return robots_allow(state.rules.substr(from, to - from), scratch.path);
}

uint64_t RobotsTable::hosts() const { return state_->services.size(); }
uint64_t RobotsTable::rule_sets() const { return state_->sets; }

}  // namespace refine
