// Record files against sorts in memory: every shape, memories so small that many runs and passes occur, ranges, distinct records,
// and files that were damaged on purpose.
#include "refine/records.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <tuple>

#include "../../testing/check.h"
#include "../record_format.h"

using namespace refine;

namespace {

std::string folder;
std::string file(const std::string& name) { return folder + "/" + name; }

struct Row {
  std::vector<uint64_t> key;
  std::string value, tail;
  auto operator<=>(const Row&) const = default;  // std::string compares bytes unsigned
};

// Keys of a few kinds: random, few distinct, rows of inputs, equal but for the last word or the lowest bit.
std::vector<Row> random_rows(std::mt19937_64& random, const RecordShape& shape, size_t n, int kind, size_t longest_tail) {
  std::vector<Row> rows(n);
  for (size_t i = 0; i < n; ++i) {
    auto& row = rows[i];
    for (unsigned word = 0; word < shape.key_words; ++word) {
      uint64_t key = random();
      if (kind == 1) key %= 7;
      if (kind == 2) key = (key % 5) << 32 | (random() % (2 * n + 1));
      if (kind == 3) key = word + 1 == shape.key_words ? uint64_t(1) << (key % 64) : ~uint64_t(0);
      row.key.push_back(key);
    }
    for (unsigned b = 0; b < shape.value_bytes; ++b) row.value.push_back(char(kind == 0 ? random() : random() % 2 * 255));
    if (shape.tail) row.tail.assign(random() % (longest_tail + 1), char(random() % 3 - 1));
  }
  return rows;
}

Status write(const std::string& path, const RecordShape& shape, const std::vector<Row>& rows, size_t memory, bool distinct = false, RecordFileInfo* info = nullptr) {
  RecordWriter writer;
  auto status = writer.open(path, shape, memory, distinct);
  for (const auto& row : rows)
    if (status.ok()) status = writer.add(row.key.data(), row.value.data(), row.tail);
  return status.ok() ? writer.finish(info) : status;
}

Row row_of(const RecordRef& record, const RecordShape& shape) {
  Row row;
  for (unsigned word = 0; word < shape.key_words; ++word) row.key.push_back(record.key(word));
  row.value.assign(reinterpret_cast<const char*>(record.value(shape)), shape.value_bytes);
  row.tail.assign(reinterpret_cast<const char*>(record.tail), record.tail_bytes);
  return row;
}

Status merge(const std::vector<std::string>& paths, const RecordShape& shape, const RecordRange& range, size_t memory, std::vector<Row>& out, bool distinct = false, uint64_t* passes = nullptr) {
  RecordMerge records;
  out.clear();
  if (auto status = records.open(paths, shape, range, memory, folder, distinct); !status.ok()) return status;
  for (RecordRef record; records.next(&record);) out.push_back(row_of(record, shape));
  if (passes) *passes = records.passes();
  return records.status();
}

void merges_equal_a_sort_in_memory() {
  std::mt19937_64 random(1);
  uint64_t most_passes = 0, most_runs = 0;
  for (int round = 0; round < 60; ++round) {
    const RecordShape shape{1 + unsigned(random() % 4), std::vector<unsigned>{0, 8, 24, 3, 64, 13}[random() % 6], random() % 3 == 0};
    std::vector<Row> all;
    std::vector<std::string> paths;
    const size_t files = random() % 5, memory = 1;  // kLeastMemory
    for (size_t i = 0; i < files; ++i) {
      const size_t sizes[] = {0, 1, 17, 1000, 30000};
      auto rows = random_rows(random, shape, sizes[random() % 5], int(random() % 4), round % 10 == 9 ? 20000 : 40);
      paths.push_back(file("part-" + std::to_string(i)));
      RecordFileInfo info;
      CHECK(write(paths.back(), shape, rows, memory, false, &info).ok());
      CHECK_EQ(info.records, rows.size());
      most_runs = std::max(most_runs, info.runs);
      RecordFileInfo checked;
      CHECK(verify_record_file(paths.back(), &checked).ok());
      CHECK(checked.shape == shape && checked.records == rows.size() && checked.bytes == info.bytes && checked.runs == info.runs);
      all.insert(all.end(), rows.begin(), rows.end());
    }
    std::sort(all.begin(), all.end());
    std::vector<Row> merged;
    uint64_t passes = 0;
    CHECK(merge(paths, shape, {}, memory, merged, false, &passes).ok());
    most_passes = std::max(most_passes, passes);
    CHECK(merged == all);
    // Any cut into ranges gives the same records in all.
    std::vector<Row> cut, part;
    const uint64_t count = 1 + random() % 9;
    for (uint64_t p = 0; p < count; ++p) {
      CHECK(merge(paths, shape, partition_range(p, count), memory, part).ok());
      cut.insert(cut.end(), part.begin(), part.end());
    }
    CHECK(cut == all);
    if (!all.empty()) {
      RecordRange range{all[random() % all.size()].key[0], all[random() % all.size()].key[0]};
      if (range.first > range.last) std::swap(range.first, range.last);
      std::vector<Row> inside;
      for (const auto& row : all)
        if (row.key[0] >= range.first && row.key[0] <= range.last) inside.push_back(row);
      CHECK(merge(paths, shape, range, memory, part).ok());
      CHECK(part == inside);
    }
    all.erase(std::unique(all.begin(), all.end()), all.end());
    CHECK(merge(paths, shape, {}, memory, merged, true).ok());
    CHECK(merged == all);
    // A scan gives the same records, in no order.
    RecordScan scan;
    CHECK(scan.open(paths, shape).ok());
    std::vector<Row> scanned;
    for (RecordRef record; scan.next(&record);) scanned.push_back(row_of(record, shape));
    std::sort(scanned.begin(), scanned.end());
    scanned.erase(std::unique(scanned.begin(), scanned.end()), scanned.end());
    CHECK(scan.status().ok() && scanned == all);
  }
  CHECK(most_passes > 0);
  CHECK(most_runs > 3);
}

void many_runs_go_through_passes() {
  std::mt19937_64 random(2);
  const RecordShape shape{2, 8, false};
  std::vector<std::string> paths;
  std::vector<Row> all;
  for (int i = 0; i < 300; ++i) {
    auto rows = random_rows(random, shape, 1 + random() % 1500, i % 4, 0);
    paths.push_back(file("many-" + std::to_string(i)));
    CHECK(write(paths.back(), shape, rows, 0).ok());
    all.insert(all.end(), rows.begin(), rows.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<Row> merged;
  uint64_t passes = 0;
  CHECK(merge(paths, shape, {}, 0, merged, false, &passes).ok());
  CHECK(merged == all);
  CHECK(passes >= 2);
  for (const auto& path : paths) unlink(path.c_str());
}

void a_distinct_writer_keeps_each_once() {
  std::mt19937_64 random(3);
  for (const bool tail : {false, true}) {
    const RecordShape shape{2, tail ? 5u : 0u, tail};
    auto rows = random_rows(random, shape, 3000, 1, 2);
    RecordFileInfo info;
    CHECK(write(file("distinct"), shape, rows, size_t(16) << 20, true, &info).ok());
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    CHECK_EQ(info.records, rows.size());
    std::vector<Row> merged;
    CHECK(merge({file("distinct")}, shape, {}, 0, merged).ok());
    CHECK(merged == rows);
  }
}

void large_tails_fit_in_small_memory() {
  const RecordShape shape{1, 0, true};
  std::vector<Row> rows;
  for (uint64_t i = 0; i < 9; ++i) rows.push_back({{(i * 7) % 9}, "", std::string((i * 1237) % 5 << 20, char('a' + i))});
  CHECK(write(file("large"), shape, rows, 0).ok());
  std::sort(rows.begin(), rows.end());
  std::vector<Row> merged;
  CHECK(merge({file("large")}, shape, {}, 0, merged).ok());
  CHECK(merged == rows);
  RecordWriter writer;
  CHECK(writer.open(file("too-large"), shape, 0).ok());
  const std::string giant(size_t(kMaxTailBytes) + 1, 'x');
  const uint64_t key = 1;
  CHECK_EQ(writer.add(&key, nullptr, giant).code, "ERR_REFINE_MEMORY");
  CHECK_EQ(writer.finish().code, "ERR_REFINE_MEMORY");
  CHECK(access(file("too-large").c_str(), F_OK) != 0);
}

void a_sorted_writer_refuses_a_record_that_falls() {
  SortedRecordWriter writer;
  const uint64_t keys[] = {5, 5, 4};
  CHECK(writer.open(file("falls"), {1, 0, false}).ok());
  CHECK(writer.add(&keys[0], nullptr).ok());
  CHECK(writer.add(&keys[1], nullptr).ok());
  CHECK_EQ(writer.add(&keys[2], nullptr).code, "ERR_REFINE_INTERNAL");
  writer.abort();
  CHECK(access(file("falls").c_str(), F_OK) != 0);
}

void an_abandoned_file_is_removed() {
  {
    RecordWriter writer;
    CHECK(writer.open(file("abandoned"), {1, 0, false}, 0).ok());
    CHECK(access(file("abandoned").c_str(), F_OK) == 0);
  }
  CHECK(access(file("abandoned").c_str(), F_OK) != 0);
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
void put_bytes(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }

void damage_is_named_wherever_it_lies() {
  std::mt19937_64 random(4);
  for (const bool tail : {false, true}) {
    const RecordShape shape{2, 3, tail};
    CHECK(write(file("whole"), shape, random_rows(random, shape, 3000, 0, 9), 0).ok());
    const auto whole = bytes_of(file("whole"));
    std::vector<Row> merged;
    auto code = [&](const std::string& bytes) {
      put_bytes(file("damaged"), bytes);
      const auto status = merge({file("damaged")}, shape, {}, 0, merged);
      CHECK(status.ok() || status.message.find(file("damaged")) == 0);
      CHECK_EQ(verify_record_bytes(bytes, nullptr).code, status.code);
      return status.code;
    };
    CHECK_EQ(code(whole), "");
    for (int i = 0; i < 400; ++i) {
      auto flipped = whole;
      const size_t at = i < 32 ? size_t(i) : i < 96 ? whole.size() - 1 - size_t(i - 32) : random() % whole.size();
      flipped[at] = char(flipped[at] ^ (1 << random() % 8));
      const auto found = code(flipped);
      // The reserved zeros of header and trailer are checked too; only a higher format number is another error.
      CHECK(found == "ERR_REFINE_SPILL_DAMAGED" || (at == 7 && found == "ERR_REFINE_SPILL_FORMAT"));
    }
    for (int i = 0; i < 100; ++i) CHECK_EQ(code(whole.substr(0, random() % whole.size())), "ERR_REFINE_SPILL_DAMAGED");
    CHECK_EQ(code(whole + "x"), "ERR_REFINE_SPILL_DAMAGED");
    CHECK_EQ(code(""), "ERR_REFINE_SPILL_DAMAGED");
    auto newer = whole;
    newer[7] = 2;
    CHECK_EQ(code(newer), "ERR_REFINE_SPILL_FORMAT");
    // Two blocks changed places, each whole.
    CHECK_EQ(merge({file("whole")}, {1, 3, tail}, {}, 0, merged).code, "ERR_REFINE_SPILL_DAMAGED");
  }
  std::vector<Row> merged;
  CHECK_EQ(merge({file("absent")}, {1, 0, false}, {}, 0, merged).code, "ERR_REFINE_DISK");
  CHECK_EQ(merge({folder}, {1, 0, false}, {}, 0, merged).code, "ERR_REFINE_SPILL_DAMAGED");
}

// An index that was made to lie, with its checks set right: read without harm, refused by name.
void a_lying_index_is_refused() {
  using namespace refine::spill;
  const RecordShape shape{1, 0, true};
  std::mt19937_64 random(5);
  CHECK(write(file("honest"), shape, random_rows(random, shape, 20000, 0, 30), 0).ok());
  const auto honest = bytes_of(file("honest"));
  const auto* end = reinterpret_cast<const uint8_t*>(honest.data()) + honest.size() - kTrailerBytes;
  const uint64_t index_at = load<uint64_t>(end), blocks = load<uint64_t>(end + 8), runs = load<uint64_t>(end + 16);
  CHECK(blocks > 10);
  CHECK(runs >= 1);
  auto with_checks = [&](std::string bytes) {
    auto* p = reinterpret_cast<uint8_t*>(bytes.data());
    auto* trailer = p + bytes.size() - kTrailerBytes;
    store(trailer + 32, check_of(p + index_at, bytes.size() - kTrailerBytes - index_at));
    store(trailer + 48, check_of(trailer, 48));
    return bytes;
  };
  CHECK(verify_record_bytes(with_checks(honest), nullptr).ok());
  for (int i = 0; i < 3000; ++i) {
    auto lying = honest;
    const size_t fields = (blocks * kIndexBytes + runs * 8 + 40) / 4, at = index_at + random() % fields * 4;
    const uint32_t values[] = {0, 1, 0xffffffff, uint32_t(random()), uint32_t(random() % 100), uint32_t(honest.size())};
    const uint32_t value = values[random() % 6];
    if (std::memcmp(lying.data() + at, &value, 4) == 0) continue;
    std::memcpy(lying.data() + at, &value, 4);
    const auto status = verify_record_bytes(with_checks(lying), nullptr);
    // First and last keys may lie without being found: they are bounds for seeking, and only widen or narrow what is read.
    const size_t field = (at - index_at) % kIndexBytes;
    const bool bound = at < index_at + blocks * kIndexBytes && field >= 8 && field < 24;
    const bool checks = at >= index_at + blocks * kIndexBytes + runs * 8 + 32;
    CHECK(status.code == "ERR_REFINE_SPILL_DAMAGED" || (status.ok() && (bound || checks)));
  }
}

void a_full_disk_is_named() {
  signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit = before;
  limit.rlim_cur = 200000;
  setrlimit(RLIMIT_FSIZE, &limit);
  std::mt19937_64 random(6);
  const RecordShape shape{3, 0, false};
  const auto status = write(file("full"), shape, random_rows(random, shape, 60000, 0, 0), 0);
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK_EQ(status.code, "ERR_REFINE_DISK");
  CHECK(status.message.find(file("full")) == 0);
  CHECK(access(file("full").c_str(), F_OK) != 0);
  if (access("/dev/full", W_OK) == 0) {
    RecordWriter writer;
    CHECK(symlink("/dev/full", file("dev-full").c_str()) == 0);
    CHECK(writer.open(file("dev-full"), shape, 0).ok());
    CHECK_EQ(writer.finish().code, "ERR_REFINE_DISK");
  }
  RecordWriter nowhere;
  CHECK_EQ(nowhere.open(file("no/such/folder"), shape, 0).code, "ERR_REFINE_DISK");
}

void partitions_cover_all_words_once() {
  for (const uint64_t count : {uint64_t(1), uint64_t(2), uint64_t(3), uint64_t(7), uint64_t(1000), uint64_t(1) << 32}) {
    CHECK_EQ(partition_start(0, count), 0u);
    CHECK_EQ(partition_start(count, count), 0u);
    CHECK_EQ(partition_range(count - 1, count).last, UINT64_MAX);
    for (uint64_t p = 1; p < std::min<uint64_t>(count, 2000); ++p) CHECK_EQ(partition_range(p - 1, count).last + 1, partition_range(p, count).first);
  }
  CHECK_EQ(partition_start(1, 2), uint64_t(1) << 63);
}

}  // namespace

int main() {
  char name[] = "/tmp/refine-records-XXXXXX";
  if (!mkdtemp(name)) return 1;
  folder = name;
  merges_equal_a_sort_in_memory();
  many_runs_go_through_passes();
  a_distinct_writer_keeps_each_once();
  large_tails_fit_in_small_memory();
  a_sorted_writer_refuses_a_record_that_falls();
  an_abandoned_file_is_removed();
  damage_is_named_wherever_it_lies();
  a_lying_index_is_refused();
  a_full_disk_is_named();
  partitions_cover_all_words_once();
  if (system(("rm -r " + folder).c_str()) != 0) return 1;
  return testing::report();
}
