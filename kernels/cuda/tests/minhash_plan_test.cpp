// The CUDA kernel's index arithmetic and hashes, run on the CPU block by block and thread by thread as kernels/cuda/minhash.cu
// does, against the scalar reference, bit for bit. What only a device shows (races, the launch) is minhash_device.cu's.
#include "../minhash_plan.h"

#include <random>
#include <vector>

#include "../../testing/check.h"
#include "refine/band_hasher.h"

using namespace refine;

static void emulate(const std::vector<uint64_t>& shingles, const std::vector<int64_t>& offsets, const std::vector<uint64_t>& a, const std::vector<uint64_t>& b, uint32_t hashes,
                    std::vector<uint64_t>& out, std::vector<int>& writes) {
  uint64_t tile[cuda::kTile];
  for (size_t row = 0; row + 1 < offsets.size(); ++row)
    for (uint32_t slice = 0; slice < cuda::slices(hashes); ++slice) {
      std::vector<uint64_t> lowest(cuda::kPerBlock, UINT64_MAX);
      for (int64_t start = offsets[row]; start < offsets[row + 1]; start += cuda::kTile) {
        const auto count = uint32_t(std::min<int64_t>(offsets[row + 1] - start, cuda::kTile));
        for (uint32_t thread = 0; thread < cuda::kThreads; ++thread)
          for (uint32_t i = thread; i < count; i += cuda::kThreads) tile[i] = cuda::reduce(shingles[size_t(start) + i]);
        for (uint32_t thread = 0; thread < cuda::kThreads; ++thread)
          for (uint32_t slot = 0; slot < cuda::kPerThread; ++slot) {
            const uint32_t k = cuda::hash_of(slice, thread, slot);
            auto& low = lowest[slot * cuda::kThreads + thread];
            for (uint32_t i = 0; i < count; ++i) low = std::min(low, cuda::affine(k < hashes ? a[k] : 1, tile[i], k < hashes ? b[k] : 0));
          }
      }
      for (uint32_t thread = 0; thread < cuda::kThreads; ++thread)
        for (uint32_t slot = 0; slot < cuda::kPerThread; ++slot) {
          const uint32_t k = cuda::hash_of(slice, thread, slot);
          if (k >= hashes) continue;
          out[row * hashes + k] = lowest[slot * cuda::kThreads + thread];
          ++writes[row * hashes + k];
        }
    }
}

int main() {
  std::mt19937_64 random(4);
  for (const auto& [bands, rows] : {std::pair(14u, 8u), std::pair(1u, 1u), std::pair(64u, 8u), std::pair(27u, 19u), std::pair(60u, 20u)}) {
    const SketchParams params{bands, rows, SketchFamily::kAffine};
    const uint32_t hashes = params.hashes();
    std::vector<uint64_t> a, b, shingles;
    for (uint32_t k = 0; k < hashes; ++k) {
      a.push_back(affine_multiplier(k));
      b.push_back(affine_summand(k));
    }
    std::vector<int64_t> offsets{0};
    for (size_t n : {0, 1, 17, 511, 512, 513, 1100}) {
      for (size_t i = 0; i < n; ++i) shingles.push_back(i == 0 ? UINT64_MAX : i == 1 ? kMersenne61 : random());
      offsets.push_back(int64_t(shingles.size()));
    }
    std::vector<uint64_t> out((offsets.size() - 1) * hashes), want(hashes);
    std::vector<int> writes(out.size());
    emulate(shingles, offsets, a, b, hashes, out, writes);
    BandHasher reference(params, Isa::kScalar);
    for (size_t row = 0; row + 1 < offsets.size(); ++row) {
      want.assign(hashes, UINT64_MAX);
      reference.minima(shingles.data() + offsets[row], size_t(offsets[row + 1] - offsets[row]), 0, bands, want.data());
      CHECK(std::equal(want.begin(), want.end(), out.begin() + ptrdiff_t(row * hashes)));
    }
    for (const int count : writes) CHECK_EQ(count, 1);
  }
  return refine::testing::report();
}
