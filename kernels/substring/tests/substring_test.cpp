// Stretches and their comparison against brute force: every window of every document, by content.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "../../testing/check.h"
#include "refine/substring.h"

using namespace refine;
using namespace refine::substring;

namespace {

using Symbols = std::vector<uint32_t>;
using Covered = std::vector<std::vector<char>>;  // by document and symbol

uint64_t draws = 0;
uint32_t draw(uint32_t below) {
  uint64_t x = (draws += 0x9e3779b97f4a7c15ull);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return uint32_t((x ^ (x >> 31)) >> 32) % below;
}

Covered by_brute_force(const std::vector<Symbols>& documents, uint32_t span, bool keep_first) {
  std::map<Symbols, std::vector<std::pair<size_t, size_t>>> places;
  Covered covered;
  for (size_t row = 0; row < documents.size(); ++row) {
    covered.emplace_back(documents[row].size(), 0);
    for (size_t at = 0; at + span <= documents[row].size(); ++at)
      places[Symbols(documents[row].begin() + at, documents[row].begin() + at + span)].push_back({row, at});
  }
  for (const auto& [content, at] : places)
    for (size_t i = keep_first || at.size() == 1 ? 1 : 0; i < at.size(); ++i)
      std::fill_n(covered[at[i].first].begin() + at[i].second, span, 1);
  return covered;
}

// The flow of the phases (match.cpp, compare.cpp) in memory.
template <class Symbol>
Covered by_anchors(const std::vector<Symbols>& documents, const Params& params) {
  struct Found {
    Stretch stretch;
    size_t row;
  };
  std::vector<Found> found;
  std::vector<std::vector<Symbol>> narrow;
  Covered covered;
  const auto cover = [&](size_t row, Range range) {
    CHECK(range.start + params.span <= range.end && range.end <= documents[row].size());
    std::fill(covered[row].begin() + range.start, covered[row].begin() + range.end, 1);
  };
  StretchCutter cutter(params);
  for (size_t row = 0; row < documents.size(); ++row) {
    narrow.emplace_back(documents[row].begin(), documents[row].end());
    covered.emplace_back(documents[row].size(), 0);
    cutter.cut(narrow.back().data(), narrow.back().size());
    for (const auto& stretch : cutter.stretches()) found.push_back({stretch, row});
    for (const auto& range : cutter.repeated()) cover(row, range);
  }
  const auto key = [](const Found& f) { return std::tuple(f.stretch.anchor, f.stretch.content.high, f.stretch.content.low, f.row, f.stretch.start); };
  std::sort(found.begin(), found.end(), [&](const Found& a, const Found& b) { return key(a) < key(b); });
  const auto range = [&](const Found& f) { return Range{f.stretch.start, f.stretch.start + f.stretch.windows - 1 + params.span}; };
  WindowComparer comparer(params);
  for (size_t i = 0; i < found.size();) {
    size_t end = i;
    std::vector<Found> distinct;
    while (end < found.size() && found[end].stretch.anchor == found[i].stretch.anchor) {
      const bool again = end > i && found[end].stretch.content == found[end - 1].stretch.content;
      if (again && !params.keep_first) cover(found[end - 1].row, range(found[end - 1]));
      if (again) cover(found[end].row, range(found[end]));
      else distinct.push_back(found[end]);
      ++end;
    }
    std::sort(distinct.begin(), distinct.end(), [](const Found& a, const Found& b) { return std::tuple(a.row, a.stretch.start) < std::tuple(b.row, b.stretch.start); });
    if (distinct.size() > 1) {
      for (const auto& member : distinct)
        comparer.add(member.row, member.stretch.start,
                     {reinterpret_cast<const char*>(narrow[member.row].data() + member.stretch.start), (member.stretch.windows - 1 + params.span) * sizeof(Symbol)});
      comparer.finish([&](uint64_t row, Range of) { cover(row, of); });
    }
    i = end;
  }
  return covered;
}

void equals_brute_force() {
  size_t repeated = 0, unlike = 0;
  for (int corpus = 0; corpus < 1000; ++corpus) {
    Params params;
    params.span = kSmallestSpan + draw(9);
    params.gram = draw(3) ? draw(params.span) + 1 : 0;
    params.keep_first = draw(2);
    const uint32_t alphabet = 1 + draw(5);
    std::vector<Symbols> documents(1 + draw(12));
    for (auto& document : documents) {
      const size_t length = draw(5) ? draw(60) : draw(300);
      for (size_t i = 0; i < length; ++i) document.push_back(draw(alphabet));
    }
    if (draw(2))  // a piece of one document inside another
      for (int copies = 0; copies < 4; ++copies) {
        const Symbols from = documents[draw(uint32_t(documents.size()))];
        auto& to = documents[draw(uint32_t(documents.size()))];
        if (from.empty()) continue;
        const size_t at = draw(uint32_t(from.size()));
        to.insert(to.begin() + draw(uint32_t(to.size()) + 1), from.begin() + at, from.begin() + at + draw(uint32_t(from.size() - at) + 1));
      }
    const auto expected = by_brute_force(documents, params.span, params.keep_first);
    params.bytes = true;
    unlike += by_anchors<uint8_t>(documents, params) != expected;
    params.bytes = false;
    for (auto& document : documents)
      for (auto& symbol : document) symbol += 4'294'967'290u;  // ids at the far end of 32 bits
    unlike += by_anchors<uint32_t>(documents, params) != expected;
    for (const auto& document : expected) repeated += size_t(std::count(document.begin(), document.end(), 1));
  }
  CHECK_EQ(unlike, size_t(0));
  CHECK(repeated > 10'000);
}

void constant_documents_cost_one_stretch() {
  Params params;
  params.bytes = true;
  StretchCutter cutter(params);
  const std::string same(100'000, 'a');
  cutter.cut(reinterpret_cast<const uint8_t*>(same.data()), same.size());
  CHECK_EQ(cutter.stretches().size(), size_t(1));
  CHECK_EQ(cutter.repeated().size(), size_t(1));
  CHECK(cutter.repeated()[0] == (Range{1, 100'000}));
}

void short_documents_have_none() {
  Params params;
  StretchCutter cutter(params);
  const std::vector<uint32_t> symbols(params.span, 7);
  cutter.cut(symbols.data(), params.span - 1);
  CHECK(cutter.stretches().empty());
  cutter.cut(symbols.data(), 0);
  CHECK(cutter.stretches().empty());
  cutter.cut(symbols.data(), params.span);
  CHECK_EQ(cutter.stretches().size(), size_t(1));
  CHECK_EQ(cutter.stretches()[0].windows, 1u);
}

void stretches_cover_every_window_once() {
  Params params;
  params.span = 20;
  std::vector<uint32_t> symbols(50'000);
  for (auto& symbol : symbols) symbol = draw(70'000);
  StretchCutter cutter(params);
  cutter.cut(symbols.data(), symbols.size());
  size_t next = 0;
  for (const auto& stretch : cutter.stretches()) {
    CHECK_EQ(size_t(stretch.start), next);
    next += stretch.windows;
  }
  CHECK_EQ(next, symbols.size() - params.span + 1);
  // density of random minimizers: 2 / (w + 1) with w = span - gram + 1 = 11
  const double expected = double(symbols.size()) * 2 / 12;
  CHECK(double(cutter.stretches().size()) > expected * 0.95 && double(cutter.stretches().size()) < expected * 1.05);
}

void ranges_join() {
  std::vector<Range> ranges{{5, 9}, {1, 3}, {9, 12}, {20, 21}, {2, 4}};
  join_ranges(ranges);
  CHECK(ranges == (std::vector<Range>{{1, 4}, {5, 12}, {20, 21}}));
}

}  // namespace

int main() {
  equals_brute_force();
  constant_documents_cost_one_stretch();
  short_documents_have_none();
  stretches_cover_every_window_once();
  ranges_join();
  return refine::testing::report();
}
