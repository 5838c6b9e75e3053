// Greedy, temperature, top-k and top-p (Holtzman et al. 2020) sampling; see refine/sample.h.
#include "refine/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../repeats/mersenne61.h"
#include "refine/fixed_math.h"

namespace refine {

double sample_uniform(uint64_t seed, uint64_t step) { return double(mix64(mix64(seed + 0x9E3779B97F4A7C15ull) + step * 0x9E3779B97F4A7C15ull) >> 11) * 0x1p-53; }

Status sample_token(const float* scores, size_t vocab, const SampleOptions& options, uint64_t step, uint32_t* token) {
  size_t best = 0;
  for (size_t i = 0; i < vocab; ++i) {
    if (std::isnan(scores[i])) return Status::error("ERR_REFINE_WEIGHTS", "the model scores token " + std::to_string(i) + " as NaN: its weights are damaged");
    if (scores[i] > scores[best]) best = i;
  }
  if (vocab == 0 || !std::isfinite(scores[best])) return Status::error("ERR_REFINE_WEIGHTS", "the model gives no token a finite score: its weights are damaged");
  *token = uint32_t(best);
  if (options.temperature <= 0) return {};

  std::vector<uint32_t> order(vocab);
  std::iota(order.begin(), order.end(), 0u);
  const auto likelier = [scores](uint32_t a, uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; };
  const size_t kept = options.top_k > 0 && options.top_k < vocab ? options.top_k : vocab;
  if (kept < vocab) std::nth_element(order.begin(), order.begin() + long(kept), order.end(), likelier);
  order.resize(kept);
  std::sort(order.begin(), order.end(), likelier);

  std::vector<double> weights(kept);
  double total = 0;
  for (size_t i = 0; i < kept; ++i) total += weights[i] = fixed_exp((double(scores[order[i]]) - double(scores[best])) / options.temperature);
  size_t nucleus = 0;
  double mass = 0;
  while (nucleus < kept && (nucleus == 0 || mass < options.top_p * total)) mass += weights[nucleus++];

  const double wanted = sample_uniform(options.seed, step) * mass;
  double sum = 0;
  for (size_t i = 0; i < nucleus; ++i) {
    sum += weights[i];
    if (sum > wanted) {
      *token = order[i];
      return {};
    }
  }
  *token = order[nucleus - 1];  // rounding left the sum a hair below
  return {};
}

}  // namespace refine
