// The CUDA MinHash on a device against the plain definition on the CPU, bit for bit, and its speed. No part of `npm test`; built by
// infra/build/cuda.mjs --test, exit code = verdict, 77 where there is no device.
#include <cuda_runtime.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <vector>

#include "../minhash_plan.h"

extern "C" int refine_cuda_minhash(const uint64_t* shingles, const int64_t* offsets, size_t rows, const uint64_t* a, const uint64_t* b, uint32_t hashes, uint64_t* out);

int main() {
  using namespace refine::cuda;
  int devices = 0;
  if (const auto error = cudaGetDeviceCount(&devices); error != cudaSuccess || devices == 0) {
    std::printf("no device: %s\n", cudaGetErrorString(error));
    return 77;
  }
  std::mt19937_64 random(11);
  int wrong = 0;
  for (const uint32_t hashes : {1u, 112u, 512u, 513u, 9000u}) {
    std::vector<uint64_t> a(hashes), b(hashes), shingles;
    for (auto& value : a) value = 1 + random() % (kPrime - 1);
    for (auto& value : b) value = random() % kPrime;
    std::vector<int64_t> offsets{0};
    for (size_t n : {0, 1, 2, 511, 512, 513, 1500, 0, 5000}) {
      for (size_t i = 0; i < n; ++i) shingles.push_back(i == 0 ? UINT64_MAX : random());
      offsets.push_back(int64_t(shingles.size()));
    }
    const size_t rows = offsets.size() - 1;
    std::vector<uint64_t> out(rows * hashes);
    if (const int error = refine_cuda_minhash(shingles.data(), offsets.data(), rows, a.data(), b.data(), hashes, out.data())) {
      std::printf("error %d\n", error);
      return 1;
    }
    for (size_t row = 0; row < rows; ++row)
      for (uint32_t k = 0; k < hashes; ++k) {
        uint64_t lowest = UINT64_MAX;
        for (int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
          const auto x = static_cast<unsigned __int128>(shingles[size_t(i)] % kPrime);
          const auto value = uint64_t((x * a[k] + b[k]) % kPrime);
          lowest = value < lowest ? value : lowest;
        }
        wrong += lowest != out[row * hashes + k];
      }
  }
  std::printf("%d minima differ from the definition\n", wrong);
  for (const uint32_t hashes : {112u, 9000u}) {
    const size_t rows = hashes == 112 ? 20000 : 2000, each = 800;
    std::vector<uint64_t> a(hashes, 3), b(hashes, 5), shingles(rows * each), out(rows * hashes);
    for (auto& value : shingles) value = random();
    std::vector<int64_t> offsets(rows + 1);
    for (size_t row = 0; row <= rows; ++row) offsets[row] = int64_t(row * each);
    double best = 1e9;
    for (int repeat = 0; repeat < 4; ++repeat) {
      const auto start = std::chrono::steady_clock::now();
      if (refine_cuda_minhash(shingles.data(), offsets.data(), rows, a.data(), b.data(), hashes, out.data())) return 1;
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    std::printf("%u hashes: %.0f documents/s of 800 shingles, %.3g hashes/s, copies included\n", hashes, double(rows) / best, double(rows) * each * hashes / best);
  }
  return wrong != 0;
}
