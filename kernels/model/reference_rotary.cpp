// Rotary positions (Su et al. 2021) in HuggingFace's form: number i turns with number i + rotary_dim / 2 by
// position * frequency[i]. The angle is rounded to float32 as HuggingFace's is: at position 1,000 that shows in the sixth digit.
#include "reference.h"
#include "refine/fixed_math.h"

namespace refine::reference {

void rotate(const ModelConfig& config, int64_t position, int32_t heads, float* x) {
  const int32_t half = config.rotary_dim / 2;
  for (int32_t i = 0; i < half; ++i) {
    const float angle = float(position) * config.rotary_frequency[size_t(i)];
    const SinCos turn = fixed_sin_cos(double(angle));
    const float cosine = float(turn.cos) * config.rotary_factor, sine = float(turn.sin) * config.rotary_factor;
    for (int32_t h = 0; h < heads; ++h) {
      float* head = x + int64_t(h) * config.head_dim;
      const float left = head[i], right = head[i + half];
      head[i] = left * cosine - right * sine;
      head[i + half] = right * cosine + left * sine;
    }
  }
}

}  // namespace refine::reference
