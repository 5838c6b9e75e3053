// MurmurHash3 and XXH64 against published values, MinHash loops against the definition, clusters, Bloom, exp and log.
#include <cmath>
#include <cstring>
#include <random>
#include <set>
#include <string>

#include "../../testing/check.h"
#include "refine/bloom.h"
#include "refine/clusters.h"
#include "refine/fixed_math.h"
#include "refine/hash.h"
#include "refine/minhash.h"

using namespace refine;

static std::string bytes_of(Hash128 hash) {
  std::string out(16, '\0');
  std::memcpy(out.data(), &hash.high, 8);
  std::memcpy(out.data() + 8, &hash.low, 8);
  return out;
}

// SMHasher's VerificationTest: hashes of {}, {0}, {0,1}, ... of every length below 256 with seed 256 - length, hashed together.
static void murmur3_has_smhashers_verification_value() {
  std::string key, hashes;
  for (int i = 0; i < 256; ++i) {
    hashes += bytes_of(murmur3_128(key, uint32_t(256 - i)));
    key.push_back(char(i));
  }
  CHECK_EQ(uint32_t(murmur3_128(hashes, 0).high), 0x6384BA69u);
  CHECK_EQ(murmur3_128("The quick brown fox jumps over the lazy dog").high, 0xe34bbc7bbc071b6cull);
  CHECK_EQ(murmur3_128("The quick brown fox jumps over the lazy dog").low, 0x7a433ca9c49a9347ull);
}

static void xxh64_has_the_published_values() {  // xxHash's README and its sanity check
  CHECK_EQ(xxh64("", 0), 0xEF46DB3751D8E999ull);
  CHECK_EQ(xxh64("a", 0), 0xD24EC4F1A98C6E5Bull);
  CHECK_EQ(xxh64("abc", 0), 0x44BC2CF5AD770999ull);
}

static void every_instruction_set_gives_the_same_minima() {
  std::mt19937_64 random(3);
  for (const auto& [bands, rows] : {std::pair(14u, 8u), std::pair(1u, 1u), std::pair(3u, 7u), std::pair(17u, 1u)}) {
    MinhashParams params;
    params.bands = bands;
    params.rows = rows;
    for (size_t n : {0, 1, 2, 17, 300}) {
      std::vector<uint64_t> shingles(n);
      for (auto& shingle : shingles) shingle = random();
      if (n > 1) {
        shingles[0] = kMersenne61;  // reduces to 0
        shingles[1] = UINT64_MAX;
      }
      std::vector<uint64_t> scalar(params.hashes());
      auto copy = shingles;
      Minhasher(params, Isa::kScalar).minima(copy, scalar.data());
      for (Isa isa : {Isa::kAvx2, Isa::kAvx512}) {
        if (!has_isa(isa)) continue;
        std::vector<uint64_t> wide(params.hashes());
        copy = shingles;
        Minhasher(params, isa).minima(copy, wide.data());
        CHECK(wide == scalar);
      }
      for (uint64_t value : scalar) CHECK(n == 0 ? value == UINT64_MAX : value < kMersenne61);
    }
  }
}

// With one shingle the minimum is the hash itself: h(0) = b, h(1) = a + b, and h(x) for hard x from these by the definition.
static void a_hash_is_affine_modulo_two_to_the_61_minus_1() {
  MinhashParams params;
  const auto at = [&](uint64_t x, Isa isa) {
    std::vector<uint64_t> one{x}, out(params.hashes());
    Minhasher(params, isa).minima(one, out.data());
    return out;
  };
  const auto b = at(0, Isa::kScalar), a_plus_b = at(1, Isa::kScalar);
  std::set<uint64_t> distinct(b.begin(), b.end());
  CHECK_EQ(distinct.size(), b.size());
  for (Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512}) {
    if (!has_isa(isa)) continue;
    for (uint64_t x : {uint64_t(2), kMersenne61 - 1, (uint64_t(1) << 32) - 1, uint64_t(1) << 32, (uint64_t(1) << 60) + 12345}) {
      const auto h = at(x, isa);
      for (size_t k = 0; k < h.size(); ++k) {
        const uint64_t a = (a_plus_b[k] + kMersenne61 - b[k]) % kMersenne61;
        CHECK_EQ(h[k], uint64_t((static_cast<unsigned __int128>(a) * x + b[k]) % kMersenne61));
      }
    }
  }
}

static void shingles_are_slices_of_words() {
  MinhashParams params;
  params.words = 3;
  std::string buffer;
  std::vector<uint64_t> out;
  shingle_hashes("One, two\n\nTHREE four.", params, buffer, out);
  CHECK_EQ(out.size(), size_t(2));
  CHECK_EQ(out[0], xxh64("one two three"));
  CHECK_EQ(out[1], xxh64("two three four"));
  shingle_hashes("two words", params, buffer, out);
  CHECK(out.empty());
  shingle_hashes("", params, buffer, out);
  CHECK(out.empty());
  params.normalise = Normalise::kNone;
  shingle_hashes("  One,\ttwo \n THREE ", params, buffer, out);
  CHECK_EQ(out.size(), size_t(1));
  CHECK_EQ(out[0], xxh64("One, two THREE"));
  params.words = 1;
  shingle_hashes("a", params, buffer, out);
  CHECK_EQ(out.size(), size_t(1));
}

static void equal_rows_in_different_bands_do_not_meet() {
  MinhashParams params;
  params.bands = 3;
  params.rows = 2;
  const uint64_t signature[6] = {1, 2, 1, 2, 1, 2};
  Hash128 keys[3];
  Minhasher(params).band_keys(signature, keys);
  CHECK(!(keys[0] == keys[1]) && !(keys[1] == keys[2]) && !(keys[0] == keys[2]));
}

static void clusters_name_their_smallest_row() {
  const uint64_t left[] = {9, 5, 100, 5}, right[] = {7, 9, 101, 5};
  const auto found = cluster_edges(left, right, 4);
  CHECK((found.rows == std::vector<uint64_t>{5, 7, 9, 100, 101}));
  CHECK((found.clusters == std::vector<uint32_t>{0, 0, 0, 3, 3}));
  CHECK_EQ(found.first[0], 1u);
  CHECK_EQ(cluster_edges(nullptr, nullptr, 0).rows.size(), size_t(0));
}

static void a_bloom_filter_forgets_nothing() {
  std::mt19937_64 random(9);
  const size_t blocks = BloomFilter::blocks_for(5000, 0.01);
  CHECK(BloomFilter::expected_rate(5000, blocks) <= 0.01 && BloomFilter::expected_rate(5000, blocks - 1) > 0.01);
  BloomFilter filter(blocks);
  std::vector<uint64_t> keys(5000);
  for (auto& key : keys) filter.add(key = random());
  for (uint64_t key : keys) CHECK(filter.has(key));
  CHECK_EQ(BloomFilter::blocks_for(0, 0.5), size_t(1));
  CHECK(!BloomFilter(1).has(12345));
}

static void exp_and_log_are_within_two_units_of_libm() {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-700, 700);
  const auto ulps = [](double got, double want) { return std::fabs(got - want) / (std::nextafter(std::fabs(want), INFINITY) - std::fabs(want)); };
  double worst_exp = 0, worst_log = 0;
  for (int i = 0; i < 200000; ++i) {
    const double x = i < 100000 ? exponent(random) : exponent(random) / 700, y = std::exp(exponent(random) / (i % 3 ? 1 : 500));
    worst_exp = std::max(worst_exp, ulps(fixed_exp(x), std::exp(x)));
    if (std::fabs(std::log(y)) > 1e-3) worst_log = std::max(worst_log, ulps(fixed_log(y), std::log(y)));
  }
  CHECK(worst_exp <= 2);
  CHECK(worst_log <= 2);
  CHECK_EQ(fixed_exp(0), 1.0);
  CHECK_EQ(fixed_log(1), 0.0);
  CHECK(std::isinf(fixed_exp(710)) && fixed_exp(-800) == 0 && std::isinf(fixed_log(0)) && std::isnan(fixed_log(-1)) && std::isnan(fixed_exp(NAN)));
  CHECK(ulps(fixed_exp(709.7), std::exp(709.7)) <= 2);
  CHECK(ulps(fixed_log(5e-324), std::log(5e-324)) <= 2);
}

int main() {
  murmur3_has_smhashers_verification_value();
  xxh64_has_the_published_values();
  every_instruction_set_gives_the_same_minima();
  a_hash_is_affine_modulo_two_to_the_61_minus_1();
  shingles_are_slices_of_words();
  equal_rows_in_different_bands_do_not_meet();
  clusters_name_their_smallest_row();
  a_bloom_filter_forgets_nothing();
  exp_and_log_are_within_two_units_of_libm();
  return refine::testing::report();
}
