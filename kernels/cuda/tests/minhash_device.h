// MinHash against the plain definition with 128-bit products, bit for bit: documents without shingles, of one, around a tile's edge,
// and the sizes of the suite; numbers of hashes around a block's. The example of what a check_NAME looks like.
#pragma once
#include "../minhash_plan.h"
#include "suite.h"

extern "C" int refine_cuda_minhash(const uint64_t* shingles, const int64_t* offsets, size_t rows, const uint64_t* a, const uint64_t* b, uint32_t hashes, uint64_t* out);

namespace refine::cuda::testing {

inline void check_minhash(Suite& suite) {
  for (const uint32_t hashes : {1u, 112u, 512u, 513u}) {
    auto a = suite.random.words(hashes), b = suite.random.words(hashes);
    for (auto& value : a) value = 1 + value % (kPrime - 1);
    for (auto& value : b) value %= kPrime;
    std::vector<int64_t> offsets{0};
    for (const int64_t size : {int64_t(0), int64_t(511), int64_t(512), int64_t(513), int64_t(0)}) offsets.push_back(offsets.back() + size);
    for (const int64_t size : suite.sizes()) offsets.push_back(offsets.back() + size);
    auto shingles = suite.random.words(size_t(offsets.back()));
    shingles[0] = UINT64_MAX;  // the largest input, and the prime itself: both reduce
    shingles[1] = kPrime;
    const size_t rows = offsets.size() - 1;
    std::vector<uint64_t> out(rows * hashes, 0x5a5a5a5a5a5a5a5a), reference(rows * hashes, UINT64_MAX);
    suite.parallel(int64_t(rows), [&](int64_t row) {
      for (uint32_t k = 0; k < hashes; ++k)
        for (int64_t i = offsets[size_t(row)]; i < offsets[size_t(row) + 1]; ++i) {
          const auto x = static_cast<unsigned __int128>(shingles[size_t(i)] % kPrime);
          auto& lowest = reference[size_t(row) * hashes + k];
          lowest = std::min(lowest, uint64_t((x * a[k] + b[k]) % kPrime));
        }
    });
    const int error = refine_cuda_minhash(shingles.data(), offsets.data(), rows, a.data(), b.data(), hashes, out.data());
    suite.that("refine_cuda_minhash answers " + std::to_string(error), error == 0);
    suite.equal(std::to_string(hashes) + " hashes of " + std::to_string(rows) + " documents", out, reference);
  }
}

}  // namespace refine::cuda::testing
