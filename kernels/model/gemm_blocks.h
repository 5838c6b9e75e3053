// The loops around the tiles, for callers that pack rows once for several products or bring panels of their own. Blocks are
// sized for 32 KB of L1 and 1 MB of L2.
#pragma once
#include <cstdint>

#include "kernels.h"

namespace refine::model {

inline constexpr int64_t kBlockDepth = 384, kBlockRows = 168, kBlockColumns = 512;  // rows: 14, 12, 6, 4 divide it; columns: 64 does; depth: 16

// A matrix of M rows `stride` words apart, or, transposed, of K rows each holding M words.
struct Words {
  const float* data;
  int64_t stride;
  bool transposed;
};

// out: panels of `columns` channels, each `depth` steps of `columns` words from step k0 on, zeros past n.
void pack_panels(const RowLoops& loops, int columns, const Words& w, int64_t n, int64_t k0, int64_t depth, float* out);

int tile_rows(const KernelSet& kernels, GemmKind kind);
// The most rows, at most `most`, that tiles fill whole.
inline int64_t whole_tiles(const KernelSet& kernels, GemmKind kind, int64_t most) { return most / tile_rows(kernels, kind) * tile_rows(kernels, kind); }

// `count` rows of A's words as tiles of `rows` take them. Without a packer of its own a transpose does it, which wants 16 words of room past the end.
inline void pack_tile(const RowLoops& loops, RowPacker packer, int rows, const float* words, int64_t stride, int count, int64_t steps, float* out) {
  if (packer) packer(words, stride, count, steps, out);
  else loops.transpose(words, stride, count, steps, out, rows);
}

// Tile registers configured for as long as this lives, where `wanted` and the set has them. A thread that holds them costs more to
// switch from (8 KB are saved), so a scope is one call, not a thread's life.
class TileScope {
 public:
  TileScope(const KernelSet& kernels, bool wanted) : release_(wanted ? kernels.release : nullptr) {
    if (release_) kernels.configure();
  }
  ~TileScope() {
    if (release_) release_();
  }
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;

 private:
  void (*release_)();
};

// Rows of A (up to kBlockRows) packed for products with one kind of weights: tiles one after the other, K whole.
class PackedRows {
 public:
  void pack(const KernelSet& kernels, GemmKind kind, const float* a, int64_t lda, int64_t m, int64_t k);
  // c (M, columns [begin, begin + count) of w), begin a multiple of 64. c, bias, multiply and residual point at the first of these columns.
  void multiply(const PackedMatrix& w, int64_t begin, int64_t count, float* c, int64_t ldc, const Epilogue& epilogue);

 private:
  AlignedBuffer words_, narrow_;
  float scales_[kBlockRows];
  int64_t rows_ = 0;
  const Int8Tiles* int8_ = nullptr;  // those the rows are packed for
};

PackedMatrix pack_with(const KernelSet& kernels, const float* w, int64_t n, int64_t k, GemmKind kind);
PackedMatrix pack_int8_with(const KernelSet& kernels, const int8_t* w, const float* scales, int64_t n, int64_t k);

}  // namespace refine::model
