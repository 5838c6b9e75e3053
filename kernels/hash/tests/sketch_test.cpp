// Sketch families: instruction sets and rounds change no bit, order and repetition change none, darts equal a slow reference.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <vector>

#include "../../testing/check.h"
#include "refine/band_hasher.h"
#include "refine/shingles.h"

using namespace refine;

namespace {

std::vector<uint64_t> random_set(size_t n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> set(n);
  for (auto& x : set) x = random();
  return set;
}
std::vector<uint64_t> minima_of(const SketchParams& params, const std::vector<uint64_t>& set, uint32_t from, uint32_t to, Isa isa = best_isa()) {
  std::vector<uint64_t> out(size_t(to - from) * params.rows);
  BandHasher(params, isa).minima(set.data(), set.size(), from, to, out.data());
  return out;
}

constexpr SketchFamily kFamilies[] = {SketchFamily::kAffine, SketchFamily::kDart, SketchFamily::kDatatrove, SketchFamily::kDatatrove32};

void every_instruction_set_gives_the_same_minima() {
  for (const auto family : kFamilies)
    for (const auto& [bands, rows] : {std::pair(14u, 8u), std::pair(1u, 1u), std::pair(3u, 7u), std::pair(17u, 1u)})
      for (size_t n : {1, 2, 17, 300}) {
        const SketchParams params{bands, rows, family};
        auto set = random_set(n, n);
        if (n > 1) {
          set[0] = UINT64_MAX;
          set[1] = kMersenne61;
        }
        const auto scalar = minima_of(params, set, 0, bands, Isa::kScalar);
        for (Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kNeon})
          if (has_isa(isa)) CHECK(minima_of(params, set, 0, bands, isa) == scalar);
      }
}

void any_rounds_give_the_same_minima() {
  std::mt19937_64 random(7);
  for (const auto family : kFamilies)
    for (const auto& [bands, rows] : {std::pair(14u, 8u), std::pair(450u, 20u), std::pair(9u, 13u), std::pair(5u, 700u), std::pair(2000u, 1u)}) {
      const SketchParams params{bands, rows, family};
      const auto set = random_set(37, bands);
      const auto whole = minima_of(params, set, 0, bands);
      std::vector<uint64_t> joined;
      BandHasher hasher(params);
      for (uint32_t from = 0; from < bands;) {
        const uint32_t to = std::min(bands, from + 1 + uint32_t(random() % 60));
        std::vector<uint64_t> part(size_t(to - from) * rows);
        hasher.minima(set.data(), set.size(), from, to, part.data());
        joined.insert(joined.end(), part.begin(), part.end());
        from = to;
      }
      CHECK(joined == whole);
      std::vector<Hash128> keys(bands), some(2);
      hasher.keys(set.data(), set.size(), 0, bands, keys.data());
      if (bands > 3) {
        hasher.keys(set.data(), set.size(), 2, 4, some.data());
        CHECK(some[0] == keys[2] && some[1] == keys[3]);
      }
      CHECK(keys[0] == band_key(whole.data(), rows, 0));
    }
}

void a_sketch_is_of_the_set_and_of_unions_the_lesser() {
  for (const auto family : kFamilies) {
    const SketchParams params{30, 20, family};
    const auto left = random_set(40, 1), right = random_set(3, 2);
    auto both = right;
    both.insert(both.end(), left.begin(), left.end());
    both.insert(both.end(), left.begin(), left.end());
    const auto a = minima_of(params, left, 0, 30), b = minima_of(params, right, 0, 30), c = minima_of(params, both, 0, 30);
    for (size_t k = 0; k < c.size(); ++k) CHECK_EQ(c[k], std::min(a[k], b[k]));
    CHECK(!BandHasher(params).minima(nullptr, 0, 0, 30, nullptr));
  }
}

// The process as dart_minima.h says it, thrown far beyond the need, Poisson draws from the definition in long double.
uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}
std::vector<uint64_t> thrown(const std::vector<uint64_t>& set, uint32_t components, uint64_t group, size_t levels) {
  constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull;
  std::vector<uint64_t> lowest(components, UINT64_MAX);
  for (const uint64_t x : set) {
    const uint64_t seed = mix(x ^ mix((group + 1) * kGolden));
    uint64_t start = 0;
    for (size_t level = 0; level < levels; ++level) {
      const int bits = level == 0 ? 0 : level <= 6 ? int(level) - 1 : 5;
      const auto u = mix(seed + (level + 1) * kGolden);
      long double term = std::exp(-(long double)(1 << bits)), sum = term;
      int count = 0;
      while ((long double)u > sum * 18446744073709551616.0L && term > 1e-30L) {
        term = term * (1 << bits) / ++count;
        sum += term;
      }
      for (int dart = 1; dart <= count; ++dart) {
        const auto hit = static_cast<unsigned __int128>(mix(u + uint64_t(dart) * kGolden)) * components;
        auto& low = lowest[size_t(hit >> 64)];
        low = std::min(low, (start << 43) + (uint64_t(hit) >> (21 - bits)));
      }
      start += uint64_t(1) << bits;
    }
  }
  return lowest;
}

void darts_equal_a_slow_reference_for_any_size() {
  for (size_t n : {1, 2, 3, 10, 100, 700, 5000}) {
    const auto set = random_set(n, 90 + n);
    const SketchParams small{14, 8, SketchFamily::kDart}, large{60, 20, SketchFamily::kDart};
    CHECK(minima_of(small, set, 0, 14) == thrown(set, 112, 0, 3000 / n + 10));
    CHECK_EQ(BandHasher(large).group_bands(), 30u);
    CHECK(minima_of(large, set, 30, 60) == thrown(set, 600, 1, 20000 / (32 * n) + 20));
  }
}

void datatroves_permutations_are_numpys() {  // peers.md 2.5: a[0..5], a[111], b[0..5], b[111], seen through x = 0 and x = 1
  const SketchParams params{14, 8, SketchFamily::kDatatrove};
  const auto b = minima_of(params, {0}, 0, 14), a_plus_b = minima_of(params, {1}, 0, 14);
  const uint64_t want_b[] = {1062448801025099917, 1324811268927594100, 1217488311597731462, 100775521383383736, 71503144720579471, 885896412999398395};
  const uint64_t want_a[] = {775169054918279404, 1758426461858698313, 2109959069025162, 965365488286768774, 401325382989534145, 1703346441743126658};
  for (size_t k = 0; k < 6; ++k) {
    CHECK_EQ(b[k], want_b[k]);
    CHECK_EQ(a_plus_b[k], (want_a[k] + want_b[k]) % kMersenne61);
  }
  CHECK_EQ(b[111], 1097409548522419201u);
  CHECK_EQ(a_plus_b[111], (223865076026037746 + b[111]) % kMersenne61);
}

void shingles_of_words_and_tokens() {
  std::vector<uint64_t> out, other, scratch;
  ShingleParams params;
  params.size = 3;
  Shingler words(params);
  words.text("One, two\n\nTHREE four.", out);
  CHECK((out == std::vector<uint64_t>{xxh64("one two three"), xxh64("two three four")}));
  words.text("two words", out);
  CHECK(out.empty());
  words.text("...", out);
  CHECK(out.empty());
  params.form = DedupeForm::kNone;
  Shingler plain(params);
  plain.text("  One,\ttwo\xC2\xA0THREE ", out);
  CHECK((out == std::vector<uint64_t>{xxh64("One, two THREE")}));
  const int32_t ends[] = {1, 2, 5, 5};
  plain.words("abc d", ends, 4, out);  // words "a", "b", "c d", ""
  CHECK((out == std::vector<uint64_t>{xxh64("a b c d"), xxh64("b c d ")}));
  const uint16_t narrow[] = {1, 2, 65535, 4};
  const uint32_t wide[] = {1, 2, 65535, 4};
  plain.tokens(narrow, 4, out);
  plain.tokens(wide, 4, other);
  CHECK(out == other && out.size() == 2);
  CHECK_EQ(out[0], xxh64({reinterpret_cast<const char*>(wide), 12}));
  plain.tokens(wide, 2, out);
  CHECK(out.empty());
  params.size = 1;
  params.hash = ShingleHash::kSha1_32;
  Shingler sha(params);
  sha.text("abc", out);  // FIPS 180: a9993e36...
  CHECK((out == std::vector<uint64_t>{0x363e99a9}));
  for (size_t n : {0, 1, 2, 100, 5000}) {
    out = random_set(n, n);
    for (size_t i = 1; i < n; i += 3) out[i] = out[i / 2];
    other = out;
    std::sort(other.begin(), other.end());
    other.erase(std::unique(other.begin(), other.end()), other.end());
    sort_distinct(out, scratch);
    CHECK(out == other);
  }
}

}  // namespace

int main() {
  every_instruction_set_gives_the_same_minima();
  any_rounds_give_the_same_minima();
  a_sketch_is_of_the_set_and_of_unions_the_lesser();
  darts_equal_a_slow_reference_for_any_size();
  datatroves_permutations_are_numpys();
  shingles_of_words_and_tokens();
  return refine::testing::report();
}
