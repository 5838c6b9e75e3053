// Packing, and the loops around the tiles: rows of A in blocks that are packed once for all panels of W; then K in blocks (sums
// wait in C), panels, tiles. Cutting K changes no byte: a sum goes on where it was stored. 8-bit sums run over K whole.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "gemm_blocks.h"
#include "kernels.h"
#include "refine/model_weights.h"

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

void pack_panels(const RowLoops& loops, int columns, const Words& w, int64_t n, int64_t k0, int64_t depth, float* out) {
  float step[16];
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
        loops.transpose(from, w.stride, count, depth, out + g, columns);
      } else {  // a panel narrower than what a transpose may write
        for (int64_t i = 0; i < depth; ++i) {
          loops.transpose(from + i, w.stride, count, 1, step, 16);
          std::memcpy(out + i * columns + g, step, size_t(count) * sizeof(float));
        }
      }
    }
  }
}

int tile_rows(const KernelSet& kernels, GemmKind kind) { return kind == GemmKind::kF32 ? kernels.f32.rows : kind == GemmKind::kBf16 ? kernels.bf16.rows : kernels.int8.rows; }

namespace {

int tile_columns(const KernelSet& kernels, GemmKind kind) { return kind == GemmKind::kF32 ? kernels.f32.columns : kind == GemmKind::kBf16 ? kernels.bf16.columns : kernels.int8.columns; }
// Steps of K in a panel of W, as many as its tiles take at a time; a step is one word of each channel.
int64_t weight_steps(const KernelSet& kernels, GemmKind kind, int64_t k) {
  const int64_t steps = kind == GemmKind::kF32 ? k : kind == GemmKind::kBf16 ? (k + 1) / 2 : (k + 3) / 4;
  const int64_t whole = kind == GemmKind::kF32 ? 1 : kind == GemmKind::kBf16 ? kernels.bf16.whole : kernels.int8.whole;
  return (steps + whole - 1) / whole * whole;
}

template <class T>
T* as(const AlignedBuffer& buffer) { return static_cast<T*>(buffer.data); }

thread_local AlignedBuffer sgemm_rows, sgemm_columns;
thread_local PackedRows gemm_rows;

}  // namespace
}  // namespace model

using namespace model;

struct GemmAccess {
  static PackedMatrix make(const KernelSet& kernels, int64_t n, int64_t k, GemmKind kind) {
    PackedMatrix w;
    w.n_ = n, w.k_ = k, w.kind_ = kind, w.kernels_ = &kernels, w.isa_ = kernels.isa;
    const int64_t columns = tile_columns(kernels, kind), whole = (n + columns - 1) / columns * columns;
    w.panels_ = AlignedBuffer(size_t(whole * weight_steps(kernels, kind, k)) * sizeof(float));
    if (kind == GemmKind::kInt8) {  // and room for a vector of the row loops that is wider than a tile
      w.scales_ = AlignedBuffer(size_t(whole + 16) * sizeof(float));
      w.offsets_ = AlignedBuffer(size_t(whole + 16) * sizeof(int32_t));
    }
    return w;
  }
  static const KernelSet& kernels(const PackedMatrix& w) { return *w.kernels_; }
  static float* panels(const PackedMatrix& w) { return as<float>(w.panels_); }
  static float* scales(const PackedMatrix& w) { return as<float>(w.scales_); }
  static int32_t* offsets(const PackedMatrix& w) { return as<int32_t>(w.offsets_); }

  // A panel's channels, in words of `steps` a channel, into place.
  static void put_panel(const PackedMatrix& w, int64_t panel, const float* words, int cols, int64_t steps) {
    const int columns = tile_columns(*w.kernels_, w.kind_);
    pack_panels(w.kernels_->rows, columns, {words, steps, false}, cols, 0, steps, panels(w) + panel * columns * steps);
  }
  // Channel j's 8-bit weights, at least -127; 128 times their sum is taken off where rows come as q + 128.
  static void note_channel(const PackedMatrix& w, int64_t j, const int8_t* q, float scale) {
    int32_t sum = 0;
    for (int64_t i = 0; i < w.k_; ++i) sum += q[i];
    scales(w)[j] = scale;
    offsets(w)[j] = w.kernels_->int8.offset ? 128 * sum : 0;
  }
};

namespace model {

PackedMatrix pack_with(const KernelSet& kernels, const float* w, int64_t n, int64_t k, GemmKind kind) {
  auto packed = GemmAccess::make(kernels, n, k, kind);
  const int64_t steps = weight_steps(kernels, kind, k), columns = tile_columns(kernels, kind);
  if (kind == GemmKind::kF32) {
    pack_panels(kernels.rows, int(columns), {w, k, false}, n, 0, k, GemmAccess::panels(packed));
    return packed;
  }
  AlignedBuffer words(size_t(columns * steps) * sizeof(float));
  for (int64_t j = 0; j < n; j += columns) {
    const int cols = int(std::min(columns, n - j));
    for (int c = 0; c < cols; ++c) {
      const float* channel = w + (j + c) * k;
      if (kind == GemmKind::kBf16) {
        auto* to = as<uint16_t>(words) + c * steps * 2;
        for (int64_t i = 0; i < k; ++i) to[i] = bf16_of_f32(channel[i]);
        std::fill(to + k, to + steps * 2, uint16_t(0));
      } else {
        auto* to = as<uint8_t>(words) + c * steps * 4;
        const float scale = kernels.rows.quantise(channel, k, 0, to);
        GemmAccess::note_channel(packed, j + c, reinterpret_cast<const int8_t*>(to), scale);
      }
    }
    GemmAccess::put_panel(packed, j / columns, as<float>(words), cols, steps);
  }
  return packed;
}

PackedMatrix pack_int8_with(const KernelSet& kernels, const int8_t* w, const float* scales, int64_t n, int64_t k) {
  auto packed = GemmAccess::make(kernels, n, k, GemmKind::kInt8);
  const int64_t steps = weight_steps(kernels, GemmKind::kInt8, k), columns = kernels.int8.columns;
  AlignedBuffer words(size_t(columns * steps) * sizeof(float));
  for (int64_t j = 0; j < n; j += columns) {
    const int cols = int(std::min(columns, n - j));
    for (int c = 0; c < cols; ++c) {
      auto* to = as<int8_t>(words) + c * steps * 4;
      for (int64_t i = 0; i < k; ++i) to[i] = std::max<int8_t>(w[(j + c) * k + i], -127);
      for (int64_t i = k; i < steps * 4; ++i) to[i] = 0;
      GemmAccess::note_channel(packed, j + c, to, scales[j + c]);
    }
    GemmAccess::put_panel(packed, j / columns, as<float>(words), cols, steps);
  }
  return packed;
}

void PackedRows::pack(const KernelSet& kernels, GemmKind kind, const float* a, int64_t lda, int64_t m, int64_t k) {
  rows_ = m;
  int8_ = kernels.int8.few && m <= kernels.int8.few_rows ? kernels.int8.few : &kernels.int8;
  const int rows = kind == GemmKind::kInt8 ? int8_->rows : tile_rows(kernels, kind);
  const RowPacker packer = kind == GemmKind::kInt8 ? int8_->pack_rows : kind == GemmKind::kBf16 ? kernels.bf16.pack_rows : nullptr;
  const bool pairs = kind == GemmKind::kBf16 && kernels.bf16.narrow;
  // Words of a row as packed, and as they come where no number changes its form.
  const int64_t steps = pairs || kind == GemmKind::kInt8 ? weight_steps(kernels, kind, k) : kind == GemmKind::kBf16 ? (k + 1) / 2 * 2 : k;
  words_.grow(size_t((m + rows) * steps + 64) * sizeof(float));
  const float* source = a;
  int64_t stride = lda, given = k;
  if (pairs || kind == GemmKind::kInt8) {
    narrow_.grow(size_t(m * steps) * sizeof(float));
    if (pairs) {
      kernels.bf16.narrow(a, lda, m, k, steps, as<uint16_t>(narrow_));
    } else {
      const int64_t bytes = (k + 3) / 4 * 4;  // what quantise fills
      for (int64_t r = 0; r < m; ++r) {
        uint8_t* to = as<uint8_t>(narrow_) + r * steps * 4;
        scales_[r] = kernels.rows.quantise(a + r * lda, k, kernels.int8.offset ? 0x80 : 0, to);
        std::fill(to + bytes, to + steps * 4, uint8_t(0));
      }
    }
    source = as<float>(narrow_), stride = steps, given = steps;
  }
  for (int64_t r = 0; r < m; r += rows) {
    float* to = as<float>(words_) + r * steps;
    pack_tile(kernels.rows, packer, rows, source + r * stride, stride, int(std::min<int64_t>(rows, m - r)), given, to);
    if (given < steps) std::memset(to + given * rows, 0, size_t((steps - given) * rows) * sizeof(float));
  }
}

void PackedRows::multiply(const PackedMatrix& w, int64_t begin, int64_t count, float* c, int64_t ldc, const Epilogue& epilogue) {
  const auto& kernels = GemmAccess::kernels(w);
  const GemmKind kind = w.kind();
  const int rows = kind == GemmKind::kInt8 ? int8_->rows : tile_rows(kernels, kind), columns = tile_columns(kernels, kind);
  const TileScope tiles(kernels, kind == GemmKind::kBf16 || (kind == GemmKind::kInt8 && int8_ == &kernels.int8));
  const bool accumulate = epilogue.residual == c;
  const float* residual = accumulate ? nullptr : epilogue.residual;
  const bool plain = !epilogue.bias && !epilogue.multiply && !residual && epilogue.activation == GemmActivation::kNone;
  const int64_t steps = weight_steps(kernels, kind, w.k()), row_words = kind == GemmKind::kBf16 && !kernels.bf16.narrow ? 2 : 1;
  const int64_t depth = kind == GemmKind::kInt8 ? steps : kBlockDepth;
  alignas(64) int32_t sums[kMaxTileRows * kMaxTileColumns];
  for (int64_t k0 = 0; k0 < steps; k0 += depth) {
    const int64_t here = std::min(depth, steps - k0);
    const bool first = k0 == 0 && !accumulate, last = k0 + here == steps;
    for (int64_t j = 0; j < count; j += columns) {
      const int cols = int(std::min<int64_t>(columns, count - j));
      const float* panel = GemmAccess::panels(w) + (begin + j) * steps + k0 * columns;
      for (int64_t r = 0; r < rows_; r += rows) {
        const int used = int(std::min<int64_t>(rows, rows_ - r));
        const float* tile = as<float>(words_) + (r * steps + k0 * rows) * row_words;
        const int64_t at = r * ldc + j;
        for (int i = 0; i < used; ++i)  // C's lines come while the products run: else the stores of a tile wait for them one by one
          for (int x = 0; x < cols; x += 16) __builtin_prefetch(c + at + i * ldc + x, 1);
        if (kind == GemmKind::kInt8) {
          int8_->tile[used - 1](steps, reinterpret_cast<const uint32_t*>(tile), reinterpret_cast<const uint32_t*>(panel), sums);
        } else {
          (kind == GemmKind::kF32 ? kernels.f32.tile : kernels.bf16.tile)[used - 1](here, tile, panel, c + at, ldc, cols, first);
        }
        if (kind == GemmKind::kInt8 || (last && !plain)) {
          TileEpilogue tile_epilogue{epilogue.bias ? epilogue.bias + j : nullptr, epilogue.activation, epilogue.multiply ? epilogue.multiply + at : nullptr, residual ? residual + at : nullptr, {}};
          if (kind == GemmKind::kInt8) tile_epilogue.int8 = {sums, columns, scales_ + r, GemmAccess::scales(w) + begin + j, GemmAccess::offsets(w) + begin + j, accumulate};
          kernels.rows.epilogue(c + at, ldc, used, cols, tile_epilogue);
        }
      }
    }
  }
}

}  // namespace model

PackedMatrix pack(const float* w, int64_t n, int64_t k, GemmKind kind, GemmIsa isa) { return pack_with(kernel_set(isa), w, n, k, kind); }
PackedMatrix pack_int8(const int8_t* w, const float* scales, int64_t n, int64_t k, GemmIsa isa) { return pack_int8_with(kernel_set(isa), w, scales, n, k); }

void gemm(const float* a, int64_t lda, int64_t m, const PackedMatrix& w, float* c, int64_t ldc, const Epilogue& epilogue) {
  const KernelSet& kernels = GemmAccess::kernels(w);
  const int64_t block = whole_tiles(kernels, w.kind(), kBlockRows);
  for (int64_t m0 = 0; m0 < m; m0 += block) {
    const int64_t rows = std::min(block, m - m0);
    gemm_rows.pack(kernels, w.kind(), a + m0 * lda, lda, rows, w.k());
    gemm_rows.multiply(w, 0, w.n(), c + m0 * ldc, ldc,
                       {epilogue.bias, epilogue.activation, epilogue.multiply ? epilogue.multiply + m0 * ldc : nullptr, epilogue.residual ? epilogue.residual + m0 * ldc : nullptr});
  }
}

namespace {

// B is packed as it is needed, a block of K and of columns at a time; a block of A for all of them.
void sgemm(int64_t m, int64_t n, int64_t k, const Words& a, const Words& b, float* c, int64_t ldc, bool accumulate, GemmIsa isa) {
  const auto& kernels = kernel_set(isa);
  const auto& tiles = kernels.f32;
  const int64_t columns = tiles.columns, block = kBlockColumns / columns * columns;
  if (k == 0 && !accumulate)
    for (int64_t i = 0; i < m; ++i) std::fill_n(c + i * ldc, n, 0.0f);
  sgemm_rows.grow(size_t(kBlockRows * kBlockDepth + 64) * sizeof(float));
  sgemm_columns.grow(size_t(kBlockColumns * kBlockDepth) * sizeof(float));
  for (int64_t j = 0; j < n; j += block) {
    const int64_t cols = std::min(block, n - j);
    for (int64_t k0 = 0; k0 < k; k0 += kBlockDepth) {
      const int64_t depth = std::min(kBlockDepth, k - k0);
      const bool first = k0 == 0 && !accumulate;
      pack_panels(kernels.rows, int(columns), {b.data + (b.transposed ? j : j * b.stride), b.stride, b.transposed}, cols, k0, depth, as<float>(sgemm_columns));
      for (int64_t m0 = 0; m0 < m; m0 += kBlockRows) {
        const int64_t rows = std::min(kBlockRows, m - m0);
        for (int64_t r = 0; r < rows; r += tiles.rows) {
          const int used = int(std::min<int64_t>(tiles.rows, rows - r));
          float* out = as<float>(sgemm_rows) + r * depth;
          if (!a.transposed) kernels.rows.transpose(a.data + (m0 + r) * a.stride + k0, a.stride, used, depth, out, tiles.rows);
          else
            for (int64_t i = 0; i < depth; ++i) std::memcpy(out + i * tiles.rows, a.data + (k0 + i) * a.stride + m0 + r, size_t(used) * sizeof(float));
        }
        for (int64_t p = 0; p < cols; p += columns)
          for (int64_t r = 0; r < rows; r += tiles.rows)
            tiles.tile[std::min<int64_t>(tiles.rows, rows - r) - 1](depth, as<float>(sgemm_rows) + r * depth, as<float>(sgemm_columns) + p * depth, c + (m0 + r) * ldc + j + p, ldc,
                                                                    int(std::min(columns, cols - p)), first);
      }
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
