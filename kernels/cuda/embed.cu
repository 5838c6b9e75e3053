// See embed.h. A thread adds one pack of a row; a block takes as many rows as fill it.
#include "embed.h"

#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = 256;

template <class T, int kPack>
__global__ void __launch_bounds__(kThreads) embed_kernel(EmbedRows<T> call, int rows_a_block) {
  const int packs = int(call.channels / kPack);
  const int64_t first = int64_t(blockIdx.x) * rows_a_block;
  const int rows = int(call.rows - first < rows_a_block ? call.rows - first : rows_a_block);
  for (int item = int(threadIdx.x); item < rows * packs; item += kThreads) {
    const int64_t row = first + item / packs;
    const int column = item % packs * kPack;
    const int64_t id = call.ids[row];
    const int64_t segment = call.segment_table && call.segments ? int64_t(call.segments[row]) : 0;
    const int64_t position = call.position_table ? int64_t(call.positions[row]) + call.position_offset : 0;
    const bool inside = id < call.vocab && (!call.segment_table || segment < call.segment_rows) && (!call.position_table || (position >= 0 && position < call.position_rows));
    float sum[kPack], other[kPack];
    if (inside) {
      load_pack(sum, call.table + id * call.channels + column);
      if (call.segment_table) {
        load_pack(other, call.segment_table + segment * call.channels + column);
#pragma unroll
        for (int i = 0; i < kPack; ++i) sum[i] += other[i];
      }
      if (call.position_table) {
        load_pack(other, call.position_table + position * call.channels + column);
#pragma unroll
        for (int i = 0; i < kPack; ++i) sum[i] += other[i];
      }
    } else {
#pragma unroll
      for (int i = 0; i < kPack; ++i) sum[i] = float_of(0x7fc00000u);
    }
    store_pack(call.out + row * call.channels + column, sum);
  }
}

template <class T, int kPack>
cudaError_t start(const Context& ctx, const EmbedRows<T>& call) {
  const int64_t packs = call.channels / kPack, rows_a_block = packs >= 2 * kThreads ? 1 : ceil_div(2 * kThreads, packs);
  return launch(embed_kernel<T, kPack>, dim3(uint32_t(ceil_div(call.rows, rows_a_block))), dim3(kThreads), 0, ctx.stream, call, int(rows_a_block));
}

}  // namespace

template <class T>
cudaError_t embed(const Context& ctx, const EmbedRows<T>& call) {
  if (call.rows < 0 || call.rows > kMostBlocks || call.channels < 1 || call.channels > 1 << 20 || call.vocab < 0 || call.position_rows < 0 || call.segment_rows < 0) return cudaErrorInvalidValue;
  if (call.rows == 0) return cudaSuccess;
  if (!call.ids || !call.table || !call.out || (call.position_table && !call.positions)) return cudaErrorInvalidValue;
  return packs_fit(kPackOf<T>, {call.table, call.position_table, call.segment_table, call.out}, {call.channels}) ? start<T, kPackOf<T>>(ctx, call) : start<T, 1>(ctx, call);
}
template cudaError_t embed<bf16>(const Context&, const EmbedRows<bf16>&);
template cudaError_t embed<float>(const Context&, const EmbedRows<float>&);

}  // namespace refine::cuda
