// Timings of what only moves memory: a plain copy by a kernel of our own (the ceiling), norms, rotary, activations, AdamW. Each rotates
// through about a gigabyte of inputs, so that nothing comes from the cache. Bytes: each operand once.
#include "../../../kernels/cuda/activation.h"
#include "../../../kernels/cuda/adamw.h"
#include "../../../kernels/cuda/norms.h"
#include "../../../kernels/cuda/rotary.h"
#include "workload.h"

namespace refine::cuda::timings {
namespace {

std::vector<Buffer<bf16>> many(Suite& suite, int sets, int64_t count) {
  std::vector<Buffer<bf16>> buffers;
  for (int set = 0; set < sets; ++set) buffers.push_back(filled<bf16>(suite, count));
  return buffers;
}

using Norm = cudaError_t (*)(const Context&, const NormRows<bf16>&);

// add=1: sum = x + before is written too, as inside a decoder
template <Norm kNorm>
void time_norm(Suite& suite, const Line& line) {
  const int64_t rows = line["rows"], width = line["width"];
  const bool add = line.get("add", 0) != 0;
  const double bytes = 2.0 * double(rows * width) * (add ? 4 : 2);
  const int sets = sets_of(line, bytes);
  const auto x = many(suite, sets, rows * width), out = many(suite, sets, rows * width);
  const auto before = many(suite, add ? sets : 0, rows * width), sum = many(suite, add ? sets : 0, rows * width);
  const auto weight = filled<float>(suite, width), bias = filled<float>(suite, width);
  suite.time(line.id, bytes, 0, [&](int i) {
    const size_t set = size_t(i % sets);
    NormRows<bf16> call;
    call.x = x[set], call.out = out[set], call.rows = rows, call.width = width, call.weight = weight, call.bias = bias;
    if (add) call.before = before[set], call.sum = sum[set];
    return kNorm(suite.context(), call);
  });
}

void time_rotary(Suite& suite, const Line& line) {
  const int64_t rows = line["rows"], heads = line["heads"], dim = line["dim"], context = line["context"];
  const double bytes = 4.0 * double(rows * heads * dim);
  const int sets = sets_of(line, bytes);
  const auto qk = many(suite, sets, rows * heads * dim);
  std::vector<int32_t> positions;
  for (int64_t row = 0; row < rows; ++row) positions.push_back(int32_t(row % context));
  std::vector<float> frequency;
  for (int64_t i = 0; i < dim / 2; ++i) frequency.push_back(std::pow(10000.0f, -2.0f * float(i) / float(dim)));
  const auto device_positions = suite.upload(positions);
  const auto table = suite.upload(rotary_table(frequency, 1.0f, context));
  RotaryShape shape;
  shape.rows = rows, shape.stride = heads * dim, shape.heads = int32_t(heads), shape.head_dim = shape.rotary_dim = int32_t(dim), shape.table_rows = context;
  suite.time(line.id, bytes, 0, [&](int i) { return rotary(suite.context(), qk[size_t(i % sets)].data(), device_positions.data(), table.data(), shape); });
}

void time_activation(Suite& suite, const Line& line) {
  const int64_t count = line["count"];
  const int sets = sets_of(line, 4.0 * double(count));
  const auto x = many(suite, sets, count), out = many(suite, sets, count);
  suite.time(line.id, 4.0 * double(count), 0, [&](int i) { return activate_rows<bf16>(suite.context(), PointwiseKind::kGelu, x[size_t(i % sets)], out[size_t(i % sets)], count); });
}

void time_gate(Suite& suite, const Line& line) {
  const int64_t rows = line["rows"], width = line["width"];
  const int sets = sets_of(line, 6.0 * double(rows * width));
  const auto both = many(suite, sets, rows * width * 2), out = many(suite, sets, rows * width);
  suite.time(line.id, 6.0 * double(rows * width), 0, [&](int i) {
    const bf16* gate = both[size_t(i % sets)];
    return gate_rows<bf16>(suite.context(), PointwiseKind::kSilu, gate, gate + width, 2 * width, out[size_t(i % sets)], rows, width);
  });
}

void time_adamw(Suite& suite, const Line& line) {
  const int64_t count = line["count"];
  const double bytes = double(count) * (6 * 4 + 4 + 2);
  const int sets = sets_of(line, bytes);
  std::vector<Buffer<float>> weight, first, second, gradient;
  std::vector<Buffer<bf16>> copy;
  for (int set = 0; set < sets; ++set) {
    weight.push_back(filled<float>(suite, count)), first.push_back(filled<float>(suite, count)), gradient.push_back(filled<float>(suite, count));
    second.push_back(suite.output<float>(size_t(count)));
    must(cudaMemset(second.back().data(), 0, size_t(count) * 4), "cudaMemset");
    copy.push_back(suite.output<bf16>(size_t(count)));
  }
  AdamwStep step;
  step.rate = 1e-4f, step.decay = 0.1f;
  suite.time(line.id, bytes, 0, [&](int i) {
    const size_t set = size_t(i % sets);
    return adamw<float>(suite.context(), step, weight[set], first[set], second[set], gradient[set], nullptr, copy[set], count);
  });
}

}  // namespace
}  // namespace refine::cuda::timings

int main(int argc, char** argv) {
  using namespace refine::cuda;
  using namespace refine::cuda::timings;
  return run_workloads(argc, argv,
                       {{"layer_norm", time_norm<layer_norm<bf16>>}, {"rms_norm", time_norm<rms_norm<bf16>>}, {"rotary", time_rotary}, {"activation", time_activation}, {"gate", time_gate}, {"adamw", time_adamw}});
}
