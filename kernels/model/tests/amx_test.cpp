// Products on tile registers, run by the model of them (amx_model.h): int8 equal to plain C++ bit for bit, bf16 equal bit for bit to sums in the order
// that Intel's manual writes, a row's bytes whatever stands around it, and whole models. On a processor with AMX the instructions must give the same.
#include <algorithm>
#include <array>
#include <ctime>
#include <random>
#include <vector>

#include "../../testing/check.h"
#include "../attention.h"
#include "../gemm_blocks.h"
#include "amx_model.h"
#include "random_model.h"
#include "refine/model_fast.h"
#include "refine/model_weights.h"

using namespace refine;
using namespace refine::model;
using refine::testing::random_config;
using refine::testing::random_ids;
using refine::testing::random_weights;
using refine::testing::wide_config;

namespace {

// Rounding to bfloat16 in plain C++, for machines without AVX512_BF16.
void narrow(const float* x, int64_t stride, int64_t rows, int64_t count, int64_t words, uint16_t* out) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < words * 2; ++i) out[r * words * 2 + i] = i < count ? bf16_of_f32(x[r * stride + i]) : uint16_t(0);
}
void narrow_pairs(const float* x, int64_t stride, int64_t rows, int64_t count, int64_t words, float* panels, int columns) {
  for (int64_t d = 0; d < (count + columns - 1) / columns * columns; ++d)
    for (int64_t w = 0; w < words; ++w) {
      uint32_t word = 0;
      for (int64_t half = 0; half < 2; ++half)
        if (d < count && 2 * w + half < rows) word |= uint32_t(bf16_of_f32(x[(2 * w + half) * stride + d])) << (16 * half);
      std::memcpy(panels + d / columns * columns * words + w * columns + d % columns, &word, sizeof word);
    }
}

// The best set here, without its int8 tiles and bf16 products.
KernelSet plain_set() {
  KernelSet set = kernel_set(best_gemm_isa());
  set.int8 = *int8_scalar();
  set.bf16.narrow = narrow;
  set.bf16.narrow_pairs = narrow_pairs;
  set.configure = set.release = nullptr;
  return set;
}
KernelSet modelled() { return AmxTiles<TileModel>::set(plain_set(), int8_vnni512()); }

std::vector<float> random_values(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> out(count);
  for (auto& x : out) x = float(int32_t(random())) / 2147483648.0f;
  return out;
}
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);  // memcmp takes no null, whatever the length
}

constexpr int64_t kSides[] = {1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65}, kDepths[] = {1, 2, 3, 5, 31, 33, 63, 64, 65, 127, 129, 130};

// Around 64 8-bit numbers and 32 bfloat16 a tile, 32 x 32 sums a call, 384 words a block of K, 160 rows a block of A.
std::vector<std::array<int64_t, 3>> shapes() {
  std::vector<std::array<int64_t, 3>> all;
  size_t depth = 0;
  for (const int64_t m : kSides)
    for (const int64_t n : kSides) all.push_back({m, n, kDepths[depth++ % std::size(kDepths)]});
  for (const int64_t k : kDepths) all.push_back({33, 17, k});
  for (const std::array<int64_t, 3>& deep : {std::array<int64_t, 3>{3, 33, 769}, {17, 5, 1537}, {34, 31, 3073}, {161, 3, 70}, {171, 33, 65}}) all.push_back(deep);
  return all;
}

void int8_is_the_plain_loops(const KernelSet& amx, const char* name) {
  KernelSet plain = amx;
  plain.int8 = *int8_scalar();
  for (const auto& [m, n, k] : shapes()) {
    auto a = random_values(size_t(m * k), 1), w = random_values(size_t(n * k), 2);
    for (int64_t i = 0; i < k; ++i) a[size_t(i)] = i % 3 ? 1.0f : -1.0f, w[size_t(i)] = i % 3 ? 1.0f : -1.0f;  // the largest steps
    if (m > 2) std::fill_n(a.begin() + 2 * k, k, 0.0f);
    const auto before = random_values(size_t(m * n), 3), bias = random_values(size_t(n), 4);
    const auto packed = pack_with(amx, w.data(), n, k, GemmKind::kInt8), scalar = pack_with(plain, w.data(), n, k, GemmKind::kInt8);
    std::vector<float> found(size_t(m * n), NAN), expected(found.size());
    gemm(a.data(), m, packed, found.data());
    gemm(a.data(), m, scalar, expected.data());
    CHECK(same_bits(found, expected));
    if (!same_bits(found, expected)) std::fprintf(stderr, "%s: %d x %d x %d\n", name, int(m), int(n), int(k));
    found = expected = before;
    gemm(a.data(), m, packed, found.data(), {bias.data(), GemmActivation::kNone, nullptr, found.data()});
    gemm(a.data(), m, scalar, expected.data(), {bias.data(), GemmActivation::kNone, nullptr, expected.data()});
    CHECK(same_bits(found, expected));
    std::vector<int8_t> stored(w.size());
    for (size_t i = 0; i < stored.size(); ++i) stored[i] = int8_t(i * 37 + i / 251);  // -128 among them
    const auto scales = random_values(size_t(n), 5);
    gemm(a.data(), m, pack_int8_with(amx, stored.data(), scales.data(), n, k), found.data());
    gemm(a.data(), m, pack_int8_with(plain, stored.data(), scales.data(), n, k), expected.data());
    CHECK(same_bits(found, expected));
  }
}

// sum + the products of two rows of bfloat16 in the manual's order, one element at a time: no tile, no index of one.
float sum_in_order(float sum, const uint16_t* a, const uint16_t* w, int64_t count) {
  for (int64_t begin = 0; begin < count; begin += 32) {
    float at_places[2] = {0, 0};
    for (int64_t i = begin; i < std::min(count, begin + 32); ++i) at_places[i % 2] = tile_fma(number_of_bf16(a[i]), number_of_bf16(w[i]), at_places[i % 2]);
    sum = tile_add(sum, tile_add(at_places[0], at_places[1]));
  }
  return sum;
}

void bf16_is_the_manuals_sum(const KernelSet& amx, const char* name) {
  double worst = 0;
  for (const auto& [m, n, k] : shapes()) {
    auto a = random_values(size_t(m * k), 6), w = random_values(size_t(n * k), 7);
    for (int64_t i = 0; i < k; i += 5) w[size_t(i)] *= 1e-30f, a[size_t(i)] *= 1e-9f;  // sums that are denormal, or end at one
    const auto before = random_values(size_t(m * n), 8);
    const auto packed = pack_with(amx, w.data(), n, k, GemmKind::kBf16);
    std::vector<float> found(size_t(m * n), NAN), added = before, expected(found.size()), expected_added(found.size());
    gemm(a.data(), m, packed, found.data());
    gemm(a.data(), m, packed, added.data(), {nullptr, GemmActivation::kNone, nullptr, added.data()});
    std::vector<uint16_t> x(a.size()), y(w.size());
    std::transform(a.begin(), a.end(), x.begin(), bf16_of_f32);
    std::transform(w.begin(), w.end(), y.begin(), bf16_of_f32);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        const size_t at = size_t(i * n + j);
        expected[at] = sum_in_order(0, x.data() + i * k, y.data() + j * k, k);
        expected_added[at] = sum_in_order(before[at], x.data() + i * k, y.data() + j * k, k);
        double exact = 0;
        for (int64_t d = 0; d < k; ++d) exact += double(number_of_bf16(x[size_t(i * k + d)])) * double(number_of_bf16(y[size_t(j * k + d)]));
        worst = std::max(worst, std::fabs(double(found[at]) - exact) / std::sqrt(double(k)));
      }
    CHECK(same_bits(found, expected));
    CHECK(same_bits(added, expected_added));
    if (!same_bits(found, expected)) std::fprintf(stderr, "%s: %d x %d x %d\n", name, int(m), int(n), int(k));
  }
  CHECK(worst < 3e-6);  // the bound of every set, gemm_test.cpp
  CHECK(worst > 0);
}

void a_row_is_the_same_whatever_stands_around_it(const KernelSet& amx, GemmKind kind) {
  const int64_t m = 181, n = 37, k = 801, wide = k + 5;
  const auto a = random_values(size_t(m * wide), 9), w = random_values(size_t(n * k), 10), bias = random_values(size_t(n), 11);
  const auto packed = pack_with(amx, w.data(), n, k, kind);
  const Epilogue epilogue{bias.data(), GemmActivation::kGelu, nullptr, nullptr};
  std::vector<float> all(size_t(m * n)), part(all.size());
  gemm(a.data(), wide, m, packed, all.data(), n, epilogue);
  bool same = true;
  for (const int64_t count : {1, 2, 3, 15, 16, 17, 31, 33})
    for (int64_t begin = count; begin + count <= m; begin += 61) {
      gemm(a.data() + begin * wide, wide, count, packed, part.data(), n, epilogue);
      same = same && std::memcmp(part.data(), all.data() + begin * n, size_t(count * n) * sizeof(float)) == 0;
    }
  CHECK(same);
}

void what_is_not_finite_stays_in_its_row(const KernelSet& amx) {
  for (const auto kind : {GemmKind::kBf16, GemmKind::kInt8})
    for (const float bad : {NAN, INFINITY}) {
      auto a = random_values(20 * 40, 17), w = random_values(5 * 40, 18);
      a[47] = bad;
      std::vector<float> c(100);
      gemm(a.data(), 20, pack_with(amx, w.data(), 5, 40, kind), c.data());
      for (size_t i = 0; i < c.size(); ++i) CHECK_EQ(std::isfinite(c[i]), i / 5 != 1);
    }
}

// One configuration a call and none left behind; few rows of 8-bit products need none.
void tiles_are_released(const KernelSet& amx) {
  const auto a = random_values(200 * 70, 12), w = random_values(40 * 70, 13);
  std::vector<float> c(200 * 40);
  const auto configured = [&](GemmKind kind, int64_t m) {
    const auto packed = pack_with(amx, w.data(), 40, 70, kind);
    const int64_t before = TileModel::state().configurations;
    gemm(a.data(), m, packed, c.data());
    CHECK(!TileModel::state().configured);
    return TileModel::state().configurations - before;
  };
  CHECK_EQ(configured(GemmKind::kF32, 200), 0);
  CHECK_EQ(configured(GemmKind::kBf16, 1), 1);
  CHECK_EQ(configured(GemmKind::kBf16, 160), 1);
  CHECK_EQ(configured(GemmKind::kBf16, 200), 2);  // two blocks of rows
  CHECK_EQ(configured(GemmKind::kInt8, kAmxFewRows + 1), 1);
  CHECK_EQ(configured(GemmKind::kInt8, kAmxFewRows), amx.int8.few ? 0 : 1);
  const int64_t before = TileModel::state().products;
  gemm(a.data(), 33, pack_with(amx, w.data(), 40, 70, GemmKind::kInt8), c.data());  // 2 panels x 2 steps of K x (4 + 2 products)
  CHECK_EQ(TileModel::state().products - before, 24);
}

// Attention's two products on tiles against float64: rows of several documents' lengths, heads of every width.
void attention_is_the_softmax(const KernelSet& amx) {
  for (const auto& [length, rows, dim, causal] : {std::array<int, 4>{1, 1, 1, 1}, {17, 17, 64, 1}, {33, 33, 40, 0}, {65, 40, 17, 1}, {530, 3, 32, 1}, {545, 33, 65, 1}}) {
    const int heads = 2, width = heads * dim;
    const auto q = random_values(size_t(rows * width), 21), k = random_values(size_t(length * dim), 22), v = random_values(size_t(length * dim), 23);
    std::vector<float> out(size_t(rows * width), NAN);
    AttentionTask task;
    task.queries = q.data(), task.query_stride = width, task.rows = rows, task.first = causal ? length - rows : 0;
    task.keys = k.data(), task.values = v.data(), task.key_stride = task.value_stride = dim, task.length = length;
    task.heads = heads, task.groups = 1, task.dim = dim, task.scale = 1 / std::sqrt(float(dim)), task.causal = causal, task.narrow = true;
    task.out = out.data(), task.out_stride = width;
    const int64_t before = TileModel::state().configurations;
    attend(amx, task);
    CHECK_EQ(TileModel::state().configurations - before, 1);
    CHECK(!TileModel::state().configured);
    double worst = 0;
    for (int r = 0; r < rows; ++r)
      for (int h = 0; h < heads; ++h) {
        const int seen = causal ? int(task.first) + r + 1 : length;
        std::vector<double> weights(static_cast<size_t>(seen)), sums(static_cast<size_t>(dim));
        double total = 0;
        for (int t = 0; t < seen; ++t) {
          double score = 0;
          for (int d = 0; d < dim; ++d) score += double(q[size_t(r * width + h * dim + d)]) * double(k[size_t(t * dim + d)]);
          total += weights[size_t(t)] = std::exp(score * double(task.scale));
        }
        for (int d = 0; d < dim; ++d) {
          double sum = 0;
          for (int t = 0; t < seen; ++t) sum += weights[size_t(t)] * double(v[size_t(t * dim + d)]);
          worst = std::max(worst, std::fabs(double(out[size_t(r * width + h * dim + d)]) - sum / total));
        }
      }
    CHECK(worst < 8e-3);  // four roundings to 8 bits of numbers up to 1
  }
}

struct Bound {
  std::vector<float> hidden, losses, last;
};
Bound run(const ModelConfig& config, const refine::MemoryWeights& weights, GemmKind kind, GemmIsa isa, const std::vector<uint32_t>& ids, const std::vector<int32_t>& offsets) {
  std::shared_ptr<FastModel> model;
  CHECK_EQ(FastModel::bind(config, weights.lookup(), {kind, isa}, &model).message, std::string());
  Bound out;
  out.hidden.resize(ids.size() * size_t(config.channels));
  CHECK(model->hidden(ids.data(), nullptr, offsets.data(), offsets.size() - 1, out.hidden.data()).ok());
  if (config.causal) {
    out.losses.resize(ids.size());
    CHECK(model->token_losses(ids.data(), offsets.data(), offsets.size() - 1, 0, out.losses.data()).ok());
    out.last.resize(size_t(config.vocab));
    KeyValueCache cache;
    for (size_t at = 0; at < 20;) {  // in pieces, the single row last
      const int64_t piece = at == 0 ? 19 : 1;
      CHECK(model->append(&cache, ids.data() + at, piece, out.last.data()).ok());
      at += size_t(piece);
    }
  }
  return out;
}

double apart(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, scale = 1e-3;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) {
      if (std::isnan(a[i]) != std::isnan(b[i])) return 1e9;
      continue;
    }
    difference = std::max(difference, std::fabs(double(a[i]) - double(b[i])));
    scale = std::max(scale, std::fabs(double(b[i])));
  }
  return difference / scale;
}

// DeBERTa's, whose attention turns products of keys with places beside its tiles.
ModelConfig disentangled_config(uint64_t seed) {
  ModelConfig c = random_config(seed);
  c.kv_heads = c.heads, c.head_dim = 24, c.channels = c.heads * c.head_dim, c.context = c.relative_span = 64;
  c.layout = BlockLayout::kPostNorm, c.position = Position::kNone, c.causal = false, c.clip_qkv = 0, c.qk_norm = false;
  c.rotary_dim = 0, c.rotary_frequency.clear(), c.alibi_slope.clear();
  c.attention_scale = float(1 / std::sqrt(3.0 * c.head_dim));
  for (int32_t distance = 0; distance < c.context; ++distance) c.relative_bucket.push_back(distance);
  c.content_to_position = c.position_to_content = true;
  return c;
}

// The whole forward of random models of every layout. With int8 tiles alone it is the plain loops' bit for bit; with both it stays as near the
// fp32 forward as rounding to bfloat16 allows, and a document's bytes do not depend on what it is packed with.
void whole_models(const KernelSet& amx) {
  KernelSet plain = plain_set(), bytes_alone = amx;
  plain.isa = bytes_alone.isa = amx.isa;
  plain.bf16.narrow = nullptr, plain.bf16.narrow_pairs = nullptr;
  plain.bf16 = kernel_set(GemmIsa::kScalar).bf16, bytes_alone.bf16 = plain.bf16;
  double worst = 0;
  for (uint64_t seed = 0; seed < (testing::kSanitized ? 9 : 24); ++seed) {
    ModelConfig config = seed % 8 == 7 ? wide_config(seed, 40) : seed % 8 == 3 ? disentangled_config(seed) : random_config(seed);
    if (config.position == Position::kLearned) config.context = 64;
    const auto weights = random_weights(config, seed);
    const std::vector<int32_t> offsets{0, 20, 20, 21, 58};
    const auto ids = random_ids(config, 58, seed);
    stand_in_for_tests(&plain);
    const auto expected = run(config, weights, GemmKind::kInt8, amx.isa, ids, offsets), exact = run(config, weights, GemmKind::kF32, amx.isa, ids, offsets);
    stand_in_for_tests(&bytes_alone);
    const int64_t products = TileModel::state().products;
    const auto found = run(config, weights, GemmKind::kInt8, amx.isa, ids, offsets);
    CHECK(same_bits(found.hidden, expected.hidden));
    CHECK(same_bits(found.losses, expected.losses));
    CHECK(same_bits(found.last, expected.last));
    CHECK(TileModel::state().products > products);  // and it was the tiles that did it
    stand_in_for_tests(&amx);
    const auto narrow = run(config, weights, GemmKind::kBf16, amx.isa, ids, offsets);
    const double far = config.causal ? apart(narrow.losses, exact.losses) : apart(narrow.hidden, exact.hidden);
    worst = std::max(worst, far);
    CHECK(far < 0.03);  // as in disentangled_test.cpp
    for (size_t d = 0; d + 1 < offsets.size(); ++d) {
      if (offsets[d] == offsets[d + 1]) continue;
      const std::vector<uint32_t> own(ids.begin() + offsets[d], ids.begin() + offsets[d + 1]);
      std::shared_ptr<FastModel> model;
      CHECK(FastModel::bind(config, weights.lookup(), {GemmKind::kBf16, amx.isa}, &model).ok());
      const int32_t whole[] = {0, int32_t(own.size())};
      const size_t width = size_t(config.channels);
      std::vector<float> alone(own.size() * width);
      CHECK(model->hidden(own.data(), nullptr, whole, 1, alone.data()).ok());
      CHECK(std::memcmp(alone.data(), narrow.hidden.data() + size_t(offsets[d]) * width, alone.size() * sizeof(float)) == 0);
      if (!config.causal) continue;
      CHECK(model->token_losses(own.data(), whole, 1, 0, alone.data()).ok());
      CHECK(std::memcmp(alone.data(), narrow.losses.data() + offsets[d], own.size() * sizeof(float)) == 0);
    }
    stand_in_for_tests(nullptr);
  }
  std::printf("bf16 forwards on modelled tiles within %.2g of fp32\n", worst);
  CHECK(!TileModel::state().configured);
}

void plain_rounding_is_the_instructions(const KernelSet& amx) {
  if (!has_gemm_isa(GemmIsa::kAvx512Bf16)) return;
  const Bf16Tiles& fast = kernel_set(GemmIsa::kAvx512Bf16).bf16;
  for (const auto& [rows, count] : {std::array<int64_t, 2>{1, 1}, {3, 17}, {5, 32}, {31, 33}, {33, 64}, {2, 95}}) {
    const auto x = random_values(size_t(rows * count), 30);
    for (const int64_t words : {(count + 1) / 2, (count + 31) / 32 * 16}) {
      std::vector<uint16_t> a(size_t(rows * words * 2), 7), b(a.size(), 9);
      amx.bf16.narrow(x.data(), count, rows, count, words, a.data());
      fast.narrow(x.data(), count, rows, count, words, b.data());
      CHECK(a == b);
    }
    for (const int64_t words : {(rows + 1) / 2, (rows + 31) / 32 * 16}) {
      std::vector<float> a(size_t((count + 31) / 32 * 32 * words), 7.0f), b(a.size(), 9.0f);
      amx.bf16.narrow_pairs(x.data(), count, rows, count, words, a.data(), 32);
      fast.narrow_pairs(x.data(), count, rows, count, words, b.data(), 32);
      CHECK(same_bits(a, b));
    }
  }
}

double seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

// Where tiles begin to win (kAmxFewRows), on a processor that has them.
void rates_of_few_rows() {
  KernelSet vectors = kernel_set(GemmIsa::kAmx), tiles = vectors;
  if (!vectors.int8.few) return;
  vectors.int8 = *vectors.int8.few, vectors.configure = vectors.release = nullptr, tiles.int8.few = nullptr;
  const int64_t n = 512, k = 1024;
  const auto w = random_values(size_t(n * k), 40), a = random_values(size_t(32 * k), 41);
  std::vector<float> c(32 * size_t(n));
  for (const int64_t m : {1, 2, 3, 4, 8, 16, 32}) {
    double rate[2];
    for (const KernelSet* set : {&vectors, &tiles}) {
      const auto packed = pack_with(*set, w.data(), n, k, GemmKind::kInt8);
      double best = 1e9;
      for (int round = 0; round < 7; ++round) {
        const double begin = seconds();
        for (int i = 0; i < 50; ++i) gemm(a.data(), m, packed, c.data());
        best = std::min(best, seconds() - begin);
      }
      rate[set == &tiles] = 50 * 2.0 * double(m * n * k) / best * 1e-9;
    }
    std::printf("int8, %d rows: %.0f GOP/s by VNNI, %.0f by tiles\n", int(m), rate[0], rate[1]);
  }
}

}  // namespace

int main() {
#if defined(__x86_64__) && defined(__linux__) && (__has_include(<amxtileintrin.h>) || __has_include(<amxintrin.h>))
  CHECK(amx_is_built());  // a compiler that knows AMX has an assembler that does: the set must not be lost in silence
#endif
  const KernelSet amx = modelled();
  plain_rounding_is_the_instructions(amx);
  int8_is_the_plain_loops(amx, "modelled");
  bf16_is_the_manuals_sum(amx, "modelled");
  for (const auto kind : {GemmKind::kBf16, GemmKind::kInt8}) a_row_is_the_same_whatever_stands_around_it(amx, kind);
  what_is_not_finite_stays_in_its_row(amx);
  tiles_are_released(amx);
  attention_is_the_softmax(amx);
  whole_models(amx);
  if (has_gemm_isa(GemmIsa::kAmx)) {
    int8_is_the_plain_loops(kernel_set(GemmIsa::kAmx), "amx");
    bf16_is_the_manuals_sum(kernel_set(GemmIsa::kAmx), "amx");
    rates_of_few_rows();
  } else {
    std::printf("the set \"amx\" is not tested: this processor or its kernel grants no tiles\n");
  }
  return testing::report();
}
