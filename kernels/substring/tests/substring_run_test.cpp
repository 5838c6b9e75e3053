// The tasks over record files against brute force, with partitions and memory of any size; and what is cut.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "../../testing/check.h"
#include "../symbols.h"
#include "refine/substring_cut.h"
#include "refine/substring_run.h"
#include "refine/utf8.h"

using namespace refine;
using namespace refine::substring;

namespace {

using Texts = std::vector<std::string>;
using Edit = std::tuple<uint64_t, uint64_t, uint64_t>;

uint64_t draws = 0;
uint32_t draw(uint32_t below) {
  uint64_t x = (draws += 0x9e3779b97f4a7c15ull);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return uint32_t((x ^ (x >> 31)) >> 32) % below;
}

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("refine-substring-" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const std::string& name) const { return (path / name).string(); }
};

std::vector<Edit> by_brute_force(const std::vector<Texts>& inputs, const Params& params, const std::vector<std::vector<char>>& dropped) {
  std::map<std::string, std::vector<std::tuple<size_t, size_t, size_t>>> places;
  std::vector<std::vector<std::string>> covered;
  for (size_t input = 0; input < inputs.size(); ++input) {
    covered.emplace_back();
    for (size_t row = 0; row < inputs[input].size(); ++row) {
      const auto& text = inputs[input][row];
      covered.back().push_back(std::string(text.size(), '-'));
      if (dropped[input][row]) continue;
      for (size_t at = 0; at + params.span <= text.size(); ++at) places[text.substr(at, params.span)].push_back({input, row, at});
    }
  }
  for (const auto& [content, at] : places)
    for (size_t i = params.keep_first || at.size() == 1; i < at.size(); ++i) {
      const auto& [input, row, start] = at[i];
      covered[input][row].replace(start, params.span, params.span, 'x');
    }
  std::vector<Edit> edits;
  for (size_t input = 0; input < inputs.size(); ++input)
    for (size_t row = 0; row < inputs[input].size(); ++row)
      for (size_t at = covered[input][row].find('x'); at != std::string::npos;) {
        const size_t end = std::min(covered[input][row].find('-', at), covered[input][row].size());
        edits.push_back({uint64_t(input) << 32 | row, at, end});
        at = covered[input][row].find('x', end);
      }
  return edits;
}

Status by_tasks(const Folder& folder, const std::vector<Texts>& inputs, const Params& params, const std::vector<std::vector<char>>& dropped, uint32_t partitions,
                size_t memory, std::vector<Edit>& out, uint64_t* large_groups) {
  std::vector<std::string> stretches, symbols, repeated, wanted, contents_files;
  DroppedFiles gone;
  const Work work{memory, folder.path.string()};
  for (size_t input = 0; input < inputs.size(); ++input) {
    const auto name = std::to_string(input);
    stretches.push_back(folder.file("stretches-" + name));
    symbols.push_back(folder.file("symbols-" + name));
    repeated.push_back(folder.file("inside-" + name));
    MapWriter writer;
    if (Status status = writer.open(params, nullptr, {stretches.back(), symbols.back(), repeated.back()}, memory); !status.ok()) return status;
    std::string bits((inputs[input].size() + 7) / 8, 0);
    for (size_t row = 0; row < inputs[input].size(); ++row) {
      const auto& text = inputs[input][row];
      const int32_t offsets[2] = {0, int32_t(text.size())};
      const uint64_t global = uint64_t(input) << 32 | row;
      if (Status status = writer.add({reinterpret_cast<const uint8_t*>(text.data()), offsets, nullptr, 1}, &global); !status.ok()) return status;
      if (dropped[input][row]) bits[row >> 3] = char(bits[row >> 3] | 1 << (row & 7));
    }
    MapCounts counts;
    if (Status status = writer.finish(&counts); !status.ok()) return status;
    FILE* file = fopen(folder.file("dropped-" + name).c_str(), "wb");
    fwrite(bits.data(), 1, bits.size(), file);
    fclose(file);
    gone.push_back({uint32_t(input), folder.file("dropped-" + name)});
  }
  auto all_repeated = repeated;
  for (uint32_t part = 0; part < partitions; ++part) {
    MatchCounts counts;
    all_repeated.push_back(folder.file("again-" + std::to_string(part)));
    wanted.push_back(folder.file("wanted-" + std::to_string(part)));
    if (Status status = match(params, stretches, partition_range(part, partitions), gone, all_repeated.back(), wanted.back(), work, &counts); !status.ok()) return status;
  }
  for (size_t input = 0; input < inputs.size(); ++input) {
    uint64_t written = 0;
    contents_files.push_back(folder.file("contents-" + std::to_string(input)));
    if (Status status = contents(params, uint32_t(input), symbols[input], wanted, contents_files.back(), work, &written); !status.ok()) return status;
  }
  std::vector<std::string> outside(all_repeated.begin() + inputs.size(), all_repeated.end());
  for (uint32_t part = 0; part < partitions; ++part) {
    CompareCounts counts;
    outside.push_back(folder.file("windows-" + std::to_string(part)));
    if (Status status = compare(params, contents_files, partition_range(part, partitions), outside.back(), work, &counts); !status.ok()) return status;
    *large_groups += counts.large_groups;
  }
  for (size_t input = 0; input < inputs.size(); ++input) {
    auto files = outside;
    files.push_back(repeated[input]);
    EditCounts counts;
    if (Status status = edits(params, uint32_t(input), symbols[input], files, gone, folder.file("edits"), work, &counts); !status.ok()) return status;
    RecordScan scan;
    if (Status status = scan.open({folder.file("edits")}, kEditShape); !status.ok()) return status;
    for (RecordRef record; scan.next(&record);) out.push_back({record.key(0), record.key(1), record.key(2)});
  }
  return {};
}

void tasks_equal_brute_force() {
  Folder folder;
  for (int corpus = 0; corpus < 60; ++corpus) {
    Params params;
    params.bytes = true;
    params.span = 4 + draw(12);
    params.keep_first = draw(2);
    const uint32_t alphabet = 1 + draw(6);
    std::vector<Texts> inputs(1 + draw(4));
    std::vector<std::vector<char>> dropped;
    for (auto& texts : inputs) {
      texts.resize(draw(12));
      dropped.emplace_back();
      for (auto& text : texts) {
        for (size_t i = draw(200); i > 0; --i) text.push_back(char('a' + draw(alphabet)));
        dropped.back().push_back(draw(6) == 0);
      }
    }
    std::vector<Edit> found;
    uint64_t large = 0;
    const Status status = by_tasks(folder, inputs, params, dropped, 1 + draw(3), size_t(1) << 20, found, &large);
    CHECK_EQ(status.message, std::string());
    CHECK(found == by_brute_force(inputs, params, dropped));
  }
}

// A template between bodies of their own: groups past the comparer's quarter of 1 MiB go through files, and nothing changes.
void large_groups_equal_small_ones() {
  Folder folder;
  for (const bool keep_first : {true, false}) {
    Params params;
    params.bytes = true;
    params.span = 60;
    params.keep_first = keep_first;
    std::string page;
    for (int i = 0; i < 150; ++i) page.push_back(char('a' + draw(26)));
    std::vector<Texts> inputs(2);
    for (int i = 0; i < 3000; ++i) {
      std::string own, after;
      for (int j = 0; j < 30; ++j) own.push_back(char('a' + draw(26)));
      for (int j = 0; j < 30; ++j) after.push_back(char('a' + draw(26)));
      inputs[i & 1].push_back(own + page + after);
    }
    const std::vector<std::vector<char>> dropped(2, std::vector<char>(1500, 0));
    std::vector<Edit> small, large;
    uint64_t none = 0, some = 0;
    CHECK_EQ(by_tasks(folder, inputs, params, dropped, 1, size_t(64) << 20, small, &none).message, std::string());
    CHECK_EQ(by_tasks(folder, inputs, params, dropped, 2, size_t(1) << 20, large, &some).message, std::string());
    CHECK_EQ(none, uint64_t(0));
    CHECK(some > 0);
    CHECK_EQ(small.size(), size_t(3000 - keep_first));
    CHECK(small == large);
    CHECK(small == by_brute_force(inputs, params, dropped));
  }
}

void varints_and_tokens_survive() {
  const std::vector<uint32_t> ids{0, 1, 127, 128, 65'535, 65'536, 4'294'967'295u}, lengths{1, 0, 300, 2, 1, 70'000, 4};
  std::string packed;
  pack_tokens(ids, lengths, packed);
  std::vector<uint32_t> back, ends;
  CHECK(unpack_tokens(packed, back, ends));
  CHECK(back == ids);
  CHECK_EQ(ends.back(), 70'308u);
  for (size_t cut = 0; cut < packed.size(); ++cut) CHECK(!unpack_tokens(std::string_view(packed).substr(0, cut), back, ends));
  CHECK(!unpack_tokens(packed + "x", back, ends));
  CHECK(!unpack_ids("\xff\xff\xff\xff\x1f", back));  // 2^33 - 1
  CHECK(!unpack_ids("\x80\x80\x80\x80\x80\x01", back));
}

std::string cut(const std::string& text, std::vector<Range> spans, Snap snap) {
  std::vector<Range> snapped;
  snap_spans(text, spans.data(), spans.size(), snap, snapped);
  std::string left;
  size_t at = 0;
  for (const Range& span : snapped) {
    left += text.substr(at, span.start - at);
    at = span.end;
  }
  return left + text.substr(at);
}

void spans_end_where_characters_do() {
  const std::string text = "a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80z";  // a é 中 😀 z: 1 2 3 4 1
  for (uint32_t start = 0; start < text.size(); ++start)
    for (uint32_t end = start + 1; end <= text.size(); ++end) {
      const auto left = cut(text, {{start, end}}, Snap::kNone);
      CHECK(is_valid_utf8(left));
      CHECK(left.size() >= text.size() - (end - start));
      CHECK(left.size() <= text.size() - (end - start) + 6);
    }
  CHECK_EQ(cut(text, {{2, 6}}, Snap::kNone), "a\xc3\xa9\xf0\x9f\x98\x80z");
  CHECK_EQ(cut(text, {{2, 3}}, Snap::kNone), text);
}

void snapping_takes_whole_lines_and_sentences() {
  const std::string text = "first line\nsecond line\n\nthird line";
  CHECK_EQ(cut(text, {{3, 22}}, Snap::kLine), "first line\n\nthird line");  // the second line whole, the first in part
  CHECK_EQ(cut(text, {{11, 21}}, Snap::kLine), text);
  CHECK_EQ(cut(text, {{11, 34}}, Snap::kLine), "first line\n");
  CHECK_EQ(cut(text, {{0, 10}, {11, 22}}, Snap::kLine), "\nthird line");
  CHECK_EQ(cut("One here. Two here. Three.", {{5, 19}}, Snap::kSentence), "One here. Three.");
  CHECK_EQ(cut("One here. Two here. Three.", {{5, 18}}, Snap::kSentence), "One here. Two here. Three.");
}

CutColumns columns_of(const std::string& text, std::vector<Range> spans, const CutOptions& options) {
  const int32_t offsets[2] = {0, int32_t(text.size())}, rows[2] = {0, int32_t(spans.size())};
  std::vector<uint32_t> start, end;
  for (const Range& span : spans) {
    start.push_back(span.start);
    end.push_back(span.end);
  }
  CutColumns columns;
  CHECK(cut_texts({reinterpret_cast<const uint8_t*>(text.data()), offsets, nullptr, 1}, rows, start.data(), end.data(), options, &columns).ok());
  return columns;
}

void actions_do_as_they_say() {
  const std::string text = "  keep " + std::string(60, 'k') + std::string(40, 'r') + " \n";
  CutOptions options;
  auto columns = columns_of(text, {{67, 107}}, options);
  CHECK_EQ(columns.text.data, "keep " + std::string(60, 'k'));
  CHECK_EQ(columns.drops[0], 0);
  columns = columns_of(text, {}, options);
  CHECK_EQ(columns.text.data, text);
  columns = columns_of(text, {{20, 107}}, options);
  CHECK_EQ(columns.drops[0], kTooShort);
  columns = columns_of("short", {}, options);
  CHECK_EQ(columns.drops[0], 0);  // nothing was taken from it
  options.action = Action::kMask;
  columns = columns_of(text, {{67, 107}}, options);
  CHECK(columns.spans.values == (std::vector<uint32_t>{67, 107}));
  CHECK_EQ(columns.spans.rows(), size_t(1));
  options.action = Action::kDrop;
  options.most_repeated = 40.0 / 109;
  columns = columns_of(text, {{67, 107}}, options);
  CHECK_EQ(columns.drops[0], 0);
  columns = columns_of(text, {{66, 107}}, options);
  CHECK_EQ(columns.drops[0], kRepeatedShare);
  const int32_t offsets[2] = {0, 3}, rows[2] = {0, 1};
  const uint32_t start = 1, end = 4;
  CHECK(!cut_texts({reinterpret_cast<const uint8_t*>("abc"), offsets, nullptr, 1}, rows, &start, &end, options, &columns).ok());
}

}  // namespace

int main() {
  tasks_equal_brute_force();
  large_groups_equal_small_ones();
  varints_and_tokens_survive();
  spans_end_where_characters_do();
  snapping_takes_whole_lines_and_sentences();
  actions_do_as_they_say();
  return refine::testing::report();
}
