// One run of many, and records picked by key, against a plain list of what was written.
#include "refine/record_picker.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "../../testing/check.h"

using namespace refine;
namespace fs = std::filesystem;

namespace {

constexpr RecordShape kShape{1, 8, true};
constexpr uint64_t kBit = uint64_t(1) << 63;

uint64_t mix(uint64_t x) {
  x ^= x >> 31;
  x *= 0x9e3779b97f4a7c15u;
  return x ^ x >> 29;
}

std::string tail_of(uint64_t key) { return std::string(mix(key) % 3000, char('a' + key % 26)); }

// Keys kBit + 0, 3, 6, ... in an order that is none.
void write(const std::string& path, uint64_t records, size_t memory) {
  RecordWriter writer;
  CHECK(writer.open(path, kShape, memory).ok());
  for (uint64_t i = 0; i < records; ++i) {
    const uint64_t key = kBit + 3 * (i * 7919 % records);
    const uint64_t value = mix(key);
    CHECK(writer.add(&key, &value, tail_of(key)).ok());
  }
  CHECK(writer.finish().ok());
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main() {
  const auto folder = fs::temp_directory_path() / ("refine-picker-" + std::to_string(std::hash<std::string>{}(fs::current_path().string())));
  fs::create_directories(folder);
  const std::string many = folder / "many", few = folder / "few", one = folder / "one", other = folder / "other", empty = folder / "empty";
  constexpr uint64_t kRecords = 5003;
  write(many, kRecords, size_t(1) << 20);
  write(few, kRecords, size_t(64) << 20);
  RecordFileInfo info;
  CHECK(record_file_info(many, &info).ok());
  CHECK(info.runs > 1);

  CHECK(merge_to_one_run({many}, one, size_t(1) << 20, &info).ok());
  CHECK_EQ(info.runs, uint64_t(1));
  CHECK_EQ(info.records, kRecords);
  CHECK(merge_to_one_run({few}, other, size_t(64) << 20).ok());
  CHECK(bytes_of(one) == bytes_of(other));  // whatever the memory they were sorted in
  CHECK(!merge_to_one_run({}, other, 1).ok());
  CHECK_EQ(merge_to_one_run({(folder / "absent").string()}, other, 1).code, std::string("ERR_REFINE_DISK"));

  {  // every key, then every 7th, with neighbours that are not there
    for (const uint64_t step : {uint64_t(1), uint64_t(7), uint64_t(1000)}) {
      RecordPicker picker;
      CHECK(picker.open(one, kShape).ok());
      uint64_t found = 0;
      for (uint64_t i = 0; i < kRecords; i += step) {
        const uint64_t key = kBit + 3 * i;
        RecordRef record;
        if (!picker.find(key, &record)) continue;
        ++found;
        uint64_t value;
        std::memcpy(&value, record.value(kShape), 8);
        CHECK(record.key(0) == key && value == mix(key) && std::string(reinterpret_cast<const char*>(record.tail), record.tail_bytes) == tail_of(key));
        CHECK(picker.find(key, &record) && record.key(0) == key);  // again
        CHECK(!picker.find(key + 1, &record));
      }
      CHECK(picker.status().ok());
      CHECK_EQ(found, (kRecords + step - 1) / step);
      if (step == 1000) CHECK(picker.blocks_read() <= found);
      RecordRef record;
      CHECK(!picker.find(UINT64_MAX, &record) && picker.status().ok());
      CHECK(!picker.find(kBit, &record) && picker.status().code == "ERR_REFINE_INTERNAL");  // backwards
    }
  }
  {
    RecordPicker picker;
    CHECK_EQ(picker.open(many, kShape).code, std::string("ERR_REFINE_INTERNAL"));
    CHECK_EQ(picker.open(one, RecordShape{1, 0, true}).code, std::string("ERR_REFINE_SPILL_DAMAGED"));
    write(empty, 0, 1);
    CHECK(picker.open(empty, kShape).ok());
    RecordRef record;
    CHECK(!picker.find(5, &record) && picker.status().ok());
  }
  {  // a flipped byte is found when its block is asked for, and by no other question
    auto bytes = bytes_of(one);
    bytes[bytes.size() / 2] = char(bytes[bytes.size() / 2] ^ 4);
    std::ofstream(other, std::ios::binary) << bytes;
    uint64_t bad = 0, good = 0;
    for (uint64_t i = 0; i < kRecords; i += 10) {
      RecordPicker picker;
      CHECK(picker.open(other, kShape).ok());
      RecordRef record;
      const bool found = picker.find(kBit + 3 * i, &record);
      CHECK(found || picker.status().code == "ERR_REFINE_SPILL_DAMAGED");
      ++(found ? good : bad);
    }
    CHECK(bad > 0 && good > 20 * bad);
  }
  fs::remove_all(folder);
  return refine::testing::report();
}
