// Packing and the loops around the tiles of fp32: K in blocks (sums wait in C), rows of A in blocks that are packed once for all
// panels of W, panels, tiles. Cutting K changes no byte: a sum goes on where it was stored.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "gemm_blocks.h"
#include "kernels.h"

namespace refine {
namespace model {

AlignedBuffer::AlignedBuffer(size_t size) {
  grow(size);
  if (data) std::memset(data, 0, bytes);
}
AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept : data(other.data), bytes(other.bytes) { other.data = nullptr, other.bytes = 0; }
AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  std::swap(data, other.data);
  std::swap(bytes, other.bytes);
  return *this;
}
AlignedBuffer::~AlignedBuffer() { std::free(data); }
void AlignedBuffer::grow(size_t size) {
  if (size <= bytes) return;
  std::free(data);
  data = nullptr, bytes = 0;
  const size_t whole = (size + 63) / 64 * 64;
  data = std::aligned_alloc(64, whole);
  if (!data) throw std::bad_alloc();
  bytes = whole;
}

namespace {
thread_local AlignedBuffer packed_rows, packed_columns;
}

void f32_blocks(const KernelSet& kernels, int64_t m, int64_t n, int64_t k, const Rows& a, const Panels& w, float* c, int64_t ldc, bool accumulate, const Epilogue* epilogue) {
  const auto& tiles = kernels.f32;
  const int64_t block_rows = kBlockRows / tiles.rows * tiles.rows;
  packed_rows.grow(size_t(kBlockRows * kBlockDepth + 64) * sizeof(float));
  auto* packed = static_cast<float*>(packed_rows.data);
  const int64_t panels = (n + tiles.columns - 1) / tiles.columns;
  for (int64_t k0 = 0; k0 < k; k0 += kBlockDepth) {
    const int64_t depth = std::min(kBlockDepth, k - k0);
    const bool first = k0 == 0 && !accumulate, last = k0 + depth == k;
    for (int64_t m0 = 0; m0 < m; m0 += block_rows) {
      const int64_t rows = std::min(block_rows, m - m0);
      for (int64_t r = 0; r < rows; r += tiles.rows) {
        const int count = int(std::min<int64_t>(tiles.rows, rows - r));
        float* out = packed + r * depth;
        if (a.transposed) {
          for (int64_t i = 0; i < depth; ++i) std::memcpy(out + i * tiles.rows, a.data + (k0 + i) * a.stride + m0 + r, size_t(count) * sizeof(float));
        } else {
          kernels.transpose(a.data + (m0 + r) * a.stride + k0, a.stride, count, depth, out, tiles.rows);
        }
      }
      for (int64_t p = 0; p < panels; ++p) {
        const int cols = int(std::min<int64_t>(tiles.columns, n - p * tiles.columns));
        const float* panel = w.data + p * w.panel_stride + (k0 - w.begin) * tiles.columns;
        for (int64_t r = 0; r < rows; r += tiles.rows) {
          const int count = int(std::min<int64_t>(tiles.rows, rows - r));
          const int64_t at = (m0 + r) * ldc + p * tiles.columns;
          tiles.tile[count - 1](depth, packed + r * depth, panel, c + at, ldc, cols, first);
          if (last && epilogue)
            kernels.epilogue(c + at, ldc, count, cols, epilogue->bias ? epilogue->bias + p * tiles.columns : nullptr, epilogue->activation,
                             epilogue->multiply ? epilogue->multiply + at : nullptr, epilogue->residual ? epilogue->residual + at : nullptr);
        }
      }
    }
  }
}

// Panels of W for tiles of `columns`: k steps of `columns` values each, zeros past n. `rows` (N, K) or, transposed, (K, N).
void f32_panels(const KernelSet& kernels, const Rows& w, int64_t n, int64_t k0, int64_t depth, float* out) {
  const int columns = kernels.f32.columns;
  alignas(64) float step[kMaxPanelSlack];
  for (int64_t j = 0; j < n; j += columns, out += columns * depth) {
    const int cols = int(std::min<int64_t>(columns, n - j));
    if (w.transposed) {
      for (int64_t i = 0; i < depth; ++i) {
        std::memcpy(out + i * columns, w.data + (k0 + i) * w.stride + j, size_t(cols) * sizeof(float));
        if (cols < columns) std::memset(out + i * columns + cols, 0, size_t(columns - cols) * sizeof(float));
      }
      continue;
    }
    if (cols < columns) std::memset(out, 0, size_t(columns * depth) * sizeof(float));
    for (int g = 0; g < cols; g += 16) {
      const int count = std::min(16, cols - g);
      const float* from = w.data + (j + g) * w.stride + k0;
      if (columns - g >= 16) {
        kernels.transpose(from, w.stride, count, depth, out + g, columns);
      } else {  // a panel narrower than what a transpose may write
        for (int64_t i = 0; i < depth; ++i) {
          kernels.transpose(from + i, w.stride, count, 1, step, 16);
          std::memcpy(out + i * columns + g, step, size_t(count) * sizeof(float));
        }
      }
    }
  }
}

}  // namespace model

using namespace model;

struct GemmAccess {
  static PackedMatrix make(int64_t n, int64_t k, GemmKind kind, GemmIsa isa) {
    PackedMatrix w;
    w.n_ = n, w.k_ = k, w.kind_ = kind;
    w.kernels_ = &kernel_set(isa);
    w.isa_ = w.kernels_->isa;
    return w;
  }
  static const KernelSet& kernels(const PackedMatrix& w) { return *w.kernels_; }
  static const void* panels(const PackedMatrix& w) { return w.panels_.data; }
};

PackedMatrix pack(const float* w, int64_t n, int64_t k, GemmKind kind, GemmIsa isa) {
  auto packed = GemmAccess::make(n, k, kind, isa);
  const auto& kernels = *packed.kernels_;
  const int64_t columns = kernels.f32.columns, panels = (n + columns - 1) / columns;
  packed.panels_ = AlignedBuffer(size_t(panels * columns * k) * sizeof(float));
  f32_panels(kernels, {w, k, false}, n, 0, k, static_cast<float*>(packed.panels_.data));
  return packed;
}

void gemm(const float* a, int64_t lda, int64_t m, const PackedMatrix& w, float* c, int64_t ldc, const Epilogue& epilogue) {
  auto rest = epilogue;
  const bool accumulate = epilogue.residual == c;
  if (accumulate) rest.residual = nullptr;
  const bool plain = !rest.bias && !rest.multiply && !rest.residual && rest.activation == GemmActivation::kNone;
  const auto& kernels = GemmAccess::kernels(w);
  f32_blocks(kernels, m, w.n(), w.k(), {a, lda, false}, {static_cast<const float*>(GemmAccess::panels(w)), kernels.f32.columns * w.k(), 0}, c, ldc, accumulate, plain ? nullptr : &rest);
}

namespace {

// B is packed as it is needed, a block of K and of columns at a time.
void sgemm(int64_t m, int64_t n, int64_t k, const Rows& a, const Rows& b, float* c, int64_t ldc, bool accumulate, GemmIsa isa) {
  const auto& kernels = kernel_set(isa);
  const int64_t columns = kernels.f32.columns, block = kBlockColumns / columns * columns;
  if (k == 0 && !accumulate)
    for (int64_t i = 0; i < m; ++i) std::fill_n(c + i * ldc, n, 0.0f);
  packed_columns.grow(size_t(kBlockColumns * kBlockDepth) * sizeof(float));
  auto* packed = static_cast<float*>(packed_columns.data);
  for (int64_t j = 0; j < n; j += block) {
    const int64_t cols = std::min(block, n - j);
    for (int64_t k0 = 0; k0 < k; k0 += kBlockDepth) {
      const int64_t depth = std::min(kBlockDepth, k - k0);
      const Rows part{b.data + (b.transposed ? j : j * b.stride), b.stride, b.transposed};
      f32_panels(kernels, part, cols, k0, depth, packed);
      const Rows rows{a.data + (a.transposed ? k0 * a.stride : k0), a.stride, a.transposed};
      f32_blocks(kernels, m, cols, depth, rows, {packed, columns * depth, 0}, c + j, ldc, accumulate || k0 > 0, nullptr);
    }
  }
}

}  // namespace

void sgemm_nt(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, bool accumulate, GemmIsa isa) {
  sgemm(m, n, k, {a, lda, false}, {b, ldb, false}, c, ldc, accumulate, isa);
}
void sgemm_nn(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, bool accumulate, GemmIsa isa) {
  sgemm(m, n, k, {a, lda, false}, {b, ldb, true}, c, ldc, accumulate, isa);
}
void sgemm_tn(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, bool accumulate, GemmIsa isa) {
  sgemm(m, n, k, {a, lda, true}, {b, ldb, true}, c, ldc, accumulate, isa);
}

}  // namespace refine
