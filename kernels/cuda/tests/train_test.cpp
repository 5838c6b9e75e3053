// The device's trainer in the emulator against the CPU's (kernels/model/train.cpp): every parameter's gradient, losses over steps, evaluation;
// the same bytes twice; parts of a batch; what it refuses. The oracle's own gradients are proved by differences in model_train_test.cpp.
#include "train_device.h"

#include "../../model/tests/trained_config.h"
#include "../simt/emulator.h"
#include "refine/model_train.h"

namespace refine::cuda::testing {
namespace {

ModelConfig trained_shape(int32_t heads, int32_t groups) { return refine::testing::trained_config(77, heads, groups, 32, 136, 140); }

struct Case {
  const char* name;
  ModelConfig config;
  bool tied;
};
std::vector<Case> trained_cases() {
  std::vector<Case> cases{{"falcon", trained_shape(2, 1), true}, {"falcon, two norms and groups", trained_shape(4, 2), false}, {"llama", trained_shape(2, 2), true}};
  cases[0].config.layout = cases[1].config.layout = BlockLayout::kParallel;
  cases[1].config.two_norms = true;
  cases[1].config.position = Position::kNone;
  cases[1].config.rotary_frequency.clear(), cases[1].config.rotary_dim = 0;
  cases[2].config = refine::testing::llama_like(cases[2].config);
  return cases;
}

struct Texts {
  std::vector<uint32_t> ids;
  std::vector<int32_t> offsets{0};
  size_t documents() const { return offsets.size() - 1; }
  TrainBatch batch() const { return {ids.data(), offsets.data(), documents(), nullptr}; }
};
Texts texts(Suite& suite, const std::vector<int>& lengths) {
  Texts out;
  for (const int length : lengths) {
    for (const uint64_t word : suite.random.words(size_t(length))) out.ids.push_back(uint32_t(word % 77));
    out.offsets.push_back(int32_t(out.ids.size()));
  }
  return out;
}

// A CPU trainer whose norms and moments are no longer those of its first step.
std::unique_ptr<Trainer> oracle(Suite& suite, const Case& one) {
  TrainOptions options;
  options.tied_head = one.tied;
  options.rate = 1e-2f;
  options.warmup = 2;
  options.total = 9;
  options.slices = 1;
  options.seed = 5;
  std::unique_ptr<Trainer> trainer;
  suite.that(std::string(one.name) + ": the CPU trains it", Trainer::create(one.config, options, &trainer).ok());
  for (const auto& p : trainer->parameters()) {
    if (p.matrix) continue;
    auto values = suite.random.normal(size_t(p.columns));
    for (float& value : values) value = 0.1f * value + (p.role.find("weight") != std::string::npos ? 1.0f : 0.0f);
    (void)trainer->put(p.role, values.data(), values.size());
  }
  return trainer;
}

std::unique_ptr<DeviceTrainer> on_device(Suite& suite, const std::string& label, const Case& one, const Trainer& cpu, int32_t dtype, int64_t batch_tokens = 256) {
  const TrainOptions& o = cpu.options();
  const refine_cuda_train_options options{sizeof options, dtype, o.tied_head, o.linear_bias, o.rate, o.final_share, o.decay, o.beta1, o.beta2, o.epsilon, o.clip, o.warmup, o.total, batch_tokens, 0};
  std::vector<refine_cuda_parameter> parameters;
  for (const auto& p : cpu.parameters()) parameters.push_back({p.role.c_str(), p.rows, p.columns, int64_t(p.offset), p.matrix});
  std::unique_ptr<DeviceTrainer> trainer;
  const Outcome outcome = DeviceTrainer::make(one.config, options, parameters.data(), parameters.size(), cpu.weights(), &trainer);
  suite.that(label + ": made " + outcome.message, outcome.ok());
  return trainer;
}

constexpr Limits kNear{1e-5, 256.0}, kNarrow{3e-2, 256.0};  // bf16: of a tensor's norm

void gradients(Suite& suite, const Case& one, Trainer& cpu, const Texts& batch, int32_t dtype, int64_t batch_tokens = 256) {
  const std::string label = std::string(one.name) + (dtype == REFINE_CUDA_F32 ? " fp32" : " bf16") + (batch_tokens < int64_t(batch.ids.size()) ? " in parts" : "");
  const auto device = on_device(suite, label, one, cpu, dtype, batch_tokens);
  if (!device) return;
  TrainStep wanted;
  std::vector<float> reference, found(cpu.weight_count());
  suite.that(label + ": the CPU's gradient", cpu.gradient(batch.batch(), &wanted, &reference).ok());
  TrainStepResult result;
  const Outcome outcome = device->gradient(batch.ids.data(), batch.offsets.data(), batch.documents(), &result, found.data());
  suite.that(label + ": gradient " + outcome.message, outcome.ok());
  const Limits limits = dtype == REFINE_CUDA_F32 ? kNear : kNarrow;
  suite.close(label + ": loss", std::vector<float>{float(result.loss)}, std::vector<double>{wanted.loss}, dtype == REFINE_CUDA_F32 ? kNear : Limits{5e-3, 8});
  suite.close(label + ": norm", std::vector<float>{float(result.gradient)}, std::vector<double>{wanted.gradient}, limits);
  suite.that(label + ": targets", result.targets == wanted.targets && !result.updated);
  for (const auto& p : cpu.parameters()) {
    const size_t count = size_t(p.rows) * size_t(p.columns);
    suite.close(label + ": " + p.role, std::vector<float>(found.begin() + ptrdiff_t(p.offset), found.begin() + ptrdiff_t(p.offset + count)),
                std::vector<double>(reference.begin() + ptrdiff_t(p.offset), reference.begin() + ptrdiff_t(p.offset + count)), limits);
  }
}

// Runs `work` with the emulator's threads in another order.
template <class Work>
auto reordered(Work work) {
  const uint64_t seed = simt::seed();
  simt::set_seed(seed + 7);
  const auto result = work();
  simt::set_seed(seed);
  return result;
}

// `twice`: beside a second trainer whose threads run in another order.
void steps(Suite& suite, const Case& one, const Texts& batch, int32_t dtype, bool twice) {
  const std::string label = std::string(one.name) + (dtype == REFINE_CUDA_F32 ? " fp32 steps" : " bf16 steps");
  const auto cpu = oracle(suite, one);
  const auto first = on_device(suite, label, one, *cpu, dtype), second = twice ? on_device(suite, label, one, *cpu, dtype) : nullptr;
  if (!first || (twice && !second)) return;
  double begun = 0, ended = 0;
  for (int step = 0; step < 3; ++step) {
    TrainStep wanted;
    TrainStepResult a, b;
    (void)cpu->step(batch.batch(), &wanted);
    suite.that(label + ": a step", first->step(batch.ids.data(), batch.offsets.data(), batch.documents(), &a).ok() && a.updated && a.rate == wanted.rate);
    if (twice) {
      suite.that(label + ": once more", reordered([&] { return second->step(batch.ids.data(), batch.offsets.data(), batch.documents(), &b); }).ok());
      suite.that(label + ": the same loss and norm twice", a.loss == b.loss && a.gradient == b.gradient);
    }
    suite.close(label + ": loss of step " + std::to_string(step), std::vector<float>{float(a.loss)}, std::vector<double>{wanted.loss}, dtype == REFINE_CUDA_F32 ? Limits{1e-4, 8} : Limits{1e-2, 8});
    if (step == 0) begun = a.loss;
    ended = a.loss;
  }
  suite.that(label + ": it learns", ended < begun);
  std::vector<float> weights(cpu->weight_count()), again(weights.size()), losses(batch.ids.size()), reference;
  suite.that(label + ": weights", first->weights(weights.data()).ok() && (!twice || second->weights(again.data()).ok()));
  if (twice) suite.equal(label + ": the same weights twice", weights, again);
  suite.that(label + ": evaluated", first->evaluate(batch.ids.data(), batch.offsets.data(), batch.documents(), losses.data()).ok() && cpu->evaluate(batch.batch(), &reference).ok());
  std::vector<float> some;
  std::vector<double> of;
  bool gaps = true;
  for (size_t i = 0; i < losses.size(); ++i) {
    gaps = gaps && std::isnan(losses[i]) == std::isnan(reference[i]);
    if (!std::isnan(reference[i])) some.push_back(losses[i]), of.push_back(double(reference[i]));
  }
  suite.that(label + ": a document's first id has no loss", gaps);
  suite.close(label + ": losses afterwards", some, of, dtype == REFINE_CUDA_F32 ? Limits{1e-3, 64} : Limits{3e-2, 64});
}

void refusals(Suite& suite, const Case& one) {
  const auto cpu = oracle(suite, one);
  const auto device = on_device(suite, "refusals", one, *cpu, REFINE_CUDA_F32);
  if (!device) return;
  TrainStepResult result;
  const uint32_t wild[] = {1, 77};
  const int32_t offsets[] = {0, 2};
  const Outcome outcome = device->step(wild, offsets, 1, &result);
  suite.that("an id outside the vocabulary: " + outcome.message, outcome.code == REFINE_CUDA_INPUT);
  const std::vector<uint32_t> ids(142, 3);
  const int32_t longer[] = {0, 142};
  suite.that("a document longer than the context", device->step(ids.data(), longer, 1, &result).code == REFINE_CUDA_INPUT);
  const int32_t none[] = {0, 1, 1};
  suite.that("no target is no step", device->step(ids.data(), none, 2, &result).ok() && !result.updated && result.targets == 0);

  const auto make = [&](ModelConfig config, int32_t bias, uint64_t limit) {
    const refine_cuda_train_options options{sizeof options, REFINE_CUDA_BF16, one.tied, bias, 1e-3f, 0.1f, 0.1f, 0.9f, 0.95f, 1e-8f, 1, 1, 2, 0, limit};
    std::vector<refine_cuda_parameter> parameters;
    for (const auto& p : cpu->parameters()) parameters.push_back({p.role.c_str(), p.rows, p.columns, int64_t(p.offset), p.matrix});
    std::unique_ptr<DeviceTrainer> trainer;
    return DeviceTrainer::make(config, options, parameters.data(), parameters.size(), cpu->weights(), &trainer);
  };
  suite.that("biases are refused", make(one.config, 1, 0).code == REFINE_CUDA_UNSUPPORTED);
  ModelConfig other = one.config;
  other.position = Position::kLearned;
  suite.that("learned positions are refused", make(other, 0, 0).code == REFINE_CUDA_UNSUPPORTED);
  other = one.config;
  other.hidden = 144;
  suite.that("another shape than the parameters have", make(other, 0, 0).code == REFINE_CUDA_INPUT);
  const Outcome small = make(one.config, 0, 1 << 16);
  suite.that("too little memory, with the plan: " + small.message, small.code == REFINE_CUDA_MEMORY && small.message.find("the activations of 16384 positions") != std::string::npos);

  auto weights = std::vector<float>(cpu->weights(), cpu->weights() + cpu->weight_count());
  weights[5] = std::numeric_limits<float>::infinity();
  (void)cpu->put("embed", weights.data(), size_t(one.config.vocab) * size_t(one.config.channels));
  const auto broken = on_device(suite, "an infinite weight", one, *cpu, REFINE_CUDA_F32);
  const std::vector<uint32_t> text{0, 1, 2, 0, 5};
  const int32_t whole[] = {0, 5};
  std::vector<float> after(weights.size());
  suite.that("a step that is not finite is skipped", broken->step(text.data(), whole, 1, &result).ok() && !result.updated && broken->weights(after.data()).ok() &&
                                                        std::memcmp(after.data(), cpu->weights(), after.size() * 4) == 0);
}

}  // namespace

inline void check_train_like_cpu(Suite& suite) {
  check_train(suite);
  const Texts tiles = texts(suite, {17, 1, 133, 2}), batch = texts(suite, {17, 1, 33, 2});  // 132 rows: two tiles of attention
  for (const Case& one : trained_cases()) {
    const auto cpu = oracle(suite, one);
    const bool first = one.name == std::string("falcon");
    // No fp32 kernel asks for the path: every case goes through them once, the first on both.
    if (first || !suite.hopper()) gradients(suite, one, *cpu, first ? tiles : batch, REFINE_CUDA_F32);
    if (first) gradients(suite, one, *cpu, tiles, REFINE_CUDA_F32, 140);
    gradients(suite, one, *cpu, first ? tiles : batch, REFINE_CUDA_BF16);
    steps(suite, one, batch, first || suite.hopper() ? REFINE_CUDA_BF16 : REFINE_CUDA_F32, !one.config.two_norms);
  }
  refusals(suite, trained_cases()[0]);
}

}  // namespace refine::cuda::testing

SUITE_MAIN(train_like_cpu)
