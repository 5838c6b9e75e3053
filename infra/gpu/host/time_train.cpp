// Timing of whole proxy training steps: batch in, forward, backward, clipping and AdamW, with the host's share, since a step waits for its loss.
// Random weights of the width asked for; documents of one length; a warm-up step, then as the suite times every row.
#include <cmath>

#include "../../../kernels/cuda/train.h"
#include "workload.h"

namespace refine::cuda::timings {
namespace {

struct Parameters {
  std::vector<std::string> roles;
  std::vector<refine_cuda_parameter> list;
  std::vector<float> values;
};

// As kernels/model/train_layout.cpp names and orders those of a Falcon block with a tied head.
Parameters parameters_of(Suite& suite, const ModelConfig& c) {
  Parameters out;
  std::vector<std::pair<std::string, std::pair<int64_t, int64_t>>> wanted{{"embed", {c.vocab, c.channels}}};
  for (int32_t l = 0; l < c.layers; ++l) {
    const std::string name = "layers." + std::to_string(l) + ".";
    const int64_t keys = int64_t(c.kv_heads) * c.head_dim;
    wanted.insert(wanted.end(), {{name + "norm1.weight", {1, c.channels}}, {name + "norm1.bias", {1, c.channels}}, {name + "q.weight", {int64_t(c.heads) * c.head_dim, c.channels}},
                                 {name + "k.weight", {keys, c.channels}}, {name + "v.weight", {keys, c.channels}}, {name + "o.weight", {c.channels, int64_t(c.heads) * c.head_dim}},
                                 {name + "up.weight", {c.hidden, c.channels}}, {name + "down.weight", {c.channels, c.hidden}}});
  }
  wanted.insert(wanted.end(), {{"final_norm.weight", {1, c.channels}}, {"final_norm.bias", {1, c.channels}}});
  for (const auto& [role, shape] : wanted) out.roles.push_back(role);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto [rows, columns] = wanted[i].second;
    out.list.push_back({out.roles[i].c_str(), rows, columns, int64_t(out.values.size()), rows > 1});
    const auto drawn = suite.random.normal(size_t(std::min<int64_t>(rows * columns, int64_t(1) << 20)), 0.02f);
    for (int64_t at = 0; at < rows * columns; ++at) out.values.push_back(rows == 1 ? 1.0f : drawn[size_t(at) % drawn.size()]);
  }
  return out;
}

void time_step(Suite& suite, const Line& line) {
  ModelConfig c;
  c.vocab = int32_t(line["vocab"]), c.channels = int32_t(line["channels"]), c.layers = int32_t(line["layers"]), c.heads = int32_t(line["heads"]), c.kv_heads = 1;
  c.head_dim = c.channels / c.heads, c.hidden = 4 * c.channels, c.context = int32_t(line["length"]);
  c.layout = BlockLayout::kParallel;
  c.two_norms = false;
  c.position = Position::kRotary;
  c.rotary_dim = c.head_dim;
  for (int32_t i = 0; i < c.head_dim / 2; ++i) c.rotary_frequency.push_back(float(std::pow(10000.0, -2.0 * i / c.head_dim)));
  c.attention_scale = 1 / std::sqrt(float(c.head_dim));
  const Parameters parameters = parameters_of(suite, c);
  const int64_t documents = line["documents"], rows = documents * line["length"];
  const refine_cuda_train_options options{sizeof options, REFINE_CUDA_BF16, 1, 0, 1e-4f, 0.1f, 0.1f, 0.9f, 0.95f, 1e-8f, 1, 10, 1000, rows, 0};
  std::unique_ptr<DeviceTrainer> trainer;
  const Outcome made = DeviceTrainer::make(c, options, parameters.list.data(), parameters.list.size(), parameters.values.data(), &trainer);
  if (!made.ok()) throw testing::SuiteFailure(made.message);
  std::vector<uint32_t> ids;
  std::vector<int32_t> offsets{0};
  for (int64_t d = 0; d < documents; ++d) {
    for (int64_t i = 0; i <= line["length"]; ++i) ids.push_back(uint32_t(suite.random.words(1)[0] % uint64_t(c.vocab)));
    offsets.push_back(int32_t(ids.size()));
  }
  suite.time(line.id, double(line["bytes"]), double(line["operations"]), [&](int) {
    TrainStepResult result;
    const Outcome outcome = trainer->step(ids.data(), offsets.data(), size_t(documents), &result);
    return outcome.ok() && result.updated ? cudaSuccess : outcome.cuda != 0 ? cudaError_t(outcome.cuda) : cudaErrorUnknown;
  });
}

}  // namespace
}  // namespace refine::cuda::timings

int main(int argc, char** argv) { return refine::cuda::timings::run_workloads(argc, argv, {{"train-step", refine::cuda::timings::time_step}}); }
