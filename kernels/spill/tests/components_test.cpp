// Star edges against groups in a map, components against a naive union-find: random graphs, chains in random order, stars, cliques,
// at memories that give one bucket and dozens.
#include "refine/components.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>

#include "../../testing/check.h"

using namespace refine;

namespace {

std::string folder;
std::string file(const std::string& name) { return folder + "/" + name; }
using Edges = std::vector<std::pair<uint64_t, uint64_t>>;

size_t files_in_folder() {
  size_t count = 0;
  DIR* dir = opendir(folder.c_str());
  while (readdir(dir)) ++count;
  closedir(dir);
  return count - 2;
}

std::map<uint64_t, uint64_t> naive(const Edges& edges) {
  std::map<uint64_t, uint64_t> parent;
  auto root = [&](uint64_t x) {
    while (parent[x] != x) x = parent[x] = parent[parent[x]];
    return x;
  };
  for (const auto& [x, y] : edges) parent.emplace(x, x), parent.emplace(y, y);
  for (const auto& [x, y] : edges) {
    const uint64_t a = root(x), b = root(y);
    parent[std::max(a, b)] = std::min(a, b);
  }
  for (auto& [row, name] : parent) name = root(row);
  return parent;
}

std::vector<std::string> write_edges(const Edges& edges, size_t files) {
  std::vector<std::string> paths;
  for (size_t f = 0; f < files; ++f) {
    paths.push_back(file("edges-" + std::to_string(f)));
    RecordWriter writer;
    CHECK(writer.open(paths.back(), kEdgeShape, 0, true).ok());
    for (size_t i = f; i < edges.size(); i += files) {
      const uint64_t edge[2] = {edges[i].first, edges[i].second};
      CHECK(writer.add(edge, nullptr).ok());
    }
    CHECK(writer.finish().ok());
  }
  return paths;
}

ComponentCounts agree(const Edges& edges, size_t files, size_t memory) {
  const auto paths = write_edges(edges, files);
  ComponentCounts counts;
  const auto status = components(paths, file("out"), folder, memory, &counts);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message.c_str());
  CHECK(status.ok());
  const auto expected = naive(edges);
  std::map<uint64_t, uint64_t> found;
  RecordScan scan;
  CHECK(scan.open({file("out")}, kComponentShape).ok());
  uint64_t names = 0, before = 0;
  bool ascending = true;
  for (RecordRef record; scan.next(&record);) {
    uint64_t name;
    std::memcpy(&name, record.value(kComponentShape), 8);
    ascending &= found.empty() || record.key(0) > before;
    before = record.key(0);
    found[before] = name;
    names += name == before;
  }
  CHECK(scan.status().ok());
  CHECK(ascending);
  CHECK(found == expected);
  CHECK_EQ(counts.rows, expected.size());
  CHECK_EQ(counts.components, names);
  for (const auto& path : paths) unlink(path.c_str());
  unlink(file("out").c_str());
  CHECK_EQ(files_in_folder(), 0u);
  return counts;
}

constexpr size_t kSmall = size_t(4) << 20;  // components' least: buckets of some 150,000 rows

std::vector<uint64_t> shuffled_rows(std::mt19937_64& random, size_t n) {
  std::vector<uint64_t> rows(n);
  for (size_t i = 0; i < n; ++i) rows[i] = uint64_t(i / 1000) << 32 | (i % 1000 * 3);
  std::shuffle(rows.begin(), rows.end(), random);
  return rows;
}

void random_graphs() {
  std::mt19937_64 random(11);
  for (int round = 0; round < 40; ++round) {
    const size_t sizes[] = {0, 1, 2, 17, 500, 5000};
    const size_t n = sizes[round % 6];
    Edges edges;
    for (size_t i = 0; i < n; ++i) edges.emplace_back((random() % 5) << 32 | random() % (n + 1), (random() % 5) << 32 | random() % (n + 1));
    agree(edges, 1 + round % 4, round % 2 ? kSmall : size_t(64) << 20);
  }
}

void shapes_in_many_buckets() {
  std::mt19937_64 random(12);
  const size_t n = 400000;
  uint64_t most_buckets = 0, most_sent = 0;
  for (int kind = 0; kind < 6; ++kind) {
    const auto rows = shuffled_rows(random, n);
    auto sorted = rows;
    std::sort(sorted.begin(), sorted.end());
    Edges edges;
    if (kind == 0)  // one chain in random order
      for (size_t i = 1; i < n; ++i) edges.emplace_back(rows[i - 1], rows[i]);
    if (kind == 1)  // one star whose centre is the largest row
      for (size_t i = 0; i + 1 < n; ++i) edges.emplace_back(sorted[i], sorted[n - 1]);
    if (kind == 2)  // a ladder from the upper half to the lower: every row of one half hangs on two of the other
      for (size_t i = 0; i < n / 2; ++i) edges.emplace_back(sorted[i], sorted[n / 2 + i]), edges.emplace_back(sorted[(i * 7 + 1) % (n / 2)], sorted[n / 2 + i]);
    if (kind == 3)  // cliques of 20
      for (size_t i = 0; i + 20 <= n / 4; i += 20)
        for (size_t a = i; a < i + 20; ++a)
          for (size_t b = a + 1; b < i + 20; ++b) edges.emplace_back(rows[a], rows[b]);
    if (kind == 4)  // pairs, and a chain in order
      for (size_t i = 0; i + 1 < n; i += 2) edges.emplace_back(rows[i], rows[i + 1]), edges.emplace_back(sorted[i / 4], sorted[i / 4 + 1]);
    if (kind == 5)  // random, near the threshold of a giant component
      for (size_t i = 0; i < n / 2; ++i) edges.emplace_back(rows[random() % n], rows[random() % n]);
    std::shuffle(edges.begin(), edges.end(), random);
    const auto counts = agree(edges, 3, kSmall);
    most_buckets = std::max(most_buckets, counts.buckets);
    most_sent = std::max(most_sent, counts.sent);
    CHECK(counts.sent <= counts.edges * counts.buckets);
  }
  CHECK(most_buckets >= 3);
  CHECK(most_sent > 100000);
}

void stars_come_from_groups() {
  std::mt19937_64 random(13);
  for (int round = 0; round < 60; ++round) {
    const bool with_outside = round % 2, with_dropped = round % 3 == 0;
    const size_t inputs = 1 + random() % 5, records = 1 + random() % 60;
    std::vector<std::string> files, outside;
    DroppedFiles dropped;
    std::set<uint64_t> gone;
    for (uint32_t input = 0; with_dropped && input < inputs; input += 2) {
      std::string bits(random() % (records / 8 + 2), '\0');
      for (auto& byte : bits) byte = char(random() & random());
      for (size_t record = 0; record < bits.size() * 8; ++record)
        if ((uint8_t(bits[record / 8]) >> (record % 8)) & 1) gone.insert(uint64_t(input) << 32 | record);
      dropped.emplace_back(input, file("dropped-" + std::to_string(input)));
      std::ofstream(dropped.back().second, std::ios::binary) << bits;
    }
    const size_t keys = 1 + random() % 30;
    std::map<std::pair<uint64_t, uint64_t>, std::set<uint64_t>> own, others;
    auto add = [&](const std::string& path, bool foreign, size_t n) {
      RecordWriter writer;
      CHECK(writer.open(path, kKeyShape, 0).ok());
      for (size_t i = 0; i < n; ++i) {
        const uint64_t which = random() % keys;
        const uint64_t row = foreign ? uint64_t(1) << 63 | random() % 50 : (random() % inputs) << 32 | random() % records;
        const uint64_t key[3] = {which / 4 * 0x123456789abcdefull, which % 4, row};
        CHECK(writer.add(key, nullptr).ok());
        if (foreign) others[{key[0], key[1]}].insert(row);
        else if (!gone.count(row)) own[{key[0], key[1]}].insert(row);
      }
      CHECK(writer.finish().ok());
    };
    for (size_t i = 0; i < 1 + random() % 3; ++i) add(files.emplace_back(file("keys-" + std::to_string(i))), false, random() % 200);
    if (with_outside)
      for (size_t i = 0; i < 1 + random() % 2; ++i) add(outside.emplace_back(file("outside-" + std::to_string(i))), true, random() % 100);
    StarCounts expected;
    std::set<std::pair<uint64_t, uint64_t>> edges;
    for (const auto& [key, rows] : own) {
      expected.entries += rows.size();
      const auto meeting = others.find(key);
      const uint64_t centre = meeting == others.end() ? *rows.begin() : *meeting->second.begin();
      size_t given = 0;
      auto give = [&](uint64_t row) {
        if (row != centre) edges.emplace(centre, row), ++given;
      };
      for (const uint64_t row : rows) give(row);
      if (meeting != others.end())
        for (const uint64_t row : meeting->second) give(row);
      expected.groups += given > 0;
      if (given > 0) expected.largest_group = std::max<uint64_t>(expected.largest_group, rows.size());
    }
    std::set<std::pair<uint64_t, uint64_t>> found;
    StarCounts sum;
    const uint64_t count = 1 + random() % 3;
    for (uint64_t p = 0; p < count; ++p) {
      StarCounts counts;
      CHECK(star_edges(files, partition_range(p, count), dropped, outside, file("out"), 0, &counts).ok());
      RecordMerge merge;
      CHECK(merge.open({file("out")}, kEdgeShape, {}, 0).ok());
      for (RecordRef edge; merge.next(&edge);) found.emplace(edge.key(0), edge.key(1));
      sum.entries += counts.entries;
      sum.groups += counts.groups;
      sum.edges += counts.edges;
      sum.largest_group = std::max(sum.largest_group, counts.largest_group);
    }
    CHECK(found == edges);
    CHECK_EQ(sum.entries, expected.entries);
    CHECK_EQ(sum.groups, expected.groups);
    CHECK(sum.edges >= edges.size());
    if (count == 1) CHECK_EQ(sum.edges, edges.size());
    CHECK_EQ(sum.largest_group, expected.largest_group);
    if (system(("rm -f " + folder + "/*").c_str()) != 0) return;
  }
}

}  // namespace

int main() {
  char name[] = "/tmp/refine-components-XXXXXX";
  if (!mkdtemp(name)) return 1;
  folder = name;
  random_graphs();
  shapes_in_many_buckets();
  stars_come_from_groups();
  if (system(("rm -r " + folder).c_str()) != 0) return 1;
  return testing::report();
}
