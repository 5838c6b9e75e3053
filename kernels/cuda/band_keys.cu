// One thread a key: it reads its band's minima one after the other, two a round, as the hash needs them in order.
// A warp's 32 bands lie back to back, so what one thread leaves of a 32-byte sector the next round or its neighbour reads from L1.
#include "band_keys.h"

#include "device.h"

namespace refine::cuda {
namespace {

constexpr uint32_t kThreads = 256;

REFINE_DEVICE uint64_t turn(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }
REFINE_DEVICE uint64_t scramble1(uint64_t k) { return turn(k * 0x87c37b91114253d5ull, 31) * 0x4cf5ad432745937full; }
REFINE_DEVICE uint64_t scramble2(uint64_t k) { return turn(k * 0x4cf5ad432745937full, 33) * 0x87c37b91114253d5ull; }
REFINE_DEVICE uint64_t finish(uint64_t k) {
  k = (k ^ k >> 33) * 0xff51afd7ed558ccdull;
  k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53ull;
  return k ^ k >> 33;
}

__global__ void __launch_bounds__(kThreads) band_keys_kernel(const uint64_t* __restrict__ minima, uint64_t* __restrict__ out, int64_t keys, int64_t bands, int64_t hashes, int64_t first) {
  const int64_t at = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (at >= keys) return;
  const uint64_t seed = uint64_t(first + at % bands);
  const uint64_t* const words = minima + at * hashes;
  uint64_t h1 = seed, h2 = seed;
  for (int64_t i = 0; i + 2 <= hashes; i += 2) {
    h1 = (turn(h1 ^ scramble1(words[i]), 27) + h2) * 5 + 0x52dce729;
    h2 = (turn(h2 ^ scramble2(words[i + 1]), 31) + h1) * 5 + 0x38495ab5;
  }
  if (hashes % 2 != 0) h1 ^= scramble1(words[hashes - 1]);  // the tail of 8 bytes: its upper half scrambles to zero
  h1 ^= uint64_t(hashes) * 8;
  h2 ^= uint64_t(hashes) * 8;
  h1 += h2;
  h2 += h1;
  h1 = finish(h1);
  h2 = finish(h2);
  h1 += h2;
  out[2 * at] = h1;
  out[2 * at + 1] = h2 + h1;
}

}  // namespace

cudaError_t band_keys(const Context& context, const uint64_t* minima, uint64_t* out, int64_t rows, int64_t bands, int64_t hashes, int64_t first) {
  if (rows < 0 || bands < 0 || hashes < 1 || first < 0 || first + bands > int64_t(UINT32_MAX)) return cudaErrorInvalidValue;
  if (rows == 0 || bands == 0) return cudaSuccess;
  if (rows > (int64_t(INT32_MAX) * kThreads) / bands) return cudaErrorInvalidValue;  // the grid's limit
  const int64_t keys = rows * bands;
  return launch(band_keys_kernel, dim3(uint32_t((keys + kThreads - 1) / kThreads)), kThreads, 0, context.stream, minima, out, keys, bands, hashes, first);
}

}  // namespace refine::cuda
