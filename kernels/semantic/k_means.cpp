// Spherical k-means; see semantic.h.
#include <algorithm>
#include <cmath>

#include "../fasttext/lanes.h"
#include "../repeats/mersenne61.h"
#include "refine/semantic.h"

namespace refine {
namespace {

double uniform(uint64_t seed, uint64_t n) { return double(mix64(seed + n * 0x9E3779B97F4A7C15ull) >> 11) * 0x1p-53; }

// 1 - cosine, which is half the squared distance of unit vectors; rounding may leave a hair below 0.
double distance(float cosine) { return std::max(0.0, 1.0 - double(cosine)); }

}  // namespace

uint32_t spherical_k_means(const std::vector<float>& points, size_t dim, uint32_t clusters, uint32_t iterations, uint64_t seed, std::vector<float>& centres) {
  const auto& lanes = fasttext::best_lanes();
  const size_t count = dim == 0 ? 0 : points.size() / dim;
  centres.clear();
  if (count == 0 || clusters == 0) return 0;
  const auto point = [&](size_t i) { return points.data() + i * dim; };
  const auto take = [&](size_t i) { centres.insert(centres.end(), point(i), point(i) + dim); };

  // k-means++: each next centre is a point drawn by its distance to the nearest one so far.
  std::vector<double> nearest(count, 2.0);
  std::vector<float> cosines(count);
  take(size_t(uniform(seed, 0) * double(count)));
  for (uint32_t k = 1; k < clusters; ++k) {
    lanes.dots(points.data(), count, int32_t(dim), centres.data() + size_t(k - 1) * dim, cosines.data());
    double total = 0;
    for (size_t i = 0; i < count; ++i) {
      nearest[i] = std::min(nearest[i], distance(cosines[i]));
      total += nearest[i];
    }
    if (total < 1e-6 * double(count)) break;  // what is left are copies of centres
    const double wanted = uniform(seed, k) * total;
    double sum = 0;
    size_t chosen = count - 1;
    for (size_t i = 0; i < count; ++i) {
      sum += nearest[i];
      if (sum > wanted) {
        chosen = i;
        break;
      }
    }
    take(chosen);
  }

  const size_t k = centres.size() / dim;
  std::vector<uint32_t> cluster(count, UINT32_MAX);
  std::vector<double> sums(k * dim);
  std::vector<uint32_t> sizes(k);
  std::vector<float> to_centres(k);
  for (uint32_t done = 1; done <= iterations; ++done) {
    bool moved = false;
    std::fill(sums.begin(), sums.end(), 0.0);
    std::fill(sizes.begin(), sizes.end(), 0u);
    for (size_t i = 0; i < count; ++i) {
      lanes.dots(centres.data(), k, int32_t(dim), point(i), to_centres.data());
      const auto best = uint32_t(std::max_element(to_centres.begin(), to_centres.end()) - to_centres.begin());
      moved |= best != cluster[i];
      cluster[i] = best;
      ++sizes[best];
      for (size_t j = 0; j < dim; ++j) sums[best * dim + j] += double(point(i)[j]);
    }
    if (!moved) return done;
    for (size_t c = 0; c < k; ++c) {
      double square = 0;
      for (size_t j = 0; j < dim; ++j) square += sums[c * dim + j] * sums[c * dim + j];
      if (sizes[c] == 0 || square < 1e-24) continue;  // an empty cluster, or one whose points cancel, stays where it is
      const double length = std::sqrt(square);
      for (size_t j = 0; j < dim; ++j) centres[c * dim + j] = float(sums[c * dim + j] / length);
    }
  }
  return iterations;
}

}  // namespace refine
