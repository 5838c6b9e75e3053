// The band keys' kernel in the emulator against the definition and against the CPU's keys (kernels/hash), bit for bit.
#include "band_keys_device.h"

#include "refine/band_hasher.h"

namespace refine::cuda::testing {

inline void check_band_keys_like_cpu(Suite& suite) {
  check_band_keys(suite);
  for (const auto& [rows, bands, hashes] : {std::tuple(5u, 14u, 8u), std::tuple(2u, 450u, 20u), std::tuple(3u, 9u, 13u)}) {
    const auto minima = suite.random.words(size_t(rows) * bands * hashes);
    std::vector<uint64_t> reference;
    for (uint32_t at = 0; at < rows * bands; ++at) {
      const Hash128 key = band_key(minima.data() + size_t(at) * hashes, hashes, at % bands);
      reference.push_back(key.high);
      reference.push_back(key.low);
    }
    const auto device_minima = suite.upload(minima);
    const auto out = suite.output<uint64_t>(reference.size());
    suite.launched("band keys", band_keys(suite.context(), device_minima, out, rows, bands, hashes, 0));
    suite.equal("as the CPU, " + std::to_string(bands) + " bands of " + std::to_string(hashes), suite.download(out), reference);
  }
}

}  // namespace refine::cuda::testing

SUITE_MAIN(band_keys_like_cpu)
