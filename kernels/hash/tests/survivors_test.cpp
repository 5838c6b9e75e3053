// The finder under sanitizers: random clusters by every way, in one pass and many, against pairs counted by hand.
#include "refine/survivors.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "../../testing/check.h"

using namespace refine;

namespace {
using Set = std::vector<uint64_t>;
struct Random {
  uint64_t state;
  uint64_t operator()() {
    uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    return z ^ (z >> 27);
  }
};

double jaccard(const Set& a, const Set& b) {
  Set both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return double(both.size()) / double(a.size() + b.size() - both.size());
}

std::map<uint64_t, uint64_t> reference(const std::vector<Set>& sets, double min) {  // row -> kept, of documents with company
  std::vector<size_t> representatives;
  std::map<uint64_t, uint64_t> kept;
  for (size_t i = 0; i < sets.size(); ++i) {
    bool found = false;
    for (size_t at : representatives) {
      if (jaccard(sets[at], sets[i]) < min) continue;
      kept[i] = at;
      kept[at] = at;
      found = true;
      break;
    }
    if (!found) representatives.push_back(i);
  }
  return kept;
}
}  // namespace

int main() {
  const std::string folder = (std::filesystem::temp_directory_path() / "refine-survivors-test").string();
  std::filesystem::create_directories(folder);
  Random random{42};
  for (int round = 0; round < 40; ++round) {
    std::vector<Set> sets;
    const size_t count = 2 + random() % 60;
    for (size_t i = 0; i < count; ++i) {
      Set set = i && random() % 4 ? sets[random() % i] : Set{};
      for (size_t added = set.empty() ? 1 + random() % 60 : random() % 6; added; --added) set.push_back(random() % 2 ? random() % 64 : random());
      std::sort(set.begin(), set.end());
      set.erase(std::unique(set.begin(), set.end()), set.end());
      sets.push_back(set);
    }
    const double min = round % 2 ? 0.8 : 0.5;
    const auto expected = reference(sets, min);
    for (size_t few : {size_t(0), size_t(8), size_t(1000)}) {
      for (size_t memory : {size_t(0), size_t(20000), size_t(1) << 26}) {
        SurvivorParams params;
        params.min_jaccard = min;
        params.memory_bytes = memory;
        params.few = few;
        params.folder = folder;
        SurvivorFinder finder(params);
        for (int again = 0; again < 2; ++again) {  // the finder takes one cluster after another
          std::map<uint64_t, uint64_t> kept;
          for (size_t i = 0; i < count; ++i) CHECK(finder.add(i, 7, i, sets[i].data(), sets[i].size()).ok());
          const auto status = finder.finish([&](const ClusterVerdict& one) {
            kept[one.row] = one.kept;
            return Status{};
          });
          CHECK(status.ok());
          CHECK(kept == expected);
        }
      }
    }
  }
  {  // a folder that is not there is an error, and the finder goes on
    SurvivorParams params;
    params.memory_bytes = 0;
    params.folder = folder + "/absent";
    SurvivorFinder finder(params);
    Set set(40000);
    for (size_t i = 0; i < set.size(); ++i) set[i] = i;
    Status status = finder.add(1, 1, 1, set.data(), set.size());
    for (uint64_t row = 2; row < 5 && status.ok(); ++row) status = finder.add(row, 1, row, set.data(), set.size());
    CHECK_EQ(status.code, "ERR_REFINE_DISK");
  }
  std::filesystem::remove_all(folder);
  return testing::report();
}
