// The trainer's gradients against central differences of its own loss along random directions, its determinism, its resume.
#include <cmath>
#include <functional>

#include "../../testing/check.h"
#include "refine/model_train.h"
#include "trained_config.h"

using namespace refine;

namespace {
uint64_t mixed(uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

ModelConfig base(int32_t heads, int32_t groups) { return testing::trained_config(61, heads, groups, 8, 37, 40); }
ModelConfig falcon(bool two_norms, int32_t groups) {
  auto c = base(3, groups);
  c.layout = BlockLayout::kParallel;
  c.two_norms = two_norms;
  return c;
}
ModelConfig llama() { return testing::llama_like(base(4, 2)); }
ModelConfig bert() {
  auto c = base(2, 2);
  c.layout = BlockLayout::kPostNorm;
  c.position = Position::kLearned;
  c.rotary_dim = 0;
  c.rotary_frequency.clear();
  c.causal = false;
  c.segments = 2;
  c.embedding_norm = true;
  c.final_norm = false;
  c.activation = Activation::kGeluTanh;
  return c;
}

struct Documents {
  std::vector<uint32_t> ids;
  std::vector<int32_t> offsets{0}, labels;
  TrainBatch batch() const { return {ids.data(), offsets.data(), labels.size(), labels.data()}; }
};
Documents documents(const std::vector<int>& lengths, uint64_t seed) {
  Documents d;
  for (const int length : lengths) {
    for (int i = 0; i < length; ++i) d.ids.push_back(uint32_t(mixed(seed * 7919 + d.ids.size()) % 61));
    d.offsets.push_back(int32_t(d.ids.size()));
    d.labels.push_back(int32_t(mixed(seed + d.offsets.size()) % 3));
  }
  return d;
}

std::unique_ptr<Trainer> trainer_of(const ModelConfig& config, TrainOptions options) {
  std::unique_ptr<Trainer> trainer;
  const auto status = Trainer::create(config, options, &trainer);
  if (!status.ok()) std::cerr << status.message << "\n";
  CHECK(status.ok());
  return trainer;
}

double loss_of(Trainer& trainer, const TrainBatch& batch) {
  TrainStep step;
  std::vector<float> gradient;
  CHECK(trainer.gradient(batch, &step, &gradient).ok());
  return step.loss;
}

// For every parameter tensor: the loss's slope along a random direction within it is that direction's product with the gradient.
void slopes_match(const char* name, const ModelConfig& config, TrainOptions options) {
  options.seed = 5;
  auto trainer = trainer_of(config, options);
  if (!trainer) return;
  for (const auto& p : trainer->parameters()) {  // away from ones and zeros, so that a missing factor shows
    const size_t n = size_t(p.rows) * size_t(p.columns);
    std::vector<float> w(trainer->weights() + p.offset, trainer->weights() + p.offset + n);
    for (size_t i = 0; i < n; ++i) w[i] = w[i] * (p.matrix ? 3.0f : 1.0f) + 0.1f * (float(mixed(p.offset + i) >> 40) * 0x1p-24f - 0.5f);
    CHECK(trainer->put(p.role, w.data(), n).ok());
  }
  const auto docs = documents({33, 1, 17, 2, 40, 9}, 3);
  TrainStep step;
  std::vector<float> gradient;
  CHECK(trainer->gradient(docs.batch(), &step, &gradient).ok());
  for (const auto& p : trainer->parameters()) {
    const size_t n = size_t(p.rows) * size_t(p.columns);
    const std::vector<float> w(trainer->weights() + p.offset, trainer->weights() + p.offset + n);
    std::vector<float> moved(n);
    double norm = 0, along = 0;
    for (size_t i = 0; i < n; ++i) norm += double(gradient[p.offset + i]) * gradient[p.offset + i];
    // half the gradient, half noise: a steep direction that still sees each number
    std::vector<float> direction(n);
    double length = 0;
    for (size_t i = 0; i < n; ++i) {
      direction[i] = float(gradient[p.offset + i] / std::sqrt(norm + 1e-30) + (double(mixed(i * 31 + p.offset) >> 40) * 0x1p-24 - 0.5) / std::sqrt(double(n)));
      length += double(direction[i]) * direction[i];
    }
    const double step_size = 0.003;
    for (auto& x : direction) x = float(x / std::sqrt(length));
    double ends[2];
    for (int side = 0; side < 2; ++side) {
      for (size_t i = 0; i < n; ++i) moved[i] = w[i] + float(side ? step_size : -step_size) * direction[i];
      trainer->put(p.role, moved.data(), n);
      ends[side] = loss_of(*trainer, docs.batch());
    }
    for (size_t i = 0; i < n; ++i) along += double(gradient[p.offset + i]) * direction[i];
    trainer->put(p.role, w.data(), n);
    const double slope = (ends[1] - ends[0]) / (2 * step_size);
    const bool close = std::fabs(slope - along) <= 5e-4 + 0.01 * std::fabs(along);
    if (!close) std::fprintf(stderr, "%s %s: slope %.6g, gradient %.6g\n", name, p.role.c_str(), slope, along);
    CHECK(close);
  }
}

std::vector<float> trained(const ModelConfig& config, int32_t threads, int32_t slices, std::string* state) {
  TrainOptions options;
  options.threads = threads, options.slices = slices, options.rate = 1e-2f, options.warmup = 2, options.total = 12;
  auto trainer = trainer_of(config, options);
  for (int i = 0; i < 6; ++i) {
    const auto docs = documents({33, 17, 2, 40, 9, 41, 5}, uint64_t(i));
    TrainStep step;
    CHECK(trainer->step(docs.batch(), &step).ok());
    CHECK(step.updated);
    if (i == 2 && state) *state = trainer->state();
  }
  return {trainer->weights(), trainer->weights() + trainer->weight_count()};
}
}  // namespace

int main() {
  TrainOptions plain, biased, classify;
  biased.linear_bias = true;
  biased.tied_head = false;
  classify.goal = TrainGoal::kClassify;
  classify.labels = 3;
  classify.linear_bias = true;
  slopes_match("falcon", falcon(false, 1), plain);
  slopes_match("falcon, two norms and groups", falcon(true, 3), plain);
  slopes_match("llama", llama(), biased);
  slopes_match("bert", bert(), classify);
  classify.linear_bias = false;
  slopes_match("falcon with a head over the mean of its positions", falcon(false, 1), classify);
  auto relu = falcon(false, 1);
  relu.activation = Activation::kGeluTanh;
  relu.gated = true;
  slopes_match("gated gelu", relu, plain);

  // threads change no bit; a resumed run equals one that went through
  const auto once = trained(falcon(false, 1), 1, 4, nullptr);
  std::string state;
  CHECK(once == trained(falcon(false, 1), 3, 4, &state));
  TrainOptions options;
  options.slices = 4, options.rate = 1e-2f, options.warmup = 2, options.total = 12, options.seed = 99;
  auto again = trainer_of(falcon(false, 1), options);
  CHECK(again->restore(state).ok());
  for (int i = 3; i < 6; ++i) {
    const auto docs = documents({33, 17, 2, 40, 9, 41, 5}, uint64_t(i));
    TrainStep step;
    CHECK(again->step(docs.batch(), &step).ok());
  }
  CHECK(once == std::vector<float>(again->weights(), again->weights() + again->weight_count()));
  CHECK(!again->restore(state.substr(1)).ok());
  auto other = trainer_of(falcon(true, 3), options);
  CHECK(!other->restore(state).ok());

  // a document's losses do not depend on its neighbours
  const auto many = documents({33, 17, 2, 40}, 8);
  std::vector<float> all;
  CHECK(again->evaluate(many.batch(), &all).ok());
  const int32_t alone_offsets[2] = {0, 40};
  std::vector<float> alone;
  CHECK(again->evaluate({many.ids.data() + 52, alone_offsets, 1, nullptr}, &alone).ok());
  for (int i = 1; i < 40; ++i) CHECK_EQ(alone[size_t(i)], all[size_t(52 + i)]);
  CHECK(std::isnan(alone[0]));

  // one short batch is learnt by heart
  TrainOptions eager;
  eager.rate = 1e-2f, eager.warmup = 5, eager.total = 200, eager.decay = 0;
  auto learner = trainer_of(falcon(false, 1), eager);
  const auto few = documents({30, 30}, 1);
  TrainStep first, last;
  for (int i = 0; i < 200; ++i) CHECK(learner->step(few.batch(), i == 0 ? &first : &last).ok());
  CHECK(first.loss > 3.9 && last.loss < 0.1);

  // bad batches and shapes are named
  const auto wrong = [&](std::vector<uint32_t> ids) {
    const int32_t offsets[2] = {0, int32_t(ids.size())};
    TrainStep step;
    return learner->step({ids.data(), offsets, 1, nullptr}, &step).code;
  };
  CHECK_EQ(wrong({1, 61}), "ERR_REFINE_INPUT");
  CHECK_EQ(wrong(std::vector<uint32_t>(42, 1)), "ERR_REFINE_INPUT");
  CHECK_EQ(wrong(std::vector<uint32_t>(41, 1)), "");
  CHECK_EQ(wrong({}), "");
  std::unique_ptr<Trainer> none;
  auto alibi = falcon(false, 1);
  alibi.position = Position::kAlibi;
  alibi.alibi_slope = {1, 1, 1};
  CHECK_EQ(Trainer::create(alibi, plain, &none).code, "ERR_REFINE_WEIGHTS");
  return testing::report();
}
