// See norms_backward.h. Three kernels: dx by rows (a block a row, as norms.cu), sums of dout n and dout over parts of 128 rows (32 packs of columns a block,
// eight walkers of rows that meet in order), and the parts' sums in order.
#include "norms_backward.h"

#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kPart = 128, kWalkers = 8;

template <class T, int kPack, int kSlots>
__global__ void __launch_bounds__(1024) norm_dx_kernel(NormBackwardRows<T> call) {
  __shared__ float partial[2][kWarp];
  const int64_t row = blockIdx.x;
  const int width = int(call.width);
  const float mean = call.mean ? call.mean[row] : 0, inverse = call.inverse[row];
  float n[kSlots][kPack], g[kSlots][kPack], sum = 0, along = 0;
#pragma unroll
  for (int slot = 0; slot < kSlots; ++slot) {
    const int column = (slot * int(blockDim.x) + int(threadIdx.x)) * kPack;
    if (column >= width) continue;
    load_pack(n[slot], call.x + row * width + column);
    load_pack(g[slot], call.dout + row * width + column);
    if (call.weight) {
      float weight[kPack];
      load_weights(weight, call.weight + column);
#pragma unroll
      for (int i = 0; i < kPack; ++i) g[slot][i] *= weight[i];
    }
#pragma unroll
    for (int i = 0; i < kPack; ++i) {
      n[slot][i] = (n[slot][i] - mean) * inverse;
      sum += g[slot][i];
      along += g[slot][i] * n[slot][i];
    }
  }
  const float average = call.mean ? block_sum(sum, partial[0]) / float(width) : 0;
  along = block_sum(along, partial[1]) / float(width);
#pragma unroll
  for (int slot = 0; slot < kSlots; ++slot) {
    const int column = (slot * int(blockDim.x) + int(threadIdx.x)) * kPack;
    if (column >= width) continue;
#pragma unroll
    for (int i = 0; i < kPack; ++i) g[slot][i] = (g[slot][i] - average - n[slot][i] * along) * inverse;
    if (call.add) {
      load_pack(n[slot], call.add + row * width + column);
#pragma unroll
      for (int i = 0; i < kPack; ++i) g[slot][i] += n[slot][i];
    }
    store_pack(call.dx + row * width + column, g[slot]);
  }
}

// partials (2, parts, width): of dout n, then of dout.
template <class T, int kPack>
__global__ void __launch_bounds__(kWarp* kWalkers) norm_parts_kernel(NormBackwardRows<T> call, int64_t parts) {
  __shared__ float meet[kWalkers][kWarp][2 * kPack + 1];  // + 1: a warp's writes meet all banks
  const int lane = int(threadIdx.x % kWarp), walker = int(threadIdx.x / kWarp);
  const int64_t part = blockIdx.x, column = (int64_t(blockIdx.y) * kWarp + lane) * kPack, end = (part + 1) * kPart < call.rows ? (part + 1) * kPart : call.rows;
  float dweight[kPack] = {}, dbias[kPack] = {};
  if (column < call.width) {
#pragma unroll 2
    for (int64_t row = part * kPart + walker; row < end; row += kWalkers) {
      float x[kPack], dout[kPack];
      load_pack(x, call.x + row * call.width + column);
      load_pack(dout, call.dout + row * call.width + column);
      const float mean = call.mean ? call.mean[row] : 0, inverse = call.inverse[row];
#pragma unroll
      for (int i = 0; i < kPack; ++i) {
        dweight[i] += dout[i] * ((x[i] - mean) * inverse);
        dbias[i] += dout[i];
      }
    }
  }
#pragma unroll
  for (int i = 0; i < kPack; ++i) {
    meet[walker][lane][i] = dweight[i];
    meet[walker][lane][kPack + i] = dbias[i];
  }
  __syncthreads();
  if (walker >= 2 || column >= call.width) return;  // walker 0 adds for dweight, 1 for dbias
#pragma unroll
  for (int i = 0; i < kPack; ++i) {
    float total = 0;
    for (int other = 0; other < kWalkers; ++other) total += meet[other][lane][walker * kPack + i];
    call.partials[(walker * parts + part) * call.width + column + i] = total;
  }
}

__global__ void __launch_bounds__(256) add_parts_kernel(const float* __restrict__ partials, int64_t parts, int64_t width, float* dweight, float* dbias, bool accumulate) {
  const int64_t column = int64_t(blockIdx.x) * 256 + threadIdx.x;
  float* const out = blockIdx.y == 0 ? dweight : dbias;
  if (column >= width || !out) return;
  float total = accumulate ? out[column] : 0;
  for (int64_t part = 0; part < parts; ++part) total += partials[(int64_t(blockIdx.y) * parts + part) * width + column];
  out[column] = total;
}

template <class T, int kPack, int kSlots>
cudaError_t start_rows(const Context& ctx, const NormBackwardRows<T>& call) {
  const uint32_t threads = uint32_t(ceil_div(ceil_div(ceil_div(call.width, kPack), kSlots), kWarp) * kWarp);
  return launch(norm_dx_kernel<T, kPack, kSlots>, dim3(uint32_t(call.rows)), dim3(threads), 0, ctx.stream, call);
}

template <class T, int kPack>
cudaError_t start_parts(const Context& ctx, const NormBackwardRows<T>& call) {
  const int64_t parts = ceil_div(call.rows, kPart);
  const cudaError_t error =
      launch(norm_parts_kernel<T, kPack>, dim3(uint32_t(parts), uint32_t(ceil_div(call.width, kWarp * kPack))), dim3(kWarp * kWalkers), 0, ctx.stream, call, parts);
  if (error != cudaSuccess) return error;
  return launch(add_parts_kernel, dim3(uint32_t(ceil_div(call.width, 256)), 2), dim3(256), 0, ctx.stream, call.partials, parts, call.width, call.dweight, call.dbias, call.accumulate);
}

}  // namespace

int64_t norm_backward_partials(int64_t rows, int64_t width) { return 2 * ceil_div(rows, kPart) * width; }

template <class T>
cudaError_t norm_backward(const Context& ctx, const NormBackwardRows<T>& call) {
  if (call.rows < 0 || call.rows > kMostBlocks || call.width < 1 || call.width > 16384) return cudaErrorInvalidValue;
  const bool parts = call.dweight || call.dbias;
  if (call.rows > 0 && (!call.x || !call.dout || !call.dx || !call.inverse || (parts && !call.partials))) return cudaErrorInvalidValue;
  constexpr int kPack = kPackOf<T>;
  const bool packed = packs_fit(kPack, {call.x, call.dout, call.add, call.dx, call.weight}, {call.width});
  cudaError_t error = cudaSuccess;
  if (parts) error = packed ? start_parts<T, kPack>(ctx, call) : start_parts<T, 1>(ctx, call);  // first: dx may overwrite dout
  if (error != cudaSuccess || call.rows == 0) return error;
  if (!packed) return call.width <= 4096 ? start_rows<T, 1, 4>(ctx, call) : start_rows<T, 1, 16>(ctx, call);
  if (call.width / kPack <= 1024) return start_rows<T, kPack, 1>(ctx, call);
  return start_rows<T, kPack, sizeof(T) == 4 ? 4 : 2>(ctx, call);  // 16 numbers of x and of dout a thread: four packs of eight bf16 would spill
}
template cudaError_t norm_backward<bf16>(const Context&, const NormBackwardRows<bf16>&);
template cudaError_t norm_backward<float>(const Context&, const NormBackwardRows<float>&);

}  // namespace refine::cuda
