// The fast forward against the reference where its tiles, blocks and batches end: wider than each of them, at lengths one below,
// at and one past where rows are cut (multiples of 84: 168, 504, 1008; keys at 512) and read in pieces over those places.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "../../testing/check.h"
#include "random_model.h"
#include "refine/model_fast.h"

using namespace refine;
using refine::testing::random_ids;
using refine::testing::random_weights;
using refine::testing::wide_config;

namespace {

double worst(const float* found, const float* expected, size_t count) {
  double difference = 0, scale = 1e-3;
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(found[i])) return 1e9;
    difference = std::max(difference, std::fabs(double(found[i]) - double(expected[i])));
    scale = std::max(scale, std::fabs(double(expected[i])));
  }
  return difference / scale;
}

void long_texts_of_wide_models(uint64_t seed, int32_t length) {
  const ModelConfig c = wide_config(seed, length);
  const MemoryWeights weights = random_weights(c, seed);
  ReferenceModel reference;
  CHECK_EQ(ReferenceModel::bind(c, weights.lookup(), &reference).message, std::string());
  const std::vector<uint32_t> ids = random_ids(c, size_t(length), seed);
  const size_t channels = size_t(c.channels), vocab = size_t(c.vocab);
  std::vector<float> expected(size_t(length) * channels), found(expected.size()), scores(vocab), last(vocab);
  CHECK(reference.hidden(ids.data(), length, nullptr, nullptr, expected.data()).ok());
  reference.logits(expected.data() + (size_t(length) - 1) * channels, scores.data());
  for (const GemmIsa isa : gemm_isas()) {
    std::shared_ptr<FastModel> fast;
    CHECK_EQ(FastModel::bind(c, weights.lookup(), {GemmKind::kF32, isa}, &fast).message, std::string());
    const int32_t offsets[] = {0, length};
    CHECK(fast->hidden(ids.data(), nullptr, offsets, 1, found.data()).ok());
    const double apart = worst(found.data(), expected.data(), found.size());
    if (apart >= 2e-5) std::fprintf(stderr, "config %d of %d tokens, %s: %g\n", int(seed), length, gemm_isa_name(isa), apart);
    CHECK(apart < 2e-5);
    KeyValueCache cache;
    for (int64_t at = 0, piece = 1; at < length; at += piece, piece = piece * 3 + 1)
      CHECK(fast->append(&cache, ids.data() + at, std::min<int64_t>(piece, length - at), last.data()).ok());
    CHECK(worst(last.data(), scores.data(), vocab) < 2e-5);
    // Every loss, from the reference's own hidden rows: -log softmax in float64.
    std::vector<float> losses(static_cast<size_t>(length));
    CHECK(fast->token_losses(ids.data(), offsets, 1, -1, losses.data()).ok());
    for (int32_t t = 1; t < length; t += 29) {
      reference.logits(expected.data() + size_t(t - 1) * channels, last.data());
      double total = 0;
      const double highest = double(*std::max_element(last.begin(), last.end()));
      for (const float score : last) total += std::exp(double(score) - highest);
      const double loss = highest + std::log(total) - double(last[ids[size_t(t)]]);
      CHECK(std::fabs(double(losses[size_t(t)]) - loss) < 1e-4 * std::max(1.0, loss));
    }
  }
}

}  // namespace

int main() {
  const int32_t lengths[] = {1, 167, 168, 169, 503, 505, 513};
  for (uint64_t seed = 0; seed < 7; ++seed) long_texts_of_wide_models(seed * 31 + 3, lengths[seed]);
  long_texts_of_wide_models(1000, 1009);
  return refine::testing::report();
}
