// The loops around the tiles, for callers that pack rows once for several products or bring panels of their own. Blocks are
// sized for 32 KB of L1 and 1 MB of L2.
#pragma once
#include <cstdint>

#include "kernels.h"

namespace refine::model {

inline constexpr int64_t kBlockDepth = 384, kBlockRows = 168, kBlockColumns = 512;  // rows: 14, 12, 6, 4 divide it; columns: 64 does

// A matrix of M rows `stride` words apart, or, transposed, of K rows each holding M words.
struct Words {
  const float* data;
  int64_t stride;
  bool transposed;
};

// out: panels of `columns` channels, each `depth` steps of `columns` words from step k0 on, zeros past n.
void pack_panels(const RowLoops& loops, int columns, const Words& w, int64_t n, int64_t k0, int64_t depth, float* out);

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
};

PackedMatrix pack_with(const KernelSet& kernels, const float* w, int64_t n, int64_t k, GemmKind kind);
PackedMatrix pack_int8_with(const KernelSet& kernels, const int8_t* w, const float* scales, int64_t n, int64_t k);

}  // namespace refine::model
