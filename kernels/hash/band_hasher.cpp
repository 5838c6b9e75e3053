// Minima and keys of asked bands; see band_hasher.h. The inner loops are minhash_minima.cpp's.
#include "refine/band_hasher.h"

#include <algorithm>
#include <random>

#include "dart_minima.h"
#include "minhash_minima.h"

namespace refine {
namespace {

// numpy's RandomState(1).randint(low, high, dtype=uint64): MT19937 seeded by init_genrand, as std::mt19937 is, two draws a
// value, the first one high; masked rejection. datatrove draws all a's first, then all b's.
void draw_numpy(std::mt19937& twister, uint64_t low, uint64_t count, std::vector<uint64_t>& out) {
  const uint64_t range = kMersenne61 - 1 - low;  // high is exclusive: low .. 2^61-2
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t value;
    do {
      const uint64_t high = twister();
      value = (high << 32 | twister()) & kMersenne61;
    } while (value > range);
    out.push_back(low + value);
  }
}

}  // namespace

bool sketch_family_of(std::string_view name, SketchFamily& family) {
  constexpr std::string_view kNames[] = {"affine", "dart", "datatrove", "datatrove-32"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] != name) continue;
    family = SketchFamily(i);
    return true;
  }
  return false;
}

Hash128 band_key(const uint64_t* minima, uint32_t rows, uint32_t band) { return murmur3_128({reinterpret_cast<const char*>(minima), rows * sizeof(uint64_t)}, band); }

BandHasher::~BandHasher() = default;
uint32_t BandHasher::group_bands() const { return board_ ? board_->group_bands() : 1; }

BandHasher::BandHasher(const SketchParams& params, Isa isa) : params_(params), isa_(isa) {
  if (params.family == SketchFamily::kDart) {
    board_ = std::make_unique<DartBoard>(params.bands, params.rows);
    return;
  }
  if (params.family == SketchFamily::kAffine) {
    for (uint32_t k = 0; k < params.hashes(); ++k) {
      a_.push_back(affine_multiplier(k));
      b_.push_back(affine_summand(k));
    }
  } else {
    std::mt19937 twister(1);
    draw_numpy(twister, 1, params.hashes(), a_);
    draw_numpy(twister, 0, params.hashes(), b_);
  }
  a_.resize(params.hashes() + 16, 1);  // the loops take 16 hashes at a time, from any first one
  b_.resize(params.hashes() + 16, 0);
}

bool BandHasher::minima(const uint64_t* shingles, size_t n, uint32_t from, uint32_t to, uint64_t* out) {
  if (n == 0) return false;
  if (board_) {
    const uint32_t width = board_->group_bands();
    lowest_.resize(size_t(width) * params_.rows);
    for (uint32_t band = from; band < to;) {
      const uint32_t group = band / width, stop = std::min(to, (group + 1) * width);
      board_->minima(shingles, n, group, lowest_.data());
      out = std::copy(lowest_.begin() + ptrdiff_t(band - group * width) * params_.rows, lowest_.begin() + ptrdiff_t(stop - group * width) * params_.rows, out);
      band = stop;
    }
    return true;
  }
  const size_t first = size_t(from) * params_.rows, count = size_t(to - from) * params_.rows, padded = (count + 15) & ~size_t(15);
  lowest_.assign(padded, UINT64_MAX);
  if (params_.family == SketchFamily::kAffine) {
    reduced_.resize(n);
    for (size_t i = 0; i < n; ++i) reduced_[i] = reduce_m61(shingles[i]);
    minhash_minima(isa_, reduced_.data(), n, a_.data() + first, b_.data() + first, padded, lowest_.data());
  } else {
    wrapped_minima(isa_, shingles, n, a_.data() + first, b_.data() + first, padded, params_.family == SketchFamily::kDatatrove ? UINT64_MAX : UINT32_MAX, lowest_.data());
  }
  std::copy_n(lowest_.begin(), count, out);
  return true;
}

bool BandHasher::keys(const uint64_t* shingles, size_t n, uint32_t from, uint32_t to, Hash128* out) {
  band_.resize(size_t(to - from) * params_.rows);
  if (!minima(shingles, n, from, to, band_.data())) return false;
  for (uint32_t band = from; band < to; ++band) out[band - from] = band_key(band_.data() + size_t(band - from) * params_.rows, params_.rows, band);
  return true;
}

}  // namespace refine
