// Band keys against MurmurHash3 written as its paper's code is, byte by byte: even and odd numbers of hashes (the odd ones end in a tail of
// 8 bytes), bands that do not start at 0, keys around a block's 256.
#pragma once
#include "../band_keys.h"
#include "suite.h"

namespace refine::cuda::testing {

inline std::pair<uint64_t, uint64_t> plain_murmur(const std::vector<uint8_t>& bytes, uint32_t seed) {
  const auto left = [](uint64_t x, int bits) { return x << bits | x >> (64 - bits); };
  const uint64_t c1 = 0x87c37b91114253d5ull, c2 = 0x4cf5ad432745937full;
  uint64_t h[2] = {seed, seed}, k[2] = {0, 0};
  const auto mix = [&](int half) { return half == 0 ? left(k[0] * c1, 31) * c2 : left(k[1] * c2, 33) * c1; };
  const size_t whole = bytes.size() / 16 * 16;
  for (size_t block = 0; block < whole; block += 16) {
    k[0] = k[1] = 0;
    for (size_t i = 0; i < 16; ++i) k[i / 8] |= uint64_t(bytes[block + i]) << 8 * (i % 8);
    h[0] ^= mix(0);
    h[0] = (left(h[0], 27) + h[1]) * 5 + 0x52dce729;
    h[1] ^= mix(1);
    h[1] = (left(h[1], 31) + h[0]) * 5 + 0x38495ab5;
  }
  k[0] = k[1] = 0;
  for (size_t i = whole; i < bytes.size(); ++i) k[(i - whole) / 8] |= uint64_t(bytes[i]) << 8 * ((i - whole) % 8);
  h[1] ^= mix(1);
  h[0] ^= mix(0);
  for (uint64_t& x : h) x ^= bytes.size();
  h[0] += h[1];
  h[1] += h[0];
  for (uint64_t& x : h) {
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
    x ^= x >> 33;
  }
  h[0] += h[1];
  h[1] += h[0];
  return {h[0], h[1]};
}

inline void check_band_keys(Suite& suite) {
  struct Case {
    int64_t rows, bands, hashes, first;
  };
  for (const auto& [rows, bands, hashes, first] : {Case{1, 1, 1, 0}, Case{17, 14, 8, 0}, Case{17, 15, 8, 3}, Case{256, 1, 2, 449}, Case{19, 27, 19, 0}, Case{3, 450, 20, 0}}) {
    const auto minima = suite.random.words(size_t(rows * bands * hashes));
    std::vector<uint64_t> reference;
    for (int64_t at = 0; at < rows * bands; ++at) {
      std::vector<uint8_t> bytes;
      for (int64_t i = 0; i < 8 * hashes; ++i) bytes.push_back(uint8_t(minima[size_t(at * hashes + i / 8)] >> 8 * (i % 8)));
      const auto [high, low] = plain_murmur(bytes, uint32_t(first + at % bands));
      reference.push_back(high);
      reference.push_back(low);
    }
    const auto device_minima = suite.upload(minima);
    const auto out = suite.output<uint64_t>(reference.size());
    suite.launched("band keys", band_keys(suite.context(), device_minima, out, rows, bands, hashes, first));
    suite.equal(std::to_string(rows) + " documents of " + std::to_string(bands) + " bands of " + std::to_string(hashes) + " from " + std::to_string(first), suite.download(out), reference);
    suite.launched("no document", band_keys(suite.context(), device_minima, out, 0, bands, hashes, first));
    suite.refused("no hash a band", band_keys(suite.context(), device_minima, out, rows, bands, 0, first));
    suite.refused("more keys than the grid holds", band_keys(suite.context(), device_minima, out, int64_t(1) << 40, bands, hashes, first));
  }
}

}  // namespace refine::cuda::testing
