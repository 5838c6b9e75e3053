// Entries of two indexed runs in candidate clusters, against a plain list.
#include "refine/outside_members.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "../../testing/check.h"
#include "refine/record_picker.h"

using namespace refine;
namespace fs = std::filesystem;

namespace {

constexpr RecordShape kComponent{1, 8, false};

uint64_t row_of(uint64_t tag, uint64_t entry) { return kOutsideRow | tag << 32 | entry; }
std::string set_of(uint64_t row) {
  std::string out;
  for (uint64_t i = 0; i < 3 + row % 50; ++i) {
    const uint64_t shingle = (row % 1000) * 100 + i;
    out.append(reinterpret_cast<const char*>(&shingle), 8);
  }
  return out;
}

void write_shingles(const std::string& path, uint64_t tag, uint64_t entries) {
  RecordWriter writer;
  CHECK(writer.open(path + ".sorted", kShingleShape, size_t(1) << 20).ok());
  for (uint64_t i = 0; i < entries; ++i) {
    const uint64_t row = row_of(tag, i), value[3] = {77, 0, 1000 + i};
    CHECK(writer.add(&row, value, set_of(row)).ok());
  }
  CHECK(writer.finish().ok());
  CHECK(merge_to_one_run({path + ".sorted"}, path, size_t(1) << 20).ok());
}

void write_components(const std::string& path, const std::map<uint64_t, uint64_t>& of) {
  RecordWriter writer;
  CHECK(writer.open(path, kComponent, size_t(1) << 20).ok());
  for (const auto& [row, component] : of) CHECK(writer.add(&row, &component).ok());
  CHECK(writer.finish().ok());
}

}  // namespace

int main() {
  const auto folder = fs::temp_directory_path() / ("refine-outside-" + std::to_string(std::hash<std::string>{}(fs::current_path().string())));
  fs::create_directories(folder);
  const std::string low = folder / "low", high = folder / "high", components = folder / "components", out = folder / "out";
  write_shingles(low, 5, 3000);
  write_shingles(high, 9, 2000);
  std::map<uint64_t, uint64_t> of{{3, 3}, {7, 3}};  // rows of the run itself are not asked for
  for (uint64_t i = 0; i < 3000; i += 113) of[row_of(5, i)] = 3 + i;
  for (uint64_t i = 1; i < 2000; i += 977) of[row_of(9, i)] = 4 + i;
  write_components(components, of);

  for (const bool with : {true, false}) {
    MemberCounts counts;
    CHECK(outside_members({{row_of(5, 0), low}, {row_of(9, 0), high}}, {components}, with, out, size_t(4) << 20, &counts).ok());
    CHECK_EQ(counts.members, uint64_t(of.size() - 2));
    RecordMerge merge;
    CHECK(merge.open({out}, kMemberShape, {}, size_t(4) << 20).ok());
    RecordRef record;
    uint64_t seen = 0;
    while (merge.next(&record)) {
      const uint64_t row = record.key(3);
      uint64_t host;
      std::memcpy(&host, record.value(kMemberShape), 8);
      CHECK(of.count(row) && record.key(1) == of[row] && record.key(0) == mix_component(of[row]) && record.key(2) == 0);
      CHECK_EQ(host, 1000 + (row & 0xffffffff));
      CHECK(std::string(reinterpret_cast<const char*>(record.tail), record.tail_bytes) == (with ? set_of(row) : std::string()));
      ++seen;
    }
    CHECK(merge.status().ok());
    CHECK_EQ(seen, counts.members);
  }
  {  // an index without shingles
    MemberCounts counts;
    CHECK(outside_members({{row_of(5, 0), ""}, {row_of(9, 0), ""}}, {components}, false, out, size_t(4) << 20, &counts).ok());
    CHECK_EQ(counts.members, uint64_t(of.size() - 2));
  }
  {  // a run that the index has no longer, and an entry without shingles
    MemberCounts counts;
    CHECK_EQ(outside_members({{row_of(9, 0), high}}, {components}, true, out, size_t(4) << 20, &counts).code, std::string("ERR_REFINE_INDEX"));
    write_components(components, {{row_of(9, 5000), 1}});
    CHECK_EQ(outside_members({{row_of(5, 0), low}, {row_of(9, 0), high}}, {components}, true, out, size_t(4) << 20, &counts).code, std::string("ERR_REFINE_INDEX"));
  }
  fs::remove_all(folder);
  return refine::testing::report();
}
