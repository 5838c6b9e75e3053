// The device's trainer by itself, for where no CPU trainer is built: its fp32 gradient against differences of its own loss along random
// directions, bf16 against fp32, losses that fall, the same bytes twice. tests/train_test.cpp has the CPU's gradients as the oracle.
#pragma once
#include <cmath>
#include <cstdlib>

#include "../train.h"
#include "suite.h"

namespace refine::cuda::testing {

// A Falcon block's parameters as kernels/model/train_layout.cpp names and orders them, random.
struct SmallTraining {
  ModelConfig config;
  std::vector<std::string> roles;
  std::vector<refine_cuda_parameter> parameters;
  std::vector<float> weights;

  explicit SmallTraining(Suite& suite) {
    ModelConfig& c = config;
    c.vocab = 61, c.channels = 64, c.layers = 2, c.heads = 2, c.kv_heads = 1, c.head_dim = 32, c.hidden = 128, c.context = 140;
    c.layout = BlockLayout::kParallel;
    c.two_norms = false;
    c.attention_scale = 1 / std::sqrt(32.0f);
    c.rotary_dim = 32;
    for (int i = 0; i < 16; ++i) c.rotary_frequency.push_back(float(std::pow(10000.0, -2.0 * i / 32)));
    struct Shape {
      std::string role;
      int64_t rows, columns;
    };
    std::vector<Shape> shapes{{"embed", 61, 64}};
    for (const char* layer : {"layers.0.", "layers.1."})
      for (const Shape& one : {Shape{"norm1.weight", 1, 64}, Shape{"norm1.bias", 1, 64}, Shape{"q.weight", 64, 64}, Shape{"k.weight", 32, 64}, Shape{"v.weight", 32, 64}, Shape{"o.weight", 64, 64},
                               Shape{"up.weight", 128, 64}, Shape{"down.weight", 64, 128}})
        shapes.push_back({layer + one.role, one.rows, one.columns});
    shapes.insert(shapes.end(), {{"final_norm.weight", 1, 64}, {"final_norm.bias", 1, 64}});
    for (const Shape& shape : shapes) roles.push_back(shape.role);
    for (size_t i = 0; i < shapes.size(); ++i) {
      const auto& [role, rows, columns] = shapes[i];
      parameters.push_back({roles[i].c_str(), rows, columns, int64_t(weights.size()), rows > 1});
      const bool scale = role.find("norm") != std::string::npos && role.find("weight") != std::string::npos;
      for (const float value : suite.random.normal(size_t(rows * columns), 0.1f)) weights.push_back(value + (scale ? 1.0f : 0.0f));
    }
  }
  SmallTraining(const SmallTraining&) = delete;  // parameters point into roles

  std::unique_ptr<DeviceTrainer> trainer(Suite& suite, int32_t dtype, const std::vector<float>& from) const {
    const refine_cuda_train_options options{sizeof options, dtype, 1, 0, 1e-2f, 0.1f, 0.1f, 0.9f, 0.95f, 1e-8f, 1, 1, 20, 256, 0};
    std::unique_ptr<DeviceTrainer> out;
    const Outcome outcome = DeviceTrainer::make(config, options, parameters.data(), parameters.size(), from.data(), &out);
    suite.that("made " + outcome.message, outcome.ok());
    return out;
  }
};

inline void check_train(Suite& suite) {
  if (suite.emulated()) setenv("REFINE_CUDA_PATH", suite.hopper() ? "hopper" : "ampere", 1);  // the trainer asks the device, not the suite
  const SmallTraining small(suite);
  std::vector<uint32_t> ids;
  std::vector<int32_t> offsets{0};
  for (const int length : suite.emulated() ? std::vector<int>{17, 1, 33, 2} : std::vector<int>{17, 1, 132, 40}) {  // emulated: train_test.cpp has longer ones
    for (const uint64_t word : suite.random.words(size_t(length))) ids.push_back(uint32_t(word % 61));
    offsets.push_back(int32_t(ids.size()));
  }
  const auto gradient = [&](int32_t dtype, const std::vector<float>& weights, std::vector<float>* out) {
    const auto trainer = small.trainer(suite, dtype, weights);
    TrainStepResult result;
    out->resize(weights.size());
    suite.that("a gradient", trainer && trainer->gradient(ids.data(), offsets.data(), offsets.size() - 1, &result, out->data()).ok());
    return result.loss;
  };
  const auto mean_loss = [&](const std::vector<float>& weights) {
    const auto trainer = small.trainer(suite, REFINE_CUDA_F32, weights);
    std::vector<float> losses(ids.size());
    suite.that("an evaluation", trainer && trainer->evaluate(ids.data(), offsets.data(), offsets.size() - 1, losses.data()).ok());
    double sum = 0;
    for (const float nats : losses) sum += std::isnan(nats) ? 0 : double(nats);  // NaN: a document's first id
    return sum / double(ids.size() - (offsets.size() - 1));
  };
  std::vector<float> exact, narrow;
  const double loss = gradient(REFINE_CUDA_F32, small.weights, &exact), rounded = gradient(REFINE_CUDA_BF16, small.weights, &narrow);
  suite.close("loss of an evaluation", std::vector<float>{float(mean_loss(small.weights))}, std::vector<double>{loss}, kFp32);
  suite.close("loss in bf16", std::vector<float>{float(rounded)}, std::vector<double>{loss}, {5e-3, 8});
  suite.close("gradient in bf16", narrow, std::vector<double>(exact.begin(), exact.end()), {3e-2, 256});
  for (int direction = 0; direction < 2; ++direction) {
    // Along the gradient itself, roughened: a slope well above what fp32 losses resolve.
    auto along = suite.random.normal(exact.size());
    double slope = 0, length = 0;
    for (const float value : exact) length += double(value) * double(value);
    for (size_t i = 0; i < along.size(); ++i) along[i] = exact[i] * (1 + 0.5f * along[i]) / float(std::sqrt(length)), slope += double(exact[i]) * double(along[i]);
    double ends[2];
    for (const int side : {0, 1}) {
      auto moved = small.weights;
      for (size_t i = 0; i < moved.size(); ++i) moved[i] += (side ? 1e-2f : -1e-2f) * along[i];
      ends[side] = mean_loss(moved);
    }
    suite.close("slope along a direction", std::vector<float>{float(slope)}, std::vector<double>{(ends[1] - ends[0]) / 2e-2}, {1e-2, 8});
  }
  const auto one = small.trainer(suite, REFINE_CUDA_BF16, small.weights), two = small.trainer(suite, REFINE_CUDA_BF16, small.weights);
  double first = 0, last = 0;
  for (int step = 0; one && two && step < (suite.emulated() ? 2 : 20); ++step) {
    TrainStepResult a, b;
    suite.that("a step", one->step(ids.data(), offsets.data(), offsets.size() - 1, &a).ok() && two->step(ids.data(), offsets.data(), offsets.size() - 1, &b).ok() && a.updated && a.loss == b.loss);
    if (step == 0) first = a.loss;
    last = a.loss;
  }
  suite.that("the loss falls", last < first);
  std::vector<float> weights(small.weights.size()), again(weights.size());
  suite.that("weights come back", one && two && one->weights(weights.data()).ok() && two->weights(again.data()).ok());
  suite.equal("the same weights twice", weights, again);
}

}  // namespace refine::cuda::testing
