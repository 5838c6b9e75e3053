// Timing of the vocabulary projection fused with the loss, and the memory that it takes beside its operands.
#include "../../../kernels/cuda/vocab_loss.h"
#include "workload.h"

namespace refine::cuda::timings {
namespace {

void time_vocab_loss(Suite& suite, const Line& line) {
  const int64_t t = line["t"], c = line["c"], v = line["v"];
  const size_t workspace = vocab_loss_workspace(t, v);
  const Buffer<char> space(workspace, 0);
  Context context = suite.context();
  context.workspace = space.data(), context.workspace_bytes = workspace;
  const auto x = filled<bf16>(suite, t * c), head = filled<bf16>(suite, v * c, 0.02f);
  const auto targets = suite.upload(suite.random.integers<int32_t>(size_t(t), 0, v - 1));
  const auto losses = suite.output<float>(size_t(t));
  suite.time(line.id, 2.0 * double(t * c + v * c) + 8.0 * double(t), 2.0 * double(t) * double(c) * double(v),
             [&](int) { return vocab_loss(context, x.data(), head.data(), nullptr, targets, losses, nullptr, t, c, v); });
  suite.report_json("{\"kind\":\"memory\",\"name\":\"" + line.id + "\",\"workspace_bytes\":" + std::to_string(workspace) + ",\"logits_bytes\":" + std::to_string(t * v * 2) + "}");
}

}  // namespace
}  // namespace refine::cuda::timings

int main(int argc, char** argv) { return refine::cuda::timings::run_workloads(argc, argv, {{"vocab_loss", refine::cuda::timings::time_vocab_loss}}); }
