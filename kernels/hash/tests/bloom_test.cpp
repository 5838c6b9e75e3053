// The Bloom filter against its closed formula, its scalar loop, the union of sets, and its file against every flipped byte.
#include "refine/bloom.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "../../testing/check.h"

using namespace refine;

namespace {
std::vector<uint64_t> draws(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> out(count);
  for (auto& value : out) value = random();
  return out;
}

std::string bytes_of(const BloomFilter& filter) { return {reinterpret_cast<const char*>(filter.words()), filter.bytes()}; }

BloomFilter made(size_t blocks, const std::vector<uint64_t>& keys, Isa isa) {
  BloomFilter filter(blocks);
  filter.add_all(keys.data(), keys.size(), isa);
  return filter;
}

void every_loop_sets_the_bits_of_the_definition() {
  constexpr uint32_t kSalt[8] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du, 0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};
  for (const size_t count : {size_t(0), size_t(1), size_t(31), size_t(32), size_t(33), size_t(1000)})
    for (const size_t blocks : {size_t(1), size_t(7), size_t(100), size_t(70'001)}) {  // the last in huge pages
      const auto keys = draws(count, count * 7 + blocks);
      std::vector<uint32_t> expected(blocks * 8);
      for (const uint64_t key : keys)
        for (int word = 0; word < 8; ++word) expected[size_t(((key >> 32) * blocks) >> 32) * 8 + size_t(word)] |= 1u << ((uint32_t(key) * kSalt[word]) >> 27);
      const std::string definition(reinterpret_cast<const char*>(expected.data()), blocks * 32);
      BloomFilter one(blocks);
      for (const uint64_t key : keys) one.add(key);
      CHECK(bytes_of(one) == definition);
      for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512}) {
        if (!has_isa(isa)) continue;
        const auto filter = made(blocks, keys, isa);
        CHECK(bytes_of(filter) == definition);
        auto asked = draws(500, 99);
        asked.insert(asked.end(), keys.begin(), keys.end());
        std::vector<uint8_t> found(asked.size(), 7);
        filter.has_all(asked.data(), asked.size(), found.data(), isa);
        for (size_t i = 0; i < asked.size(); ++i) CHECK_EQ(int(found[i]), int(one.has(asked[i])));
        for (size_t i = 500; i < asked.size(); ++i) CHECK_EQ(int(found[i]), 1);
      }
    }
}

// n questions of absent keys: binomial around the formula, and the filter is itself one draw of its blocks; sigma of both.
void wrong_answers_follow_the_law_of_split_blocks() {
  for (const double rate : {0.2, 0.01, 0.0005}) {
    const uint64_t keys = 3'000'000;
    const size_t blocks = BloomFilter::blocks_for(keys, rate);
    const double expected = BloomFilter::expected_rate(keys, blocks);
    CHECK(expected <= rate && BloomFilter::expected_rate(keys, blocks - 1) > rate);
    const auto filter = made(blocks, draws(keys, 11), best_isa());
    const auto absent = draws(4'000'000, 12);
    std::vector<uint8_t> found(absent.size());
    filter.has_all(absent.data(), absent.size(), found.data());
    size_t wrong = 0;
    for (const uint8_t one : found) wrong += one;
    const double measured = double(wrong) / double(absent.size());
    // A block's own rate lies in 0..1 with mean `expected`, so its variance is at most that; over `blocks` blocks.
    const double sigma = std::sqrt(expected / double(absent.size()) + expected / double(blocks));
    CHECK(std::fabs(measured - expected) < 4 * sigma);
    // The classic law's rate of as many bits, eight of them a key, is another number: this test can tell them apart.
    const double classic = std::pow(1 - std::exp(-8.0 * double(keys) / double(blocks * 256)), 8);
    CHECK(rate > 0.1 || std::fabs(classic - expected) > 5 * sigma);
  }
  CHECK_EQ(BloomFilter::expected_rate(0, 1), 0.0);
  CHECK_EQ(BloomFilter::expected_rate(uint64_t(1) << 40, 1), 1.0);
}

void a_merge_is_the_union() {
  const auto left = draws(3000, 1), right = draws(2000, 2);
  auto both = left;
  both.insert(both.end(), right.begin(), right.end());
  auto merged = made(300, left, best_isa());
  CHECK(merged.merge(made(300, right, best_isa())).ok());
  CHECK(bytes_of(merged) == bytes_of(made(300, both, best_isa())));
  CHECK_EQ(merged.merge(BloomFilter(301)).code, std::string("ERR_REFINE_BLOOM_SIZE"));
  BloomFilter few(1);
  few.add(5);
  CHECK_EQ(few.fill(), 8.0 / 256);
}

std::string read_file(const std::string& path) {
  std::string out;
  if (FILE* file = std::fopen(path.c_str(), "rb")) {
    char buffer[4096];
    while (const size_t n = std::fread(buffer, 1, sizeof buffer, file)) out.append(buffer, n);
    std::fclose(file);
  }
  return out;
}
void write_file(const std::string& path, const std::string& bytes) {
  FILE* file = std::fopen(path.c_str(), "wb");
  std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
}

void a_file_is_read_back_and_every_flipped_byte_is_named() {
  const std::string path = "refine-bloom-test-" + std::to_string(getpid());
  std::unique_ptr<BloomFilter> back;
  const auto keys = draws(200'000, 3);
  const auto large = made(40'000, keys, best_isa());  // 1.22 MiB: two chunks
  CHECK(large.save(path).ok());
  CHECK(BloomFilter::load(path, back).ok());
  CHECK(bytes_of(*back) == bytes_of(large));

  const auto small = made(2, draws(3, 4), best_isa());
  CHECK(small.save(path).ok());
  const auto good = read_file(path);
  CHECK_EQ(good.size(), size_t(24 + 64 + 8));
  for (size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] = char(bad[at] ^ (at == 7 ? 0x01 : 0x10));
    write_file(path, bad);
    CHECK_EQ(BloomFilter::load(path, back).code, std::string(at < 7 ? "ERR_REFINE_BLOOM_FORMAT" : "ERR_REFINE_BLOOM_DAMAGED"));
  }
  for (size_t size = 0; size < good.size(); ++size) {
    write_file(path, good.substr(0, size));
    CHECK(!BloomFilter::load(path, back).ok());
  }
  write_file(path, good + "x");
  CHECK_EQ(BloomFilter::load(path, back).code, std::string("ERR_REFINE_BLOOM_DAMAGED"));
  auto newer = good;
  newer[7] = 2;
  write_file(path, newer);
  const auto refused = BloomFilter::load(path, back);
  CHECK_EQ(refused.code, std::string("ERR_REFINE_BLOOM_FORMAT"));
  CHECK(refused.message.find("update refine") != std::string::npos);
  std::remove(path.c_str());
  CHECK_EQ(BloomFilter::load(path, back).code, std::string("ERR_REFINE_DISK"));
  CHECK_EQ(small.save("/nowhere/at/all").code, std::string("ERR_REFINE_DISK"));
}
}  // namespace

int main() {
  every_loop_sets_the_bits_of_the_definition();
  wrong_answers_follow_the_law_of_split_blocks();
  a_merge_is_the_union();
  a_file_is_read_back_and_every_flipped_byte_is_named();
  return refine::testing::report();
}
