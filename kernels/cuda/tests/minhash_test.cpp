// The MinHash kernel in the emulator against the definition and against the CPU's minima (kernels/hash), bit for bit.
#include "minhash_device.h"

#include "refine/band_hasher.h"

namespace refine::cuda::testing {

inline void check_minhash_like_cpu(Suite& suite) {
  check_minhash(suite);
  for (const auto& [bands, rows] : {std::pair(14u, 8u), std::pair(1u, 1u), std::pair(64u, 8u), std::pair(27u, 19u), std::pair(60u, 20u)}) {
    const SketchParams params{bands, rows, SketchFamily::kAffine};
    const uint32_t hashes = params.hashes();
    std::vector<uint64_t> a, b, reference;
    for (uint32_t k = 0; k < hashes; ++k) {
      a.push_back(affine_multiplier(k));
      b.push_back(affine_summand(k));
    }
    std::vector<int64_t> offsets{0};
    for (const int64_t size : {0, 1, 17, 511, 512, 513, 1100}) offsets.push_back(offsets.back() + size);
    auto shingles = suite.random.words(size_t(offsets.back()));
    shingles[0] = UINT64_MAX, shingles[1] = kMersenne61;
    BandHasher cpu(params, Isa::kScalar);
    for (size_t row = 0; row + 1 < offsets.size(); ++row) {
      std::vector<uint64_t> minima(hashes, UINT64_MAX);
      cpu.minima(shingles.data() + offsets[row], size_t(offsets[row + 1] - offsets[row]), 0, bands, minima.data());
      reference.insert(reference.end(), minima.begin(), minima.end());
    }
    const auto device_shingles = suite.upload(shingles), device_a = suite.upload(a), device_b = suite.upload(b);
    const auto device_offsets = suite.upload(offsets);
    const auto out = suite.output<uint64_t>(reference.size());
    suite.launched("minhash", minhash(suite.context(), device_shingles, device_offsets, device_a, device_b, out, int64_t(offsets.size()) - 1, hashes));
    suite.equal(std::to_string(bands) + " bands of " + std::to_string(rows), suite.download(out), reference);
  }
}

}  // namespace refine::cuda::testing

SUITE_MAIN(minhash_like_cpu)
