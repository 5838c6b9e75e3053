// MinHash signatures of the affine family: one block for a document and a slice of 512 hashes, four hashes a thread in registers.
//   shingles (S)    sorted distinct shingle hashes of all documents back to back, any uint64 (reduced mod 2^61-1 here)
//   offsets  (R+1)  document r owns shingles[offsets[r] .. offsets[r+1])
//   a, b     (K)    hash k is x -> (a[k] x + b[k]) mod 2^61-1, both below it
//   out      (R,K)  the minima; all ones where a document has no shingle
// A tile of shingles is read once a block into shared memory and from there by every thread at once (broadcast). Traffic:
// 8 S ceil(K / 512) + 8 R K + 16 K R / L2 bytes; four 32-bit products a hash bound it, not memory.
// Oracle: kernels/hash/minhash_minima.cpp, bit for bit. Source: Broder 1997; hash family: Carter & Wegman 1979.
#include <cuda_runtime.h>

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

template <class T>
struct DeviceArray {
  T* data = nullptr;
  ~DeviceArray() { cudaFree(data); }
  cudaError_t from(const T* host, size_t count) {
    if (const auto error = cudaMalloc(&data, (count ? count : 1) * sizeof(T)); error != cudaSuccess) return error;
    return host ? cudaMemcpy(data, host, count * sizeof(T), cudaMemcpyHostToDevice) : cudaSuccess;
  }
};

}  // namespace
}  // namespace refine::cuda

// Host arrays in, host array out. 0, or the runtime's error number: 35 no driver or one older than the toolkit, 100 no device.
extern "C" __attribute__((visibility("default"))) int refine_cuda_minhash(const uint64_t* shingles, const int64_t* offsets, size_t rows, const uint64_t* a, const uint64_t* b,
                                                                          uint32_t hashes, uint64_t* out) {
  using namespace refine::cuda;
  if (rows == 0 || hashes == 0) return 0;
  if (rows > size_t(INT32_MAX) || slices(hashes) > 65535) return int(cudaErrorInvalidValue);  // the grid's limits
  DeviceArray<uint64_t> device_shingles, device_a, device_b, device_out;
  DeviceArray<int64_t> device_offsets;
  cudaError_t error = device_shingles.from(shingles, size_t(offsets[rows]));
  if (error == cudaSuccess) error = device_offsets.from(offsets, rows + 1);
  if (error == cudaSuccess) error = device_a.from(a, hashes);
  if (error == cudaSuccess) error = device_b.from(b, hashes);
  if (error == cudaSuccess) error = device_out.from(nullptr, rows * hashes);
  if (error != cudaSuccess) return int(error);
  minhash_kernel<<<dim3(uint32_t(rows), slices(hashes)), kThreads>>>(device_shingles.data, device_offsets.data, device_a.data, device_b.data, device_out.data, hashes);
  error = cudaGetLastError();
  if (error == cudaSuccess) error = cudaMemcpy(out, device_out.data, rows * hashes * sizeof(uint64_t), cudaMemcpyDeviceToHost);
  return int(error);
}
