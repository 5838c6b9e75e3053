// MinHash against the plain definition with 128-bit products, bit for bit: documents without shingles, of one, around a tile's edge,
// and the sizes of the suite; numbers of hashes around a block's. The example of what a check_NAME looks like.
#pragma once
#include "../minhash.h"
#include "../minhash_plan.h"
#include "suite.h"

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
    std::vector<uint64_t> reference(rows * hashes, UINT64_MAX);
    suite.parallel(int64_t(rows), [&](int64_t row) {
      for (uint32_t k = 0; k < hashes; ++k)
        for (int64_t i = offsets[size_t(row)]; i < offsets[size_t(row) + 1]; ++i) {
          const auto x = static_cast<unsigned __int128>(shingles[size_t(i)] % kPrime);
          auto& lowest = reference[size_t(row) * hashes + k];
          lowest = std::min(lowest, uint64_t((x * a[k] + b[k]) % kPrime));
        }
    });
    const auto device_shingles = suite.upload(shingles), device_a = suite.upload(a), device_b = suite.upload(b);
    const auto device_offsets = suite.upload(offsets);
    const auto out = suite.output<uint64_t>(rows * hashes);
    if (!suite.launched("minhash", minhash(suite.context(), device_shingles, device_offsets, device_a, device_b, out, int64_t(rows), hashes))) continue;
    suite.equal(std::to_string(hashes) + " hashes of " + std::to_string(rows) + " documents", suite.download(out), reference);
    suite.refused("more hashes than the grid holds", minhash(suite.context(), device_shingles, device_offsets, device_a, device_b, out, 1, int64_t(kPerBlock) * 65535 + 1));
    suite.launched("no document", minhash(suite.context(), device_shingles, device_offsets, device_a, device_b, out, 0, hashes));
  }
}

}  // namespace refine::cuda::testing
