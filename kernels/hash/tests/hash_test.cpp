// MurmurHash3 and XXH64 against published values, MinHash loops against the definition, clusters, Bloom, exp and log.
#include <cmath>
#include <cstring>
#include <random>
#include <set>
#include <string>

#include "../../testing/check.h"
#include "refine/band_hasher.h"
#include "refine/bloom.h"
#include "refine/fixed_math.h"
#include "refine/hash.h"
#include "refine/shingles.h"

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

// With one shingle the minimum is the hash itself: h(0) = b, h(1) = a + b, and h(x) for hard x from these by the definition.
static void a_hash_is_affine_modulo_two_to_the_61_minus_1() {
  const SketchParams params{14, 8, SketchFamily::kAffine};
  const auto at = [&](uint64_t x, Isa isa) {
    std::vector<uint64_t> out(params.hashes());
    CHECK(BandHasher(params, isa).minima(&x, 1, 0, params.bands, out.data()));
    return out;
  };
  const auto b = at(0, Isa::kScalar), a_plus_b = at(1, Isa::kScalar);
  std::set<uint64_t> distinct(b.begin(), b.end());
  CHECK_EQ(distinct.size(), b.size());
  for (Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
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
  ShingleParams params;
  params.size = 3;
  std::vector<uint64_t> out;
  const auto shingle = [&](std::string_view text) { Shingler(params).text(text, out); };
  shingle("One, two\n\nTHREE four.");
  CHECK_EQ(out.size(), size_t(2));
  CHECK_EQ(out[0], xxh64("one two three"));
  CHECK_EQ(out[1], xxh64("two three four"));
  shingle("two words");
  CHECK(out.empty());
  shingle("");
  CHECK(out.empty());
  params.form = DedupeForm::kNone;
  shingle("  One,\ttwo \n THREE ");
  CHECK_EQ(out.size(), size_t(1));
  CHECK_EQ(out[0], xxh64("One, two THREE"));
  params.size = 1;
  shingle("a");
  CHECK_EQ(out.size(), size_t(1));
}

static void equal_rows_in_different_bands_do_not_meet() {
  const uint64_t minima[2] = {1, 2};
  const Hash128 keys[3] = {band_key(minima, 2, 0), band_key(minima, 2, 1), band_key(minima, 2, 2)};
  CHECK(!(keys[0] == keys[1]) && !(keys[1] == keys[2]) && !(keys[0] == keys[2]));
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
  a_hash_is_affine_modulo_two_to_the_61_minus_1();
  shingles_are_slices_of_words();
  equal_rows_in_different_bands_do_not_meet();
  a_bloom_filter_forgets_nothing();
  exp_and_log_are_within_two_units_of_libm();
  return refine::testing::report();
}
