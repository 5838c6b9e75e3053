// Sampling: greedy ties, cuts by rank and by mass, frequencies against the softmax.
#include "refine/sample.h"

#include <cmath>
#include <limits>
#include <set>

#include "../../testing/check.h"

using namespace refine;

namespace {

uint32_t draw(const std::vector<float>& scores, const SampleOptions& options, uint64_t step = 0) {
  uint32_t token = UINT32_MAX;
  CHECK(sample_token(scores.data(), scores.size(), options, step, &token).ok());
  return token;
}

void greedy_takes_the_first_of_the_highest() {
  CHECK_EQ(draw({1, 3, 2, 3}, {}), 1u);
  CHECK_EQ(draw({5}, {}), 0u);
}

std::vector<double> shares(const std::vector<float>& scores, const SampleOptions& options, int draws) {
  std::vector<double> share(scores.size());
  for (int i = 0; i < draws; ++i) share[draw(scores, options, uint64_t(i))] += 1.0 / draws;
  return share;
}

void draws_follow_the_softmax_at_its_temperature() {
  const std::vector<float> scores = {0.5f, -1, 2, 0, 1};
  for (const double temperature : {0.5, 1.0, 2.0}) {
    SampleOptions options;
    options.temperature = temperature;
    options.seed = 11;
    double total = 0;
    for (const float score : scores) total += std::exp(double(score) / temperature);
    const auto share = shares(scores, options, 40000);
    for (size_t i = 0; i < scores.size(); ++i) {
      const double p = std::exp(double(scores[i]) / temperature) / total;
      CHECK(std::fabs(share[i] - p) < 4 * std::sqrt(p * (1 - p) / 40000));
    }
  }
}

void cuts_leave_the_likeliest() {
  SampleOptions options;
  options.temperature = 1;
  options.top_k = 2;
  auto share = shares({1, 1, 1, 2}, options, 2000);
  CHECK(share[3] > 0.6 && share[0] > 0.2);  // of equals the lower ids stay
  CHECK_EQ(share[1] + share[2], 0.0);
  options.top_k = 0;
  options.top_p = 0.5;
  share = shares({0, float(std::log(3.0)), float(std::log(2.0))}, options, 2000);  // 1/6, 3/6, 2/6
  CHECK_EQ(share[0] + share[2], 0.0);
  options.top_p = 0.51;
  share = shares({0, float(std::log(3.0)), float(std::log(2.0))}, options, 2000);
  CHECK(share[1] > 0.55 && share[2] > 0.35);
  CHECK_EQ(share[0], 0.0);
  options.top_p = 0;
  CHECK_EQ(draw({1, 2, 0}, options), 1u);
}

void the_same_seed_and_step_give_the_same_token() {
  SampleOptions options;
  options.temperature = 1;
  std::set<double> seen;
  for (uint64_t seed = 0; seed < 40; ++seed)
    for (uint64_t step = 0; step < 40; ++step) {
      const double u = sample_uniform(seed, step);
      CHECK(u >= 0 && u < 1);
      CHECK_EQ(u, sample_uniform(seed, step));
      seen.insert(u);
    }
  CHECK_EQ(seen.size(), size_t(1600));
}

void damaged_scores_are_refused() {
  uint32_t token = 0;
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();
  for (const auto& scores : {std::vector<float>{0, nan}, std::vector<float>{nan, 0}, std::vector<float>{-infinite, -infinite}, std::vector<float>{0, infinite}, std::vector<float>{}})
    CHECK_EQ(sample_token(scores.data(), scores.size(), {}, 0, &token).code, std::string("ERR_REFINE_WEIGHTS"));
}

}  // namespace

int main() {
  greedy_takes_the_first_of_the_highest();
  draws_follow_the_softmax_at_its_temperature();
  cuts_leave_the_likeliest();
  the_same_seed_and_step_give_the_same_token();
  damaged_scores_are_refused();
  return refine::testing::report();
}
