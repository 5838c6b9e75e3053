// Any bytes as robots.txt, as a path, as lines of a table by host, and as compiled tables: no read outside, bounded work, and
// what must hold for every file. Input: robots.txt, a zero byte, a path.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "refine/hash.h"
#include "refine/host_table.h"
#include "refine/robots.h"

using namespace refine;

static void expect(bool held) {
  if (!held) std::abort();
}

// A compiled table with the bytes put in at a place, and a checksum that holds.
static std::string damaged(std::string table, std::string_view bytes) {
  if (bytes.size() < 2) return table;
  const size_t at = 24 + (uint8_t(bytes[0]) | size_t(uint8_t(bytes[1])) << 8) % (table.size() - 24);
  bytes.remove_prefix(2);
  table.replace(at, std::min(bytes.size(), table.size() - at), bytes.substr(0, table.size() - at));
  const uint64_t checksum = xxh64(std::string_view(table).substr(24));
  std::memcpy(table.data() + 16, &checksum, 8);
  return table;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t zero = bytes.find('\0');
  const auto file = bytes.substr(0, zero);
  const auto written = zero == std::string_view::npos ? bytes : bytes.substr(zero + 1);
  std::string path;
  append_robots_path("/" + std::string(written), path);  // as in every http(s) URL

  // Every agent must be allowed; said twice, and beside other agents' groups, a file says the same.
  const auto one = compile_robots(file, {"a"}), two = compile_robots(file, {"b"}), both = compile_robots(file, {"a", "b"});
  const bool first = robots_allow(one, path), second = robots_allow(two, path);
  if (file.size() < 512 && path.size() < 512) expect(robots_allow(both, path) == (first && second));
  expect(compile_robots(file, {"a", "a"}) == one);
  if (file.size() * 2 + 64 < kMaxRobotsBytes) {
    std::string plain(file);
    if (plain.starts_with("\xEF\xBB\xBF")) plain.erase(0, 3);
    const std::string others = "\nuser-agent: none\ndisallow:\nuser-agent: other\ndisallow:\n# more\nsitemap: x\n";
    expect(compile_robots(others + plain + others + plain, {"a"}) == one);
  }
  robots_allow(bytes, path);  // rules of any bytes

  static const std::string robots_table = [] {
    std::string made;
    RobotsBuilder builder({"a"});
    for (int i = 0; i < 40; ++i) builder.add("h" + std::to_string(i) + ".example", 200, "", "user-agent: *\ndisallow: /*x" + std::to_string(i % 9) + "$\nallow: /y\n");
    builder.build(made);
    return made;
  }();
  RobotsBuilder builder({"a", "b"});
  builder.add("http://h.example/robots.txt", 200, "", file);
  builder.add(written.substr(0, 300), 301, file.substr(0, 300), file);
  std::string made;
  expect(builder.build(made).ok());
  RobotsTable table;
  RobotsTable::Scratch scratch;
  expect(table.open(made).ok());
  table.allows("http://h.example/" + std::string(written), scratch);
  table.allows(written, scratch);
  RobotsTable broken;
  const auto robots_bytes = damaged(robots_table, bytes);
  if (broken.open(robots_bytes).ok())
    for (int i = 0; i < 40; ++i) broken.allows("http://h" + std::to_string(i) + ".example/x", scratch);

  static const std::string host_table = [] {
    std::string made_hosts;
    HostTableBuilder hosts(2, false);
    for (int i = 0; i < 40; ++i) hosts.add_lines("h" + std::to_string(i) + ".example\t" + std::to_string(i) + "\t0.1\n", {'\t', 0, {1, 2}});
    hosts.build(made_hosts);
    return made_hosts;
  }();
  for (const char separator : {'\t', ','}) {
    HostTableBuilder hosts(2, separator == ',');
    hosts.add_lines(bytes, {separator, 0, {1, 1}});
    std::string compiled;
    expect(hosts.build(compiled).ok());
    HostTable found;
    expect(found.open(compiled).ok());
    double values[2];
    expect(!found.find("", values));
    if (found.find("h1.example", values)) expect(values[0] == values[1] || values[0] != values[0]);
  }
  HostTable broken_hosts;
  const auto host_bytes = damaged(host_table, bytes);
  if (broken_hosts.open(host_bytes).ok()) {
    std::vector<double> values(broken_hosts.columns() + 1);
    for (int i = 0; i < 40; ++i) broken_hosts.find("h" + std::to_string(i) + ".example", values.data());
  }
  return 0;
}
