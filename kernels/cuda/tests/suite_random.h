// Random inputs of the CUDA tests: a counter-based generator (SplitMix64), so that a seed gives the same inputs on every machine, and
// bf16 rounding on the host. Invariant: value i of draw d depends on (seed, d, i) alone. Source: Steele et al. 2014 (SplitMix64).
#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

namespace refine::cuda::testing {

inline uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// The 16 bits of a bf16, rounded to nearest even; NaN stays NaN.
inline uint16_t bf16_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return uint16_t((bits >> 16) | 0x40u);
  return uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

inline float bf16_value(uint16_t bits) {
  const uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

inline float round_bf16(float value) { return bf16_value(bf16_bits(value)); }

class Random {
 public:
  explicit Random(uint64_t seed) : seed_(seed) {}

  std::vector<uint64_t> words(size_t count) {
    const uint64_t key = next_draw();
    std::vector<uint64_t> out(count);
    for (size_t i = 0; i < count; ++i) out[i] = mix(key + i);
    return out;
  }
  // The sum of four uniform 16-bit values, scaled to mean 0 and deviation `scale`: close to normal, tails cut at 3.46 deviations.
  std::vector<float> normal(size_t count, float scale = 1.0f) {
    const uint64_t key = next_draw();
    std::vector<float> out(count);
    for (size_t i = 0; i < count; ++i) {
      const uint64_t w = mix(key + i);
      const int sum = int(w & 0xffff) + int((w >> 16) & 0xffff) + int((w >> 32) & 0xffff) + int(w >> 48);
      out[i] = float(sum - 131070) * (scale / 37836.8f);  // deviation of the sum: 65536 / sqrt(3)
    }
    return out;
  }
  // As normal, each value one that bf16 holds exactly: oracle and kernel then see the same inputs.
  std::vector<float> normal_bf16(size_t count, float scale = 1.0f) {
    auto out = normal(count, scale);
    for (float& value : out) value = round_bf16(value);
    return out;
  }
  // Integers in [low, high].
  template <class T>
  std::vector<T> integers(size_t count, int64_t low, int64_t high) {
    const uint64_t key = next_draw(), span = uint64_t(high - low) + 1;
    std::vector<T> out(count);
    for (size_t i = 0; i < count; ++i) out[i] = T(low + int64_t(mix(key + i) % span));
    return out;
  }

 private:
  uint64_t next_draw() { return mix(seed_ ^ mix(++draws_)); }
  uint64_t seed_;
  uint64_t draws_ = 0;
};

}  // namespace refine::cuda::testing
