// The loops around the tiles (gemm.cpp), for callers that bring their own panels. Blocks are sized for 32 KB and 1 MB of L1 and L2.
#pragma once
#include <cstdint>

#include "kernels.h"

namespace refine::model {

inline constexpr int64_t kBlockDepth = 384, kBlockRows = 168, kBlockColumns = 512;
inline constexpr int kMaxPanelSlack = 16;

// A matrix of M rows `stride` apart, or, transposed, of K rows each holding M values.
struct Rows {
  const float* data;
  int64_t stride;
  bool transposed;
};
// Panels `panel_stride` floats apart that hold steps from `begin` of K on.
struct Panels {
  const float* data;
  int64_t panel_stride;
  int64_t begin;
};

void f32_blocks(const KernelSet& kernels, int64_t m, int64_t n, int64_t k, const Rows& a, const Panels& w, float* c, int64_t ldc, bool accumulate, const Epilogue* epilogue);
void f32_panels(const KernelSet& kernels, const Rows& w, int64_t n, int64_t k0, int64_t depth, float* out);

}  // namespace refine::model
