// Disentangled attention: a score is q.k, q with the key's place and k with the query's, places being relative and in buckets
// that grow with the distance. Source: He et al. 2021 (DeBERTa), transformers' modeling_deberta_v2.py (DisentangledSelfAttention).
#include <algorithm>
#include <vector>

#include "reference.h"
#include "refine/fixed_math.h"

namespace refine::reference {

void attend_disentangled(const ModelConfig& config, int64_t t, const float* queries, const float* keys, const float* values, const float* place_queries, const float* place_keys, int64_t length,
                         float* out) {
  const int64_t dim = config.head_dim, heads = config.heads, span = config.relative_span;
  std::vector<double> weights(static_cast<size_t>(length)), sum(static_cast<size_t>(dim));
  for (int64_t h = 0; h < heads; ++h) {
    const float* const query = queries + h * dim;
    double highest = 0;
    for (int64_t s = 0; s < length; ++s) {
      const int64_t bucket = config.relative_bucket[size_t(t > s ? t - s : s - t)];
      const int64_t place = std::clamp(t > s ? span + bucket : span - bucket, int64_t(0), 2 * span - 1);
      const float* const key = keys + (s * heads + h) * dim;
      double score = dot(query, key, dim);
      if (config.content_to_position) score += dot(query, place_keys + (place * heads + h) * dim, dim);
      if (config.position_to_content) score += dot(key, place_queries + (place * heads + h) * dim, dim);
      score *= double(config.attention_scale);
      weights[size_t(s)] = score;
      highest = s == 0 ? score : std::max(highest, score);
    }
    double total = 0;
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int64_t s = 0; s < length; ++s) {
      const double weight = fixed_exp(weights[size_t(s)] - highest);
      const float* const value = values + (s * heads + h) * dim;
      total += weight;
      for (int64_t d = 0; d < dim; ++d) sum[size_t(d)] += weight * double(value[d]);
    }
    for (int64_t d = 0; d < dim; ++d) out[h * dim + d] = float(sum[size_t(d)] / total);
  }
}

}  // namespace refine::reference
