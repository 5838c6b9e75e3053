// How attention packs the operands of its products; attention.cpp and disentangled.cpp multiply them.
#pragma once
#include "gemm_blocks.h"

namespace refine::model {

// The two products of attention, in fp32 or bfloat16: how their operands are packed, in words of `values` numbers.
struct AttentionProducts {
  const KernelSet& kernels;
  bool narrow;
  int rows, columns;
  const F32Tile* tile;
  int64_t whole;

  AttentionProducts(const KernelSet& set, bool wanted)
      : kernels(set),
        narrow(wanted && set.bf16.narrow),
        rows(narrow ? set.bf16.rows : set.f32.rows),
        columns(narrow ? set.bf16.columns : set.f32.columns),
        tile(narrow ? set.bf16.tile : set.f32.tile),
        whole(narrow ? set.bf16.whole : 1) {}

  int64_t steps(int64_t count) const { return narrow ? ((count + 1) / 2 + whole - 1) / whole * whole : count; }

  // count (<= rows) rows of `depth` numbers, as the A operand.
  void pack_rows(const float* a, int64_t stride, int count, int64_t depth, float* out) const {
    if (!narrow) return kernels.rows.transpose(a, stride, count, depth, out, rows);
    const int64_t words = steps(depth);
    const float* narrowed = narrow_block(a, stride, count, depth);
    pack_tile(kernels.rows, kernels.bf16.pack_rows, rows, narrowed, words, count, words, out);
  }

  // Keys (length, D) as the B operand of Q K'.
  void pack_keys(const float* keys, int64_t stride, int64_t length, int64_t dim, float* out) const {
    if (!narrow) return pack_panels(kernels.rows, columns, {keys, stride, false}, length, 0, dim, out);
    pack_panels(kernels.rows, columns, {narrow_block(keys, stride, length, dim), steps(dim), false}, length, 0, steps(dim), out);
  }

  // Values (length, D) as the B operand of P V: a word of bfloat16 holds two keys' numbers.
  void pack_values(const float* values, int64_t stride, int64_t length, int64_t dim, float* out) const {
    if (!narrow) return pack_panels(kernels.rows, columns, {values, stride, true}, dim, 0, length, out);
    kernels.bf16.narrow_pairs(values, stride, length, dim, steps(length), out, columns);
  }

 private:
  const float* narrow_block(const float* from, int64_t stride, int64_t count, int64_t depth) const {
    const int64_t words = steps(depth);
    thread_local AlignedBuffer narrow_rows;
    narrow_rows.grow(size_t(count * words) * sizeof(float));
    kernels.bf16.narrow(from, stride, count, depth, words, static_cast<uint16_t*>(narrow_rows.data));
    return static_cast<const float*>(narrow_rows.data);
  }
};

}  // namespace refine::model
