// Timings of the matrix products at a model's shapes: bf16 and int8 with the epilogues that the forward uses, and the two transposed
// products of training. Inputs rotate, so that small shapes are not read from the cache.
#include "../../../kernels/cuda/gemm.h"
#include "../../../kernels/cuda/quantise.h"
#include "workload.h"

namespace refine::cuda::timings {
namespace {

struct Extras {
  Buffer<bf16> residual, residual2;
  Buffer<float> bias;
  Epilogue<bf16> epilogue;
};

// gelu=1, gated=1 (SiLU), bias=1, residual=0|1|2
Extras extras_of(Suite& suite, const Line& line, int64_t m, int64_t n) {
  Extras extras;
  const int64_t columns = line.get("gated", 0) ? n / 2 : n;
  if (line.get("gelu", 0)) extras.epilogue.activation = GemmActivation::kGelu;
  if (line.get("gated", 0)) extras.epilogue.gated = true, extras.epilogue.activation = GemmActivation::kSilu;
  if (line.get("bias", 0)) extras.bias = filled<float>(suite, n), extras.epilogue.bias = extras.bias.data();
  if (line.get("residual", 0) > 0) extras.residual = filled<bf16>(suite, m * columns), extras.epilogue.residual = extras.residual.data();
  if (line.get("residual", 0) > 1) extras.residual2 = filled<bf16>(suite, m * columns), extras.epilogue.residual2 = extras.residual2.data();
  return extras;
}

using Bf16Product = cudaError_t (*)(const Context&, const bf16*, const bf16*, bf16*, int64_t, int64_t, int64_t, const Epilogue<bf16>&);

template <Bf16Product kProduct>
void time_bf16(Suite& suite, const Line& line) {
  const int64_t m = line["m"], n = line["n"], k = line["k"];
  const int sets = sets_of(line, 2.0 * double(m * k + n * k + m * n));
  std::vector<Buffer<bf16>> a, w, out;
  for (int set = 0; set < sets; ++set) {
    a.push_back(filled<bf16>(suite, m * k));
    w.push_back(filled<bf16>(suite, n * k, 1.0f / std::sqrt(float(k))));
    out.push_back(suite.output<bf16>(size_t(m * n)));
  }
  const Extras extras = extras_of(suite, line, m, n);
  suite.time(line.id, 2.0 * double(m * k + n * k + m * n), 2.0 * double(m) * double(n) * double(k),
             [&](int i) { return kProduct(suite.context(), a[size_t(i % sets)], w[size_t(i % sets)], out[size_t(i % sets)], m, n, k, extras.epilogue); });
}

void time_s8(Suite& suite, const Line& line) {
  const int64_t m = line["m"], n = line["n"], k = line["k"];
  const int sets = sets_of(line, double(m * k + n * k) + 2.0 * double(m * n));
  std::vector<Buffer<int8_t>> a, w;
  std::vector<Buffer<bf16>> out;
  for (int set = 0; set < sets; ++set) {
    a.push_back(filled<int8_t>(suite, m * k));
    w.push_back(filled<int8_t>(suite, n * k));
    out.push_back(suite.output<bf16>(size_t(m * n)));
  }
  const auto a_scale = filled<float>(suite, m), w_scale = filled<float>(suite, n);
  const Extras extras = extras_of(suite, line, m, n);
  suite.time(line.id, double(m * k + n * k) + 2.0 * double(m * n), 2.0 * double(m) * double(n) * double(k), [&](int i) {
    const size_t set = size_t(i % sets);
    return gemm_s8(suite.context(), a[set], a_scale, w[set], w_scale, out[set], m, n, k, extras.epilogue);
  });
}

void time_quantise(Suite& suite, const Line& line) {
  const int64_t m = line["m"], k = line["k"];
  const double bytes = 3.0 * double(m * k) + 4.0 * double(m);
  const int sets = sets_of(line, bytes);
  std::vector<Buffer<bf16>> x;
  std::vector<Buffer<int8_t>> q;
  for (int set = 0; set < sets; ++set) x.push_back(filled<bf16>(suite, m * k)), q.push_back(suite.output<int8_t>(size_t(m * k)));
  const auto scale = suite.output<float>(size_t(m));
  suite.time(line.id, bytes, 0, [&](int i) { return quantise_rows(suite.context(), x[size_t(i % sets)].data(), q[size_t(i % sets)], scale, m, k); });
}

}  // namespace
}  // namespace refine::cuda::timings

int main(int argc, char** argv) {
  using namespace refine::cuda;
  using namespace refine::cuda::timings;
  return run_workloads(argc, argv, {{"gemm_bf16", time_bf16<gemm_bf16>}, {"gemm_nn", time_bf16<gemm_bf16_nn>}, {"gemm_tn", time_bf16<gemm_bf16_tn>}, {"gemm_s8", time_s8}, {"quantise", time_quantise}});
}
