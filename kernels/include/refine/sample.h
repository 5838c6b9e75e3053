// The next token from a model's scores: the likeliest, or one drawn. Invariant: a draw is a function of (seed, step, scores)
// alone, so that the same prompt, options and seed give the same text on every machine.
#pragma once
#include <cstdint>
#include <vector>

#include "refine/views.h"

namespace refine {

struct SampleOptions {
  double temperature = 0;  // scores are divided by it; 0 takes the likeliest, ties to the lowest id
  uint32_t top_k = 0;      // only the k likeliest may be drawn; 0: all
  double top_p = 1;        // of those, the fewest likeliest whose probabilities reach this sum
  uint64_t seed = 0;
};

// A uniform number in [0, 1) from a counter: no state, so step n can be drawn without those before it.
double sample_uniform(uint64_t seed, uint64_t step);

// ERR_REFINE_WEIGHTS where no score is a finite number or one is NaN (damaged weights).
Status sample_token(const float* scores, size_t vocab, const SampleOptions& options, uint64_t step, uint32_t* token);

}  // namespace refine
