// Darts; see dart_minima.h. Traffic: the elements' seeds once a level, the board (8 KiB for 1,024 components) stays in L1.
#include "dart_minima.h"

#include <algorithm>
#include <array>

#include "refine/fixed_math.h"

namespace refine {
namespace {

constexpr uint32_t kGroupComponents = 1024;  // a board that L1 holds beside the tables
constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull;
constexpr int kFraction = 43;
constexpr size_t kDoubling = 6;  // levels 0..6 end at 1, 2, 4, ... 64; the last one's table serves all that follow

uint64_t mix(uint64_t z) {  // SplitMix64's output function (Steele, Lea, Flood 2014)
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

// floor(2^64 P(count <= i)) for a mean; a draw u gives the number of thresholds below it; its first byte says where to look.
struct Poisson {
  std::vector<uint64_t> thresholds;
  std::array<uint8_t, 256> first{};
  explicit Poisson(double mean) {
    constexpr double kTwo64 = 18446744073709551616.0;
    double term = fixed_exp(-mean), sum = term;
    for (int i = 1; sum < 1 && term > 0x1p-60; ++i) {  // e^-32, the least first term, is above the limit
      thresholds.push_back(uint64_t(sum * kTwo64));
      term = term * mean / i;
      sum = sum + term;
    }
    thresholds.push_back(UINT64_MAX);
    for (size_t byte = 0; byte < 256; ++byte)
      while (uint64_t(byte) << 56 > thresholds[first[byte]]) ++first[byte];
  }
};

struct Level {
  uint64_t start;  // fixed point
  int width_bits;  // log2 of its width
};
Level level_at(size_t level) {
  if (level == 0) return {0, 0};
  if (level <= kDoubling) return {uint64_t(1) << (kFraction + int(level) - 1), int(level) - 1};
  return {(uint64_t(64) + (level - kDoubling - 1) * 32) << kFraction, 5};
}
double end_of(size_t level) { return level <= kDoubling ? double(uint64_t(1) << level) : 64.0 + 32.0 * double(level - kDoubling); }

const Poisson& table_of(int width_bits) {
  static const std::array<Poisson, 6> tables{Poisson(1), Poisson(2), Poisson(4), Poisson(8), Poisson(16), Poisson(32)};
  return tables[size_t(width_bits)];
}

}  // namespace

DartBoard::DartBoard(uint32_t bands, uint32_t rows) : bands_(bands), rows_(rows) {
  const uint32_t groups = (bands * rows + kGroupComponents - 1) / kGroupComponents;
  group_bands_ = std::min(bands, (bands + groups - 1) / groups);
  const double components = double(group_bands_) * rows;
  darts_ = components * (fixed_log(components) + 2.0);
}

// Darts of a block of elements are lined up first, so that the loop over them has no end to guess for each element.
void DartBoard::throw_darts(size_t level, uint32_t components, uint64_t* lowest) const {
  constexpr size_t kBlock = 128, kAtOnce = 8;
  const auto [start, width_bits] = level_at(level);
  const auto& poisson = table_of(width_bits);
  const uint64_t* const thresholds = poisson.thresholds.data();
  const uint8_t* const first = poisson.first.data();
  const int shift = 64 - kFraction - width_bits;
  const size_t most = poisson.thresholds.size() + kAtOnce;  // words an element may write
  thread_local std::vector<uint64_t> line;
  line.resize(kBlock * most);
  for (size_t block = 0; block < seeds_.size(); block += kBlock) {
    const size_t stop = std::min(seeds_.size(), block + kBlock);
    uint64_t* end = line.data();
    for (size_t i = block; i < stop; ++i) {
      const uint64_t word = mix(seeds_[i] + (level + 1) * kGolden);
      uint32_t count = first[word >> 56];
      while (word > thresholds[count]) ++count;
      for (uint32_t dart = 0; dart < kAtOnce; ++dart) end[dart] = word + (dart + 1) * kGolden;
      for (uint32_t dart = kAtOnce; dart < count; ++dart) end[dart] = word + (dart + 1) * kGolden;
      end += count;
    }
    for (const uint64_t* dart = line.data(); dart < end; ++dart) {
      const auto hit = static_cast<unsigned __int128>(mix(*dart)) * components;
      auto& low = lowest[uint64_t(hit >> 64)];
      const uint64_t time = start + (uint64_t(hit) >> shift);
      low = time < low ? time : low;
    }
  }
}

void DartBoard::minima(const uint64_t* elements, size_t n, uint32_t group, uint64_t* lowest) {
  const uint32_t first = group * group_bands_, components = (std::min(bands_, first + group_bands_) - first) * rows_;
  const uint64_t key = mix((uint64_t(group) + 1) * kGolden);
  seeds_.resize(n);
  for (size_t i = 0; i < n; ++i) seeds_[i] = mix(elements[i] ^ key);
  std::fill_n(lowest, components, UINT64_MAX);
  double until = darts_ / double(n);
  for (size_t level = 0;;) {
    do throw_darts(level, components, lowest);
    while (end_of(level++) < until);
    if (std::find(lowest, lowest + components, UINT64_MAX) == lowest + components) return;
    until = end_of(level - 1) * 1.25;  // a quarter more, so that a board of any size is looked at a few times only
  }
}

}  // namespace refine
