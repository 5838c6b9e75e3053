// Hopper's warpgroup products: matrix descriptors and swizzles by the PTX ISA (section 9.7.15, "Asynchronous Warpgroup Level Matrix Shared
// Memory Layout"). A product is computed when its 128 threads have issued it; until wait_group the accumulators hold poison and the operands
// must stay as they were, both of which is checked.
#include <algorithm>
#include <cstring>

#include "block.h"
#include "watch.h"
#include "words.h"

namespace refine::cuda::simt {
namespace {

constexpr uint32_t kPoisonWord = 0xffffffffu;

struct Descriptor {
  uint32_t start, leading, stride;
  Swizzle swizzle;
};

Descriptor decode(uint64_t bits, bool transposed) {
  const Descriptor d{uint32_t(bits & 0x3fff) << 4, uint32_t(bits >> 16 & 0x3fff) << 4, uint32_t(bits >> 32 & 0x3fff) << 4, Swizzle(bits >> 62)};
  if (bits >> 49 & 7) fault("wgmma: a matrix descriptor with a base offset: start the tile at a multiple of the swizzle's pattern");
  // K-major with a swizzle, 16 (32) of k lie within the swizzle's row and the leading offset is not used; everywhere else both are.
  if (d.stride == 0) fault("wgmma: a matrix descriptor with stride 0");
  if (d.leading == 0 && (transposed || d.swizzle == Swizzle::kNone)) fault("wgmma: a matrix descriptor with leading offset 0");
  return d;
}

uint32_t swizzled(uint32_t address, Swizzle swizzle) {
  switch (swizzle) {
    case Swizzle::k128: return address ^ (address >> 7 & 7) << 4;
    case Swizzle::k64: return address ^ (address >> 7 & 3) << 4;
    case Swizzle::k32: return address ^ (address >> 7 & 1) << 4;
    default: return address;
  }
}
uint32_t row_bytes(Swizzle swizzle) { return swizzle == Swizzle::k128 ? 128 : swizzle == Swizzle::k64 ? 64 : swizzle == Swizzle::k32 ? 32 : 16; }

// Where 16 bytes lie: K-major those of row `mn` from byte 16 `chunk` of k on, MN-major eight elements from mn = 8 `chunk` on at depth `k`.
uint32_t k_major(const Descriptor& d, uint32_t mn, uint32_t chunk) {
  if (d.swizzle == Swizzle::kNone) return d.start + mn / 8 * d.stride + mn % 8 * 16 + chunk * d.leading;
  return swizzled(d.start + mn / 8 * d.stride + mn % 8 * row_bytes(d.swizzle) + chunk * 16, d.swizzle);
}
uint32_t mn_major(const Descriptor& d, uint32_t k, uint32_t chunk) {
  if (d.swizzle == Swizzle::kNone) return d.start + chunk * d.stride + k % 8 * 16 + k / 8 * d.leading;
  const uint32_t row = row_bytes(d.swizzle), chunks = row / 16;
  return swizzled(d.start + chunk / chunks * d.leading + chunk % chunks * 16 + k % 8 * row + k / 8 * d.stride, d.swizzle);
}

const uint8_t* operand(Product& product, uint32_t address) {
  const uint32_t offset = address - kWindow;
  if (address < kWindow || offset + 16 > block.shared_bytes) fault("wgmma: an operand at offset %d lies outside the block's %zu bytes of dynamic shared memory", int(offset), block.shared_bytes);
  if (watch) watch->engine_reads(*(block.running - block.running->number), block.shared + offset, 16);
  if (std::memcmp(block.shared + offset, block.seen + offset, 16) != 0) fault("wgmma: shared memory at offset %u was written without fence_proxy_async", offset);
  Operand part{offset, {}};
  std::memcpy(part.bytes, block.shared + offset, 16);
  product.operands.push_back(part);
  return product.operands.back().bytes;
}

// out[k][mn] (or, for `rows_first`, out[mn][k]) as floats.
template <class Store>
void read_bf16(Product& product, uint64_t bits, bool transposed, uint32_t size, Store store) {
  const Descriptor d = decode(bits, transposed);
  for (uint32_t i = 0; i < (transposed ? 16 : size); ++i)
    for (uint32_t chunk = 0; chunk < (transposed ? size / 8 : 2); ++chunk) {
      uint16_t halves[8];
      std::memcpy(halves, operand(product, transposed ? mn_major(d, i, chunk) : k_major(d, i, chunk)), 16);
      for (uint32_t j = 0; j < 8; ++j) {
        const float value = __uint_as_float(uint32_t(halves[j]) << 16);
        if (transposed) store(chunk * 8 + j, i, value);
        else store(i, chunk * 8 + j, value);
      }
    }
}
template <class Store>
void read_int8(Product& product, uint64_t bits, uint32_t size, Store store) {
  const Descriptor d = decode(bits, false);
  for (uint32_t i = 0; i < size; ++i)
    for (uint32_t chunk = 0; chunk < 2; ++chunk) {
      int8_t bytes[16];
      std::memcpy(bytes, operand(product, k_major(d, i, chunk)), 16);
      for (uint32_t j = 0; j < 16; ++j) store(i, chunk * 16 + j, bytes[j]);
    }
}

// sum (64, n) += left (64, depth) right (depth, n); one term after another, as written, on every machine.
template <class T, int kDepth>
__attribute__((always_inline)) inline void accumulate(T* __restrict__ sum, const T (*__restrict__ left)[kDepth], const T* __restrict__ right, int n) {
  for (int row = 0; row < 64; ++row)
    for (int k = 0; k < kDepth; ++k) {
      const T factor = left[row][k];
      for (int column = 0; column < n; ++column) sum[row * n + column] += factor * right[k * n + column];
    }
}
#if defined(__x86_64__)
__attribute__((target("avx2"))) void accumulate_avx2(float* sum, const float (*left)[16], const float* right, int n) { accumulate<float, 16>(sum, left, right, n); }
__attribute__((target("avx2"))) void accumulate_avx2(uint32_t* sum, const uint32_t (*left)[32], const uint32_t* right, int n) { accumulate<uint32_t, 32>(sum, left, right, n); }
const bool has_avx2 = __builtin_cpu_supports("avx2");
#endif
template <class T, int kDepth>
void accumulate_any(T* sum, const T (*left)[kDepth], const T* right, int n) {
#if defined(__x86_64__)
  if (has_avx2) return accumulate_avx2(sum, left, right, n);
#endif
  accumulate<T, kDepth>(sum, left, right, n);
}

struct Issue {
  void* d;
  const void* a;
  uint64_t b;
  const ProductShape* shape;
  bool accumulate;
};

// Row and column of register i of thread `number` of the warpgroup.
int row_of(uint32_t number, uint32_t i) { return int(number / 32 * 16 + number % 32 / 4 + 8 * (i >> 1 & 1)); }
int column_of(uint32_t number, uint32_t i) { return int(i / 4 * 8 + 2 * (number % 4) + (i & 1)); }

void multiply(Warpgroup& group) {
  const auto issue = [&](uint32_t number) -> const Issue& { return *static_cast<const Issue*>(group.slots[number]); };
  const Issue& first = issue(0);
  const ProductShape& shape = *first.shape;
  const bool registers = shape.kind == ProductKind::kBf16Registers;
  const auto bits_of_a = [](const Issue& from) { return *static_cast<const uint64_t*>(from.a); };
  const Thread* threads = block.running - block.running->number;
  for (uint32_t i = 0; i < 128; ++i) {
    const Issue& it = issue(i);
    if (it.shape->kind != shape.kind || it.shape->n != shape.n || it.b != first.b || it.accumulate != first.accumulate || (!registers && bits_of_a(it) != bits_of_a(first)))
      fault("wgmma: thread %u of the warpgroup issues another product than thread 0", i);
    if (!threads[i].fenced) fault("wgmma: thread %u of the warpgroup came without wgmma_fence since its last commit", i);
    if (threads[i].product_group != threads[0].product_group) fault("wgmma: threads 0 and %u of the warpgroup have committed different numbers of groups", i);
  }
  const int n = shape.n;
  const uint32_t count = uint32_t(n) / 2;
  Accumulators* held = nullptr;
  for (auto& candidate : group.accumulators)
    if (candidate.registers[0] == first.d) held = &candidate;
  if (held != nullptr && held->count != count) fault("wgmma: accumulators under way are used by a product of another size");
  if (held != nullptr)
    for (uint32_t i = 0; i < 128; ++i)
      for (uint32_t j = 0; j < count; ++j)
        if (static_cast<const uint32_t*>(issue(i).d)[j] != kPoisonWord) fault("wgmma: accumulator %u of thread %u of the warpgroup was written before wgmma_wait", j, i);
  if (held == nullptr) {
    held = &group.accumulators.emplace_back();
    held->count = count;
    held->values.resize(size_t(128) * count);
    for (uint32_t i = 0; i < 128; ++i) {
      held->registers[i] = issue(i).d;
      std::memcpy(held->values.data() + size_t(i) * count, issue(i).d, count * 4);
    }
  }
  held->last_group = threads[0].product_group;
  Product& product = group.products.emplace_back();
  product.group = held->last_group;
  product.operands.reserve(size_t(64 + n) * 2);
  static float left[64][16], right[16 * 256], sum[64 * 256];
  static uint32_t left8[64][32], right8[32 * 256], sum8[64 * 256];
  const auto exchange = [&](auto* matrix, bool in) {  // registers' values to the matrix or back
    for (uint32_t number = 0; number < 128; ++number)
      for (uint32_t i = 0; i < count; ++i) {
        auto& place = matrix[row_of(number, i) * n + column_of(number, i)];
        if (in) std::memcpy(&place, &held->values[size_t(number) * count + i], 4);
        else std::memcpy(&held->values[size_t(number) * count + i], &place, 4);
      }
  };
  if (shape.kind == ProductKind::kInt8) {
    read_int8(product, bits_of_a(first), 64, [&](uint32_t row, uint32_t k, int8_t value) { left8[row][k] = uint32_t(int32_t(value)); });
    read_int8(product, first.b, uint32_t(n), [&](uint32_t column, uint32_t k, int8_t value) { right8[k * uint32_t(n) + column] = uint32_t(int32_t(value)); });
    if (first.accumulate) exchange(sum8, true);
    else std::fill(sum8, sum8 + 64 * n, 0u);
    accumulate_any<uint32_t, 32>(sum8, left8, right8, n);
    exchange(sum8, false);
  } else {
    if (registers) {
      for (uint32_t number = 0; number < 128; ++number)
        for (uint32_t i = 0; i < 4; ++i) {
          const uint32_t both = static_cast<const uint32_t*>(issue(number).a)[i];
          float* to = &left[number / 32 * 16 + number % 32 / 4 + 8 * (i & 1)][2 * (number % 4) + 8 * (i >> 1)];
          to[0] = __uint_as_float(both << 16);
          to[1] = __uint_as_float(both & 0xffff0000u);
        }
    } else {
      read_bf16(product, bits_of_a(first), shape.transposed_a, 64, [&](uint32_t row, uint32_t k, float value) { left[row][k] = value; });
    }
    read_bf16(product, first.b, shape.transposed_b, uint32_t(n), [&](uint32_t column, uint32_t k, float value) { right[k * uint32_t(n) + column] = value; });
    if (first.accumulate) exchange(sum, true);
    else std::fill(sum, sum + 64 * n, 0.f);
    accumulate_any<float, 16>(sum, left, right, n);
    exchange(sum, false);
  }
  for (uint32_t i = 0; i < 128; ++i) std::fill_n(static_cast<uint32_t*>(issue(i).d), count, kPoisonWord);
}

}  // namespace

void group_fence() { block.running->fenced = true; }
void group_commit() {
  ++block.running->product_group;
  block.running->fenced = false;
}

void group_multiply(const ProductShape& shape, void* d, const void* a, uint64_t b, bool accumulate) {
  Issue slot{d, a, b, &shape, accumulate};
  Thread& me = *block.running;
  Warpgroup& group = *me.group;
  if (size_t(&group - block.groups.data()) * 128 + 128 > block.threads.size()) fault("wgmma: the warpgroup has no 128 threads");
  group.slots[me.number] = &slot;
  if (++group.arrived < 128) {
    wait("wgmma");
    return;
  }
  group.arrived = 0;
  multiply(group);
  for (Thread *thread = &me - me.number, *end = thread + 128; thread != end; ++thread)
    if (thread != &me) wake(thread);
}

void group_wait(int pending) {
  Thread& me = *block.running;
  Warpgroup& group = *me.group;
  const auto finished = [&](uint32_t last) { return last + uint32_t(pending) < me.product_group; };
  for (const Product& product : group.products)
    if (finished(product.group))
      for (const Operand& part : product.operands)
        if (std::memcmp(part.bytes, block.shared + part.offset, 16) != 0) fault("wgmma: shared memory at offset %u was written while a product read it", part.offset);
  group.products.erase(std::remove_if(group.products.begin(), group.products.end(), [&](const Product& product) { return finished(product.group); }), group.products.end());
  for (auto& held : group.accumulators) {
    if (held.registers[me.number] == nullptr || !finished(held.last_group)) continue;
    auto* registers = static_cast<uint32_t*>(held.registers[me.number]);
    for (uint32_t i = 0; i < held.count; ++i)
      if (registers[i] != kPoisonWord) fault("wgmma: accumulator %u was written before wgmma_wait", i);
    std::memcpy(registers, held.values.data() + size_t(me.number) * held.count, held.count * 4);
    held.registers[me.number] = nullptr;
    ++held.delivered;
  }
  group.accumulators.erase(std::remove_if(group.accumulators.begin(), group.accumulators.end(), [](const Accumulators& held) { return held.delivered == 128; }), group.accumulators.end());
}

}  // namespace refine::cuda::simt
