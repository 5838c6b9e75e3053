// Products against sums in double precision, odd sizes first, on every instruction set; a row's bytes whatever stands around it.
#include "refine/gemm.h"

#include <cmath>
#include <cstring>
#include <random>

#include "../../testing/check.h"
#include "../gemm_blocks.h"
#include "refine/model_weights.h"

using namespace refine;

namespace {

std::vector<float> random_values(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> out(count);
  for (auto& x : out) x = float(int32_t(random())) / 2147483648.0f;
  return out;
}

double worst_relative(const std::vector<float>& found, const std::vector<double>& exact, int64_t k) {
  double worst = 0;
  for (size_t i = 0; i < found.size(); ++i) worst = std::max(worst, std::fabs(double(found[i]) - exact[i]) / std::sqrt(double(k)));
  return worst;
}

std::vector<double> exact_product(const std::vector<float>& a, const std::vector<float>& w, int64_t m, int64_t n, int64_t k) {
  std::vector<double> c(size_t(m * n));
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t x = 0; x < k; ++x) sum += double(a[size_t(i * k + x)]) * double(w[size_t(j * k + x)]);
      c[size_t(i * n + j)] = sum;
    }
  return c;
}

const int64_t kShapes[][3] = {{1, 1, 1}, {1, 17, 3}, {3, 33, 5}, {15, 1, 385}, {14, 32, 384}, {17, 47, 129}, {29, 65, 400}, {169, 31, 17}, {171, 97, 769}, {5, 513, 33}, {2, 1025, 8}};

void packed_products_are_the_sums(GemmIsa isa) {
  for (const auto& shape : kShapes) {
    const int64_t m = shape[0], n = shape[1], k = shape[2];
    const auto a = random_values(size_t(m * k), 1), w = random_values(size_t(n * k), 2), bias = random_values(size_t(n), 3), other = random_values(size_t(m * n), 4);
    const auto packed = pack(w.data(), n, k, GemmKind::kF32, isa);
    auto exact = exact_product(a, w, m, n, k);
    std::vector<float> c(size_t(m * n), NAN);
    gemm(a.data(), m, packed, c.data());
    CHECK(worst_relative(c, exact, k) < 3e-6);

    auto in_place = other;
    gemm(a.data(), m, packed, in_place.data(), {bias.data(), GemmActivation::kNone, nullptr, in_place.data()});
    auto with_bias = exact;
    for (size_t i = 0; i < with_bias.size(); ++i) with_bias[i] += double(bias[i % size_t(n)]) + double(other[i]);
    CHECK(worst_relative(in_place, with_bias, k) < 3e-6);
    std::vector<float> residual(size_t(m * n), NAN);
    gemm(a.data(), m, packed, residual.data(), {bias.data(), GemmActivation::kRelu, other.data(), other.data()});
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        const size_t at = size_t(i * n + j);
        exact[at] = std::max(0.0, exact[at] + double(bias[size_t(j)])) * double(other[at]) + double(other[at]);
      }
    CHECK(worst_relative(residual, exact, k) < 3e-6);
  }
}

void a_row_is_the_same_whatever_stands_around_it(GemmIsa isa, GemmKind kind) {
  const int64_t m = 181, n = 75, k = 801, wide = k + 5;
  const auto a = random_values(size_t(m * wide), 5), w = random_values(size_t(n * k), 6), bias = random_values(size_t(n), 7);
  const auto packed = pack(w.data(), n, k, kind, isa);
  const Epilogue epilogue{bias.data(), GemmActivation::kGelu, nullptr, nullptr};
  std::vector<float> all(size_t(m * n)), part(all.size());
  gemm(a.data(), wide, m, packed, all.data(), n, epilogue);
  bool same = true;
  for (int64_t count = 1; count <= 20; ++count)
    for (int64_t begin = 0; begin + count <= m; begin += 13) {
      gemm(a.data() + begin * wide, wide, count, packed, part.data(), n, epilogue);
      same = same && std::memcmp(part.data(), all.data() + begin * n, size_t(count * n) * sizeof(float)) == 0;
    }
  CHECK(same);
}

void products_of_training_are_the_sums(GemmIsa isa) {
  for (const auto& shape : kShapes) {
    const int64_t m = shape[0], n = shape[1], k = shape[2];
    const auto a = random_values(size_t(m * k), 8), b = random_values(size_t(n * k), 9), before = random_values(size_t(m * n), 10);
    std::vector<float> a_by_k(a.size()), b_by_k(b.size());
    for (int64_t i = 0; i < m; ++i)
      for (int64_t x = 0; x < k; ++x) a_by_k[size_t(x * m + i)] = a[size_t(i * k + x)];
    for (int64_t j = 0; j < n; ++j)
      for (int64_t x = 0; x < k; ++x) b_by_k[size_t(x * n + j)] = b[size_t(j * k + x)];
    for (const bool accumulate : {false, true}) {
      auto exact = exact_product(a, b, m, n, k);
      auto nt = before, nn = before, tn = before;
      if (accumulate)
        for (size_t i = 0; i < exact.size(); ++i) exact[i] += double(before[i]);
      sgemm_nt(m, n, k, a.data(), k, b.data(), k, nt.data(), n, accumulate, isa);
      sgemm_nn(m, n, k, a.data(), k, b_by_k.data(), n, nn.data(), n, accumulate, isa);
      sgemm_tn(m, n, k, a_by_k.data(), m, b_by_k.data(), n, tn.data(), n, accumulate, isa);
      CHECK(worst_relative(nt, exact, k) < 3e-6);
      CHECK(nt == nn);
      CHECK(nt == tn);
    }
  }
}

void activations_are_close_to_the_exact_ones(GemmIsa isa) {
  const float one = 1;
  const auto packed = pack(&one, 1, 1, GemmKind::kF32, isa);
  for (const auto activation : {GemmActivation::kGelu, GemmActivation::kGeluTanh, GemmActivation::kSilu}) {
    double worst = 0;
    for (int i = -4000; i <= 4000; ++i) {
      const float x = float(i) / 100;
      float y = 0;
      gemm(&x, 1, packed, &y, {nullptr, activation, nullptr, nullptr});
      const double z = double(x), u = std::sqrt(2 / M_PI) * (z + 0.044715 * z * z * z);
      const double exact = activation == GemmActivation::kGelu ? 0.5 * z * std::erfc(-z / std::sqrt(2.0)) : activation == GemmActivation::kGeluTanh ? 0.5 * z * (1 + std::tanh(u)) : z / (1 + std::exp(-z));
      worst = std::max(worst, std::fabs(double(y) - exact) / std::max(1.0, std::fabs(exact)));
    }
    CHECK(worst < 6e-7);
  }
}

// bfloat16 weights are their fp32 values rounded; the rows are too where the set multiplies pairs.
void bf16_products_are_those_of_rounded_numbers(GemmIsa isa) {
  const bool rounds_rows = model::kernel_set(isa).bf16.narrow != nullptr;
  for (const auto& shape : kShapes) {
    const int64_t m = shape[0], n = shape[1], k = shape[2];
    auto a = random_values(size_t(m * k), 11), w = random_values(size_t(n * k), 12);
    const auto packed = pack(w.data(), n, k, GemmKind::kBf16, isa);
    std::vector<float> c(size_t(m * n), NAN);
    gemm(a.data(), m, packed, c.data());
    for (auto& x : w) x = f32_of_bf16(bf16_of_f32(x));
    if (rounds_rows)
      for (auto& x : a) x = f32_of_bf16(bf16_of_f32(x));
    CHECK(worst_relative(c, exact_product(a, w, m, n, k), k) < 3e-6);
  }
}

// Every set of 8-bit tiles, compared bit for bit with plain integer sums of the same rounded numbers.
void int8_products_are_exact(const model::KernelSet& kernels, const char* name) {
  for (const auto& shape : kShapes) {
    const int64_t m = shape[0], n = shape[1], k = shape[2];
    auto a = random_values(size_t(m * k), 13);
    auto w = random_values(size_t(n * k), 14);
    for (int64_t x = 0; x < k; ++x) a[size_t(x)] = x % 3 == 0 ? -1.0f : 1.0f;  // a row and a channel of the largest steps
    for (int64_t x = 0; x < k; ++x) w[size_t(x)] = x % 3 == 0 ? -1.0f : 1.0f;
    if (m > 2) std::fill_n(a.begin() + 2 * k, k, 0.0f);
    std::vector<int8_t> q(w.size());
    std::vector<float> scales(static_cast<size_t>(n)), c(size_t(m * n), NAN), stored(c.size(), NAN), expected(c.size());
    std::vector<uint8_t> room(size_t(k + 3));
    for (int64_t j = 0; j < n; ++j) {
      scales[size_t(j)] = kernels.rows.quantise(w.data() + j * k, k, 0, room.data());
      std::memcpy(q.data() + j * k, room.data(), size_t(k));
    }
    for (int64_t i = 0; i < m; ++i) {
      const float scale = kernels.rows.quantise(a.data() + i * k, k, 0, room.data());
      for (int64_t j = 0; j < n; ++j) {
        int64_t sum = 0;
        for (int64_t x = 0; x < k; ++x) sum += int64_t(int8_t(room[size_t(x)])) * int64_t(q[size_t(j * k + x)]);
        expected[size_t(i * n + j)] = float(sum) * scale * scales[size_t(j)];
      }
    }
    gemm(a.data(), m, model::pack_with(kernels, w.data(), n, k, GemmKind::kInt8), c.data());
    gemm(a.data(), m, model::pack_int8_with(kernels, q.data(), scales.data(), n, k), stored.data());
    CHECK(std::memcmp(c.data(), expected.data(), c.size() * sizeof(float)) == 0);
    CHECK(std::memcmp(stored.data(), expected.data(), c.size() * sizeof(float)) == 0);
    if (std::memcmp(c.data(), expected.data(), c.size() * sizeof(float)) != 0) std::fprintf(stderr, "%s %d x %d x %d\n", name, int(m), int(n), int(k));

    const auto bias = random_values(size_t(n), 15), before = random_values(size_t(m * n), 16);
    auto added = before;
    gemm(a.data(), m, model::pack_with(kernels, w.data(), n, k, GemmKind::kInt8), added.data(), {bias.data(), GemmActivation::kNone, nullptr, added.data()});
    bool same = true;
    for (size_t i = 0; i < added.size(); ++i) same = same && added[i] == (before[i] + expected[i]) + bias[i % size_t(n)];
    CHECK(same);
  }
}

void every_set_of_int8_tiles_is_exact() {
  const std::pair<const char*, const model::Int8Tiles*> sets[] = {{"scalar", model::int8_scalar()},     {"neon", model::int8_neon()},         {"neon dot", model::int8_neon_dot()}, {"avx2", model::int8_avx2()},
                                                                  {"avx-vnni", model::int8_avx_vnni()}, {"vnni 256", model::int8_vnni256()}, {"vnni 512", model::int8_vnni512()}};
  for (const auto& set : sets) {
    if (!set.second) {
      std::printf("int8 tiles \"%s\" are not tested: this processor has no such instruction\n", set.first);
      continue;
    }
    auto kernels = model::kernel_set(best_gemm_isa());
    kernels.int8 = *set.second;
    int8_products_are_exact(kernels, set.first);
  }
}

void what_is_not_finite_stays_so(GemmIsa isa) {
  for (const auto kind : {GemmKind::kF32, GemmKind::kBf16, GemmKind::kInt8})
    for (const float bad : {NAN, INFINITY}) {
      auto a = random_values(3 * 40, 17), w = random_values(5 * 40, 18);
      a[47] = bad;
      std::vector<float> c(15);
      gemm(a.data(), 3, pack(w.data(), 5, 40, kind, isa), c.data());
      for (int j = 0; j < 5; ++j) CHECK(std::isfinite(c[size_t(j)]) && !std::isfinite(c[size_t(5 + j)]) && std::isfinite(c[size_t(10 + j)]));
    }
}

}  // namespace

int main() {
  every_set_of_int8_tiles_is_exact();
  for (const auto isa : gemm_isas()) {
    for (const auto kind : {GemmKind::kBf16, GemmKind::kInt8}) a_row_is_the_same_whatever_stands_around_it(isa, kind);
    bf16_products_are_those_of_rounded_numbers(isa);
    int8_products_are_exact(model::kernel_set(isa), gemm_isa_name(isa));
    what_is_not_finite_stays_so(isa);
    packed_products_are_the_sums(isa);
    a_row_is_the_same_whatever_stands_around_it(isa, GemmKind::kF32);
    products_of_training_are_the_sums(isa);
    activations_are_close_to_the_exact_ones(isa);
    CHECK(measured_peak(isa, GemmKind::kF32) > 0);
  }
  return testing::report();
}
