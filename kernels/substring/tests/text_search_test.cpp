// Counting strings against std::string::find, and the index against looking at every row.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "../../testing/check.h"
#include "refine/text_search.h"

using namespace refine;

namespace {

uint64_t draws = 0;
uint32_t draw(uint32_t below) {
  uint64_t x = (draws += 0x9e3779b97f4a7c15ull);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return uint32_t((x ^ (x >> 31)) >> 32) % below;
}

struct Column {
  std::string data;
  std::vector<int32_t> offsets{0};
  void add(const std::string& text) {
    data += text;
    offsets.push_back(int32_t(data.size()));
  }
  BytesView view() const { return {reinterpret_cast<const uint8_t*>(data.data()), offsets.data(), nullptr, offsets.size() - 1}; }
};

size_t occurrences(const std::string& text, const std::string& string) {
  size_t count = 0;
  for (size_t at = text.find(string); !string.empty() && at != std::string::npos; at = text.find(string, at + 1)) ++count;
  return count;
}

std::vector<std::string> corpus(uint32_t alphabet, size_t rows, uint32_t longest) {
  std::vector<std::string> texts(rows);
  for (auto& text : texts)
    for (size_t i = draw(longest); i > 0; --i) text.push_back(char('a' + draw(alphabet)));
  return texts;
}

void counts_equal_find() {
  for (int round = 0; round < 100; ++round) {
    const auto texts = corpus(1 + draw(4), 20, 120);
    std::vector<std::string> strings{"", "a"};
    for (size_t i = 0; i < 30; ++i) {
      const auto& from = texts[draw(20)];
      const size_t at = draw(uint32_t(from.size()) + 1);
      strings.push_back(from.substr(at, draw(40)));
    }
    strings.push_back(strings[5]);
    Column column;
    for (const auto& text : texts) column.add(text);
    std::vector<StringMatch> found, expected;
    StringSearch(strings).find(column.view(), found);
    for (uint32_t row = 0; row < texts.size(); ++row)
      for (uint32_t string = 0; string < strings.size(); ++string)
        if (const size_t count = occurrences(texts[row], strings[string])) expected.push_back({row, string, uint32_t(count)});
    CHECK(found.size() == expected.size() && std::equal(found.begin(), found.end(), expected.begin(), [](const StringMatch& a, const StringMatch& b) {
            return a.row == b.row && a.string == b.string && a.count == b.count;
          }));
  }
}

struct File {
  std::string path = (std::filesystem::temp_directory_path() / ("refine-search-" + std::to_string(getpid()))).string();
  ~File() { std::filesystem::remove(path); }
  std::string bytes() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

void index_names_every_row_with_the_string() {
  File file;
  for (int round = 0; round < 30; ++round) {
    const auto texts = corpus(round % 3 == 0 ? 1 : 2 + draw(20), 200, 400);
    SearchIndexWriter writer(round % 2 ? 500 : SearchIndexWriter::kEntries);
    for (size_t row = 0; row < texts.size(); row += 50) {
      Column column;
      for (size_t i = row; i < row + 50; ++i) column.add(texts[i]);
      writer.add(column.view());
    }
    CHECK(writer.write(file.path, "digest").ok());
    SearchIndex index;
    CHECK_EQ(index.open(file.path, "digest").message, std::string());
    CHECK_EQ(index.rows(), uint64_t(200));
    CHECK(index.batches() == (std::vector<uint32_t>{0, 50, 100, 150}));
    size_t candidates = 0;
    for (int ask = 0; ask < 100; ++ask) {
      const auto& from = texts[draw(200)];
      if (from.size() < kSearchLeast) continue;
      const size_t at = draw(uint32_t(from.size() - kSearchLeast + 1));
      const std::string string = from.substr(at, kSearchLeast + draw(60));
      std::vector<uint32_t> rows;
      CHECK(index.rows_of(string, rows).ok());
      CHECK(std::is_sorted(rows.begin(), rows.end()) && std::adjacent_find(rows.begin(), rows.end()) == rows.end());
      const std::set<uint32_t> named(rows.begin(), rows.end());
      for (uint32_t row = 0; row < texts.size(); ++row) CHECK(texts[row].find(string) == std::string::npos || named.count(row));
      candidates += named.size();
    }
    if (round % 3 != 0) CHECK(candidates < 100 * 20);
    std::vector<uint32_t> rows;
    CHECK(index.rows_of(std::string(40, 'z'), rows).ok());
    CHECK(rows.empty());
  }
}

void damage_is_named() {
  File file;
  SearchIndexWriter writer;
  Column column;
  for (const auto& text : corpus(20, 300, 500)) column.add(text);
  writer.add(column.view());
  CHECK(writer.write(file.path, "one").ok());
  const std::string whole = file.bytes();
  SearchIndex index;
  CHECK(index.open_bytes(whole, "one", "x").ok());
  CHECK_EQ(SearchIndex().open_bytes(whole, "two", "x").code, std::string("ERR_REFINE_SHARD"));
  for (const size_t cut : {size_t(0), size_t(7), whole.size() / 2, whole.size() - 1}) CHECK(!SearchIndex().open_bytes(std::string_view(whole).substr(0, cut), "one", "x").ok());
  std::string newer = whole;
  newer.back() = '2';
  CHECK(SearchIndex().open_bytes(newer, "one", "x").message.find("another format") != std::string::npos);
  size_t refused = 0;
  const std::string string(column.data, 0, 60);
  for (size_t at = 0; at < whole.size(); at += 97) {
    std::string flipped = whole;
    flipped[at] = char(flipped[at] ^ 16);
    SearchIndex other;
    std::vector<uint32_t> rows;
    if (!other.open_bytes(flipped, "one", "x").ok()) {
      ++refused;
      continue;
    }
    bool fails = false;  // some block is damaged: a string that asks for each finds it
    for (size_t from = 0; from + 60 <= column.data.size() && !fails; from += 20) fails = !other.rows_of(std::string_view(column.data).substr(from, 60), rows).ok();
    refused += fails;
  }
  CHECK_EQ(refused, (whole.size() + 96) / 97);
}

void empty_shards_have_an_index() {
  File file;
  SearchIndexWriter writer;
  CHECK(writer.write(file.path, "").ok());
  SearchIndex index;
  CHECK(index.open(file.path, "").ok());
  std::vector<uint32_t> rows;
  CHECK(index.rows_of(std::string(50, 'a'), rows).ok());
  CHECK(rows.empty());
}

}  // namespace

int main() {
  counts_equal_find();
  index_names_every_row_with_the_string();
  damage_is_named();
  empty_shards_have_an_index();
  return refine::testing::report();
}
