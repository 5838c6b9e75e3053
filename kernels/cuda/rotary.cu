// See rotary.h. A thread turns one pack of left numbers with the pack of their right ones; a block takes as many rows as fill it.
#include "rotary.h"

#include <cmath>

#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = 256;

template <class T, int kPack>
__global__ void __launch_bounds__(kThreads) rotary_kernel(T* __restrict__ qk, const int32_t* __restrict__ positions, const float* __restrict__ table, RotaryShape shape, int rows_a_block) {
  const int half = shape.rotary_dim / 2, packs = half / kPack, items = shape.heads * packs;
  const int64_t first = int64_t(blockIdx.x) * rows_a_block;
  const int rows = int(shape.rows - first < rows_a_block ? shape.rows - first : rows_a_block);
  for (int item = int(threadIdx.x); item < rows * items; item += kThreads) {
    const int64_t row = first + item / items;
    const int within = item % items, head = within / packs, start = within % packs * kPack;
    T* const left = qk + row * shape.stride + int64_t(head) * shape.head_dim + start;
    const int32_t position = positions[row];
    float x[kPack], y[kPack], turn[2 * kPack];
    load_pack(x, left);
    load_pack(y, left + half);
    if (position >= 0 && position < shape.table_rows) {
      load_weights(turn, table + (int64_t(position) * half + start) * 2);
    } else {
#pragma unroll
      for (int i = 0; i < 2 * kPack; ++i) turn[i] = float_of(0x7fc00000u);
    }
#pragma unroll
    for (int i = 0; i < kPack; ++i) {
      const float cosine = turn[2 * i], sine = shape.inverse ? -turn[2 * i + 1] : turn[2 * i + 1], a = x[i], b = y[i];
      x[i] = a * cosine - b * sine;
      y[i] = b * cosine + a * sine;
    }
    store_pack(left, x);
    store_pack(left + half, y);
  }
}

template <class T, int kPack>
cudaError_t start(const Context& ctx, T* qk, const int32_t* positions, const float* table, const RotaryShape& shape) {
  const int64_t items = int64_t(shape.heads) * (shape.rotary_dim / 2 / kPack);
  const int64_t rows_a_block = items >= kThreads ? 1 : kThreads / items;
  return launch(rotary_kernel<T, kPack>, dim3(uint32_t(ceil_div(shape.rows, rows_a_block))), dim3(kThreads), 0, ctx.stream, qk, positions, table, shape, int(rows_a_block));
}

}  // namespace

template <class T>
cudaError_t rotary(const Context& ctx, T* qk, const int32_t* positions, const float* table, const RotaryShape& shape) {
  if (shape.rows < 0 || shape.rows > kMostBlocks || shape.heads < 1 || shape.head_dim < 1 || shape.rotary_dim < 0 || shape.rotary_dim % 2 != 0 || shape.rotary_dim > shape.head_dim ||
      shape.stride < int64_t(shape.heads) * shape.head_dim || shape.stride > INT32_MAX || shape.table_rows < 0)
    return cudaErrorInvalidValue;
  if (shape.rows == 0 || shape.rotary_dim == 0) return cudaSuccess;
  if (!qk || !positions || !table) return cudaErrorInvalidValue;
  constexpr int kPack = kPackOf<T>;
  return packs_fit(kPack, {qk, table}, {shape.rotary_dim / 2, shape.head_dim, shape.stride}) ? start<T, kPack>(ctx, qk, positions, table, shape) : start<T, 1>(ctx, qk, positions, table, shape);
}
template cudaError_t rotary<bf16>(const Context&, bf16*, const int32_t*, const float*, const RotaryShape&);
template cudaError_t rotary<float>(const Context&, float*, const int32_t*, const float*, const RotaryShape&);

std::vector<float> rotary_table(const std::vector<float>& frequency, float factor, int64_t rows) {
  std::vector<float> table(size_t(rows) * frequency.size() * 2);
  for (int64_t position = 0; position < rows; ++position)
    for (size_t i = 0; i < frequency.size(); ++i) {
      const float angle = float(position) * frequency[i];  // rounded to fp32 before the functions, as HuggingFace's
      float* const entry = table.data() + (size_t(position) * frequency.size() + i) * 2;
      entry[0] = float(std::cos(double(angle))) * factor;
      entry[1] = float(std::sin(double(angle))) * factor;
    }
  return table;
}

}  // namespace refine::cuda
