// Rotary positions in place, HuggingFace's halves: number i of a head turns with number i + rotary_dim / 2.
//   qk        (rows, heads, D) T, rows `stride` apart: the first `heads` heads of each packed row turn, so q and k of the
//             layout (H + 2 G) D at once with heads = H + G
//   positions (rows) int32: a token's position in its document
//   table     (table_rows, rotary_dim / 2, 2) fp32: cos and sin of position * frequency, already times rotary_factor;
//             made on the host from fp32 angles, as HuggingFace's are (rotary_table below)
// A token whose position is outside the table becomes NaN, never a read out of bounds.
// Traffic: rows * heads * rotary_dim * 2 * sizeof(T) bytes; the table stays in L2. 16-byte accesses where rotary_dim / 2 is a multiple of
// 16 bytes of T. Oracle: kernels/model/reference_rotary.cpp. Source: Su et al. 2021.
#pragma once
#include <cstdint>
#include <vector>

#include "context.h"
#include "device.h"

namespace refine::cuda {

struct RotaryShape {
  int64_t rows = 0, stride = 0;  // stride in elements
  int32_t heads = 0, head_dim = 0, rotary_dim = 0;
  int64_t table_rows = 0;
  bool inverse = false;  // turns back: the backward pass
};

template <class T>
cudaError_t rotary(const Context& ctx, T* qk, const int32_t* positions, const float* table, const RotaryShape& shape);

// The table for positions 0 .. rows - 1, on the host: cos, sin of float(position) * frequency[i], times factor, rounded to fp32.
std::vector<float> rotary_table(const std::vector<float>& frequency, float factor, int64_t rows);

}  // namespace refine::cuda
