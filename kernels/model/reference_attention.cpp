// Softmax attention of one position over the keys it may see (Vaswani et al. 2017), H / G queries to a key (Ainslie et al.
// 2023), with ALiBi (Press et al. 2021) where the config has it; see reference.h.
#include <algorithm>
#include <vector>

#include "reference.h"
#include "refine/fixed_math.h"

namespace refine::reference {

void attend(const ModelConfig& config, const float* queries, const float* keys, const float* values, int64_t length, float* out) {
  const int64_t dim = config.head_dim, groups = config.kv_heads, per_group = config.heads / config.kv_heads;
  std::vector<double> weights(static_cast<size_t>(length)), sum(static_cast<size_t>(dim));
  for (int64_t h = 0; h < config.heads; ++h) {
    const int64_t g = h / per_group;
    double highest = 0;
    for (int64_t s = 0; s < length; ++s) {
      double score = double(config.attention_scale) * dot(queries + h * dim, keys + (s * groups + g) * dim, dim);
      if (config.position == Position::kAlibi) score += double(alibi_bias(config, int32_t(h), s));
      weights[size_t(s)] = score;
      highest = s == 0 ? score : std::max(highest, score);
    }
    double total = 0;
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int64_t s = 0; s < length; ++s) {
      const double weight = fixed_exp(weights[size_t(s)] - highest);
      const float* value = values + (s * groups + g) * dim;
      total += weight;
      for (int64_t d = 0; d < dim; ++d) sum[size_t(d)] += weight * double(value[d]);
    }
    for (int64_t d = 0; d < dim; ++d) out[h * dim + d] = float(sum[size_t(d)] / total);
  }
}

}  // namespace refine::reference
