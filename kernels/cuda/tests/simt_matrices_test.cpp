// ldmatrix, mma.sync and wgmma in the emulator against float64 products of the bf16-rounded inputs (int8: exact), every layout that the
// descriptors know written here by its definition; and the slips that a warpgroup's products punish.
#include <cmath>

#include "simt_support.h"

using namespace refine::cuda;
using namespace refine::cuda::testing;

namespace {

// c (16, 8) = a (16, 16) bt (8, 16)^T: fragments by ldmatrix, A as it is, B's rows being columns.
__global__ void small_product(const bf16* a, const bf16* bt, float* c, bool transposed_b) {
  auto* left = dynamic_shared<bf16>();
  bf16* right = left + 256;
  for (uint32_t i = threadIdx.x; i < 256; i += 32) left[i] = a[i];
  for (uint32_t i = threadIdx.x; i < 128; i += 32) right[transposed_b ? i % 16 * 8 + i / 16 : i] = bt[i];  // transposed: (16, 8)
  __syncwarp();
  const uint32_t lane = threadIdx.x;
  uint32_t x[4], y[2];
  ldmatrix_x4(x, left + lane % 16 * 16 + lane / 16 * 8);
  if (transposed_b) ldmatrix_x2_trans(y, right + lane % 16 * 8);
  else ldmatrix_x2(y, right + lane % 8 * 16 + lane / 8 % 2 * 8);
  float d[4] = {1, 1, 1, 1};
  mma_bf16(d, x, y);
  for (uint32_t i = 0; i < 4; ++i) c[(lane / 4 + 8 * (i / 2)) * 8 + 2 * (lane % 4) + i % 2] = d[i];
}
__global__ void small_product_s8(const int8_t* a, const int8_t* bt, int32_t* c) {
  const uint32_t g = threadIdx.x / 4, t = threadIdx.x % 4;
  uint32_t x[4], y[2];
  for (uint32_t i = 0; i < 4; ++i) x[i] = *reinterpret_cast<const uint32_t*>(a + (g + 8 * (i & 1)) * 32 + 4 * t + 16 * (i >> 1));
  for (uint32_t i = 0; i < 2; ++i) y[i] = *reinterpret_cast<const uint32_t*>(bt + g * 32 + 4 * t + 16 * i);
  int32_t d[4] = {5, 5, 5, 5};
  mma_s8(d, x, y);
  for (uint32_t i = 0; i < 4; ++i) c[(g + 8 * (i / 2)) * 8 + 2 * t + i % 2] = d[i];
}

// Where element (mn, k) of a tile of `rows` x 64 lies, in bytes: the layouts' definitions, the tile starting at a multiple of 1,024.
struct Layout {
  Swizzle swizzle;
  bool mn_major;
  uint32_t rows, element;  // rows of M or N; bytes of an element

  REFINE_BOTH uint32_t width() const { return swizzle == Swizzle::k128 ? 128 : swizzle == Swizzle::k64 ? 64 : swizzle == Swizzle::k32 ? 32 : 16; }
  REFINE_BOTH uint32_t bytes() const { return rows * 64 * element; }
  REFINE_BOTH uint32_t stride() const {  // K-major: 8 rows on; MN-major: 8 of k on, or the next 8 of MN without a swizzle
    if (!mn_major) return 8 * width();
    return swizzle == Swizzle::kNone ? 128 : 8 * width();
  }
  REFINE_BOTH uint32_t leading() const {
    if (!mn_major) return swizzle == Swizzle::kNone ? rows * 16 : 16;
    return swizzle == Swizzle::kNone ? rows * 16 : 64 * width();
  }
  // K-major: slabs of width() bytes of k, each (rows, width()). MN-major: slabs of width() bytes of MN, each (64 of k, width()).
  REFINE_BOTH uint32_t place(uint32_t mn, uint32_t k) const {
    const uint32_t along = (mn_major ? mn : k) * element, across = mn_major ? k : mn, count = mn_major ? 64 : rows;
    if (mn_major && swizzle == Swizzle::kNone) return k / 8 * leading() + along / 16 * stride() + k % 8 * 16 + along % 16;
    const uint32_t slab = along / width() * (count * width());
    const uint32_t row = across * width(), chunk = along % width() / 16;
    const uint32_t turn = swizzle == Swizzle::k128 ? across % 8 : swizzle == Swizzle::k64 ? across / 2 % 4 : swizzle == Swizzle::k32 ? across / 4 % 2 : 0;
    return slab + row + (chunk ^ turn) * 16 + along % 16;
  }
  // The descriptor of 16 (int8: 32) of k from k0 on; k0 a multiple of that.
  REFINE_BOTH uint32_t start(uint32_t k0) const {
    if (mn_major) return k0 / 8 * (swizzle == Swizzle::kNone ? leading() : stride());
    const uint32_t along = k0 * element;
    return along / width() * (rows * width()) + (swizzle == Swizzle::kNone ? 0 : along % width());
  }
};

enum class Slip { kNone, kNoFence, kNoProxyFence, kEarlyRead, kEarlyWrite, kOperandWritten, kNoWait, kApart, kOutside };

// d (64, N) = 1 + a (64, 64) b (N, 64)^T in four steps of k, two groups.
template <int kN, bool kTransposedB, bool kTransposedA, bool kRegisters>
__global__ void __launch_bounds__(128, 1) large_product(const bf16* a, const bf16* b, float* out, Layout la, Layout lb, Slip slip) {
  auto* left = dynamic_shared<char>();
  char* right = left + 8192;
  const uint32_t thread = threadIdx.x;
  for (uint32_t i = thread; i < 64 * 64; i += 128) *reinterpret_cast<bf16*>(left + la.place(i / 64, i % 64)) = a[i];
  for (uint32_t i = thread; i < kN * 64; i += 128) *reinterpret_cast<bf16*>(right + lb.place(i / 64, i % 64)) = b[i];
  if (slip != Slip::kNoProxyFence) fence_proxy_async();
  __syncthreads();
  float d[kN / 2];
  for (float& value : d) value = 1;
  for (uint32_t half = 0; half < 2; ++half) {
    if (slip != Slip::kNoFence || half == 0) wgmma_fence(d);
    for (uint32_t k = 32 * half; k < 32 * half + 32; k += 16) {
      const uint64_t db = wgmma_descriptor(right + lb.start(k) + (slip == Slip::kOutside && k == 48 ? 16384 : 0), lb.leading(), lb.stride(), lb.swizzle);
      if constexpr (kRegisters) {
        uint32_t x[4];
        for (uint32_t i = 0; i < 4; ++i) x[i] = *reinterpret_cast<const uint32_t*>(a + (thread / 32 * 16 + thread % 32 / 4 + 8 * (i & 1)) * 64 + k + 2 * (thread % 4) + 8 * (i >> 1));
        wgmma_bf16_ra<kN, kTransposedB>(d, x, db, true);
      } else {
        const uint64_t da = wgmma_descriptor(left + la.start(slip == Slip::kApart && thread == 40 ? 0 : k), la.leading(), la.stride(), la.swizzle);
        wgmma_bf16<kN, kTransposedB, kTransposedA>(d, da, db, true);
      }
    }
    wgmma_commit();
    if (slip == Slip::kEarlyRead && half == 1) break;
    if (slip == Slip::kEarlyWrite && half == 0) d[1] = 2;
  }
  if (slip == Slip::kEarlyRead) wgmma_wait<1>(d);
  else if (slip != Slip::kNoWait) {
    if (slip == Slip::kOperandWritten) *reinterpret_cast<bf16*>(right) = bf16{0};
    wgmma_wait<0>(d);
  }
  for (uint32_t i = 0; i < kN / 2; ++i) out[(thread / 32 * 16 + thread % 32 / 4 + 8 * (i >> 1 & 1)) * kN + i / 4 * 8 + 2 * (thread % 4) + (i & 1)] = d[i];
  if (slip == Slip::kEarlyRead) wgmma_wait<0>(d);
}
template <int kN>
__global__ void __launch_bounds__(128, 1) large_product_s8(const int8_t* a, const int8_t* b, int32_t* out, Layout la, Layout lb) {
  auto* left = dynamic_shared<char>();
  char* right = left + 4096;
  const uint32_t thread = threadIdx.x;
  for (uint32_t i = thread; i < 64 * 64; i += 128) left[la.place(i / 64, i % 64)] = char(a[i]);
  for (uint32_t i = thread; i < kN * 64; i += 128) right[lb.place(i / 64, i % 64)] = char(b[i]);
  fence_proxy_async();
  __syncthreads();
  int32_t d[kN / 2];
  wgmma_fence(d);
  for (uint32_t k = 0; k < 64; k += 32)
    wgmma_s8<kN>(d, wgmma_descriptor(left + la.start(k), la.leading(), la.stride(), la.swizzle), wgmma_descriptor(right + lb.start(k), lb.leading(), lb.stride(), lb.swizzle), k != 0);
  wgmma_commit();
  wgmma_wait<0>(d);
  for (uint32_t i = 0; i < kN / 2; ++i) out[(thread / 32 * 16 + thread % 32 / 4 + 8 * (i >> 1 & 1)) * kN + i / 4 * 8 + 2 * (thread % 4) + (i & 1)] = d[i];
}

std::vector<bf16> random_bf16(Draw& draw, size_t n) {
  std::vector<bf16> values(n);
  for (auto& value : values) value = to_bf16(draw.real());
  return values;
}
std::vector<int8_t> random_int8(Draw& draw, size_t n) {
  std::vector<int8_t> values(n);
  for (auto& value : values) value = int8_t(draw() >> 24);
  return values;
}

// 1 + a bt^T in float64; the largest difference over all elements.
double difference(const std::vector<float>& out, const std::vector<bf16>& a, const std::vector<bf16>& b, int m, int n, int depth) {
  double worst = 0;
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      double sum = 1;
      for (int k = 0; k < depth; ++k) sum += double(to_float(a[size_t(i * depth + k)])) * to_float(b[size_t(j * depth + k)]);
      const double off = std::abs(out[size_t(i * n + j)] - sum);
      worst = off <= worst ? worst : off;  // NaN wins
      if (off != off) return off;
    }
  return worst;
}

constexpr Swizzle kSwizzles[] = {Swizzle::kNone, Swizzle::k32, Swizzle::k64, Swizzle::k128};

template <int kN, bool kTransposedB, bool kTransposedA, bool kRegisters>
void check_large(Draw& draw) {
  const auto a = random_bf16(draw, 64 * 64), b = random_bf16(draw, size_t(kN) * 64);
  const Array<bf16> da(a), db(b);
  Array<float> out(size_t(64) * kN);
  for (const Swizzle of_a : kSwizzles)
    for (const Swizzle of_b : kSwizzles) {
      if (kTransposedB && kN * 2 % Layout{of_b, true, kN, 2}.width() != 0) continue;  // the slabs divide N
      if (kRegisters && of_a != Swizzle::k128) continue;
      const Layout la{of_a, kTransposedA, 64, 2}, lb{of_b, kTransposedB, kN, 2};
      launch(large_product<kN, kTransposedB, kTransposedA, kRegisters>, 1, 128, 8192 + kN * 128, nullptr, da.data, db.data, out.data, la, lb, Slip::kNone);
      const double off = difference(out.host(), a, b, 64, kN, 64);
      if (!(off < 1e-4)) std::fprintf(stderr, "N %d, transposed %d %d, registers %d, swizzles %d %d: off by %g\n", kN, kTransposedA, kTransposedB, kRegisters, int(of_a), int(of_b), off);
      CHECK(off < 1e-4);
    }
}
template <int kN>
void check_large_s8(Draw& draw) {
  const auto a = random_int8(draw, 64 * 64), b = random_int8(draw, size_t(kN) * 64);
  const Array<int8_t> da(a), db(b);
  Array<int32_t> out(size_t(64) * kN);
  for (const Swizzle swizzle : {Swizzle::kNone, Swizzle::k32, Swizzle::k64}) {  // 64 int8 of k are 64 bytes
    launch(large_product_s8<kN>, 1, 128, 4096 + kN * 64, nullptr, da.data, db.data, out.data, Layout{swizzle, false, 64, 1}, Layout{swizzle, false, kN, 1});
    const auto o = out.host();
    int wrong = 0;
    for (int i = 0; i < 64; ++i)
      for (int j = 0; j < kN; ++j) {
        int32_t sum = 0;
        for (int k = 0; k < 64; ++k) sum += a[size_t(i * 64 + k)] * b[size_t(j * 64 + k)];
        wrong += sum != o[size_t(i * kN + j)];
      }
    CHECK_EQ(wrong, 0);
  }
}

}  // namespace

int main() {
  Draw draw{7};
  for (int round = 0; round < 20; ++round) {
    const auto a = random_bf16(draw, 256), b = random_bf16(draw, 128);
    const Array<bf16> da(a), db(b);
    Array<float> c(128);
    for (const bool transposed : {false, true}) {
      launch(small_product, 1, 32, 1024, nullptr, da.data, db.data, c.data, transposed);
      CHECK(difference(c.host(), a, b, 16, 8, 16) < 1e-5);
    }
    const auto a8 = random_int8(draw, 512), b8 = random_int8(draw, 256);
    const Array<int8_t> da8(a8), db8(b8);
    Array<int32_t> c8(128);
    launch(small_product_s8, 1, 32, 0, nullptr, da8.data, db8.data, c8.data);
    const auto o = c8.host();
    int wrong = 0;
    for (int i = 0; i < 128; ++i) {
      int32_t sum = 5;
      for (int k = 0; k < 32; ++k) sum += a8[size_t(i / 8 * 32 + k)] * b8[size_t(i % 8 * 32 + k)];
      wrong += sum != o[size_t(i)];
    }
    CHECK_EQ(wrong, 0);
  }

  for (uint64_t seed : {0, 9}) {
    simt::set_seed(seed);
    check_large<64, false, false, false>(draw);
    check_large<128, true, false, false>(draw);
    check_large<64, true, true, false>(draw);
    check_large<8, false, true, false>(draw);
    check_large<80, false, false, true>(draw);
    check_large<96, true, false, true>(draw);
    check_large<256, false, false, false>(draw);
    check_large_s8<16>(draw);
    check_large_s8<192>(draw);
  }
  simt::set_seed(0);

  const auto a = random_bf16(draw, 64 * 64), b = random_bf16(draw, 64 * 64);
  const Array<bf16> da(a), db(b);
  Array<float> out(64 * 64);
  const Layout layout{Swizzle::k128, false, 64, 2};
  const auto slip = [&](Slip which) { launch(large_product<64, false, false, false>, 1, 128, 16384, nullptr, da.data, db.data, out.data, layout, layout, which); };
  CHECK_EQ(simt::error_of([&] { slip(Slip::kNone); }), "");
  FINDS("came without wgmma_fence since its last commit", slip(Slip::kNoFence));
  FINDS("was written without fence_proxy_async", slip(Slip::kNoProxyFence));
  FINDS("accumulator 1 of thread 0 of the warpgroup was written before wgmma_wait", slip(Slip::kEarlyWrite));
  FINDS("was written while a product read it", slip(Slip::kOperandWritten));
  FINDS("the thread ends with a wgmma under way", slip(Slip::kNoWait));
  FINDS("thread 40 of the warpgroup issues another product", slip(Slip::kApart));
  FINDS("are not in dynamic shared memory", slip(Slip::kOutside));
  CHECK_EQ(simt::error_of([&] { slip(Slip::kEarlyRead); }), "");
  for (const float value : out.host())
    if (value == value) CHECK(!"an accumulator was readable before its wait");
  FINDS("lane 20 has ended or never was", launch(small_product_s8, 1, 20, 0, nullptr, reinterpret_cast<const int8_t*>(da.data), reinterpret_cast<const int8_t*>(db.data), reinterpret_cast<int32_t*>(out.data)));
  return refine::testing::report();
}
