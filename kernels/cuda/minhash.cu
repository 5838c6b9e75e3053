// MinHash signatures of the affine family: one block for a document and a slice of 512 hashes, four hashes a thread in registers.
// A tile of shingles is read once a block into shared memory and from there by every thread at once (broadcast). Traffic:
// 8 S ceil(K / 512) + 8 R K + 16 K R / L2 bytes; four 32-bit products a hash bound it, not memory.
// Oracle: kernels/hash/minhash_minima.cpp, bit for bit. Source: Broder 1997; hash family: Carter & Wegman 1979.
#include "minhash.h"

#include "device.h"
#include "minhash_plan.h"

namespace refine::cuda {
namespace {

__global__ void __launch_bounds__(kThreads) minhash_kernel(const uint64_t* __restrict__ shingles, const int64_t* __restrict__ offsets, const uint64_t* __restrict__ a,
                                                           const uint64_t* __restrict__ b, uint64_t* __restrict__ out, uint32_t hashes) {
  __shared__ uint64_t tile[kTile];
  const int64_t row = blockIdx.x;  // 64-bit: row * hashes passes int32 early
  uint64_t multiplier[kPerThread], summand[kPerThread], lowest[kPerThread];
#pragma unroll
  for (uint32_t slot = 0; slot < kPerThread; ++slot) {
    const uint32_t k = hash_of(blockIdx.y, threadIdx.x, slot);
    multiplier[slot] = k < hashes ? a[k] : 1;
    summand[slot] = k < hashes ? b[k] : 0;
    lowest[slot] = UINT64_MAX;
  }
  const int64_t end = offsets[row + 1];
  for (int64_t start = offsets[row]; start < end; start += kTile) {
    const uint32_t count = uint32_t(end - start < int64_t(kTile) ? end - start : int64_t(kTile));
    for (uint32_t i = threadIdx.x; i < count; i += kThreads) tile[i] = reduce(shingles[start + i]);
    __syncthreads();
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t x = tile[i];
#pragma unroll
      for (uint32_t slot = 0; slot < kPerThread; ++slot) {
        const uint64_t value = affine(multiplier[slot], x, summand[slot]);
        lowest[slot] = value < lowest[slot] ? value : lowest[slot];
      }
    }
    __syncthreads();  // before the tile is written again
  }
#pragma unroll
  for (uint32_t slot = 0; slot < kPerThread; ++slot) {
    const uint32_t k = hash_of(blockIdx.y, threadIdx.x, slot);
    if (k < hashes) out[row * hashes + k] = lowest[slot];
  }
}

}  // namespace

cudaError_t minhash(const Context& context, const uint64_t* shingles, const int64_t* offsets, const uint64_t* a, const uint64_t* b, uint64_t* out, int64_t rows, int64_t hashes) {
  if (rows < 0 || hashes < 0 || rows > INT32_MAX || hashes > int64_t(kPerBlock) * 65535) return cudaErrorInvalidValue;  // the grid's limits
  if (rows == 0 || hashes == 0) return cudaSuccess;
  return launch(minhash_kernel, dim3(uint32_t(rows), slices(uint32_t(hashes))), kThreads, 0, context.stream, shingles, offsets, a, b, out, uint32_t(hashes));
}

}  // namespace refine::cuda
