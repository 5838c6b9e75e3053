// Graphs of forwards over the emulator: which batches, which shapes, that a replay does what a launch does and sees what a launch would
// see, that what changed since is found, and how errors inside a capture end.
#include "../forward_graphs.h"

#include <cstdlib>

#include "../simt/host.h"
#include "simt_support.h"

using namespace refine::cuda;
using namespace refine::cuda::testing;

namespace {

ForwardCost reference() {  // 8 layers of 384 channels (512 of q, k and v, 1,536 hidden) in bf16 on an H200
  ForwardCost cost;
  cost.launches = 57;
  cost.numbers = 8 * (512 + 384 + 2 * 1536) * int64_t(384);
  cost.weight_bytes = cost.numbers * 2;
  cost.multiprocessors = 132;
  return cost;
}

void check_plan() {
  CHECK_EQ(graph_rows(reference()), 2048);
  ForwardCost seven = reference();
  seven.launches = 225;
  seven.numbers = int64_t(6'900'000'000);
  seven.weight_bytes = seven.numbers * 2;
  CHECK_EQ(graph_rows(seven), 0);  // reading its weights takes longer than 225 launches
  CHECK_EQ(graph_rows(ForwardCost{}), 0);
  ForwardCost slow = reference();
  slow.multiprocessors = 13;  // a tenth of the card: a tenth of the rows
  CHECK_EQ(graph_rows(slow), 256);
  slow.narrow = false;
  CHECK_EQ(graph_rows(slow), 0);

  for (const int64_t rows : {1, 127, 128, 129, 1000, 2048})
    for (const int64_t tiles : {(rows + 127) / 128, (rows + 9) / 10, rows}) {
      const auto shape = forward_shape(rows, tiles, 2048);
      CHECK(shape.padded && shape.rows >= rows && shape.rows <= 2048 && shape.tiles >= tiles && shape.tiles <= shape.rows);
      CHECK(shape.rows < 2 * rows || shape.rows == kLeastGraphRows);
      CHECK((shape.rows & (shape.rows - 1)) == 0);
    }
  const auto own = forward_shape(2049, 33, 2048);
  CHECK(!own.padded && own.rows == 2049 && own.tiles == 33);
  CHECK(!forward_shape(100, 1, 0).padded);
  CHECK(!forward_shape(130, 2, 200).padded);  // its class would pass the bound
}

__global__ void add_kernel(int32_t* to, const int32_t* from, int32_t by) {
  if (threadIdx.x < 8) to[threadIdx.x] += from[threadIdx.x] + by;
}

struct Fixture {
  Array<int32_t> to{std::vector<int32_t>(8, 0)}, from{std::vector<int32_t>{1, 2, 3, 4, 5, 6, 7, 8}};
  cudaStream_t stream = nullptr;
  ForwardGraphs graphs;
  int host_calls = 0;
  int32_t by = 0;
  Fixture() {
    cudaStreamCreate(&stream);
    graphs.plan(reference_of_the_emulator());
  }
  ~Fixture() {
    graphs.clear();
    cudaStreamDestroy(stream);
  }
  static ForwardCost reference_of_the_emulator() {
    ForwardCost cost;
    cost.launches = 2;
    return cost;
  }
  int32_t at(size_t i) const { return to.host()[i]; }
  Outcome forward() {
    ++host_calls;
    for (int i = 0; i < 2; ++i)
      if (auto outcome = outcome_of(launch(add_kernel, 1, 32, 0, stream, to.data, from.data, by), "adding"); !outcome.ok()) return outcome;
    return {};
  }
  Outcome run(int64_t rows) {
    return graphs.run({rows, 2, 0}, stream, [this] { return forward(); });
  }
};

void check_replay() {
  Fixture f;
  CHECK_EQ(f.graphs.most_rows(), kMostGraphRows);
  for (int batch = 1; batch <= 4; ++batch) {
    CHECK(f.run(128).ok());
    CHECK_EQ(f.at(0), 2 * batch);
    CHECK_EQ(f.at(7), 16 * batch);
    CHECK_EQ(f.graphs.held(), size_t(batch > 1));
    CHECK_EQ(f.graphs.replays(), uint64_t(batch - 1));
  }
  CHECK_EQ(f.graphs.launches(), uint64_t(2));
  // What the kernels read is read anew.
  const std::vector<int32_t> other(8, 100);
  cudaMemcpy(f.from.data, other.data(), 32, cudaMemcpyHostToDevice);
  CHECK(f.run(128).ok());
  CHECK_EQ(f.at(0), 8 + 200);
  // Another shape has its own graph; the first keeps its.
  for (int i = 0; i < 3; ++i) CHECK(f.run(256).ok());
  CHECK_EQ(f.graphs.held(), size_t(2));
  // An argument that changed without clear() is found, and named, and nothing runs.
  f.by = 1;
  const auto before = f.to.host();
  const Outcome stale = f.run(128);
  CHECK_EQ(stale.code, REFINE_CUDA_FAILED);
  CHECK(stale.message.find("launch 1, add_kernel: argument 3") != std::string::npos);
  CHECK(f.to.host() == before);
  f.graphs.clear();
  CHECK_EQ(f.graphs.held(), size_t(0));
  for (int i = 0; i < 3; ++i) CHECK(f.run(128).ok());
  CHECK_EQ(f.at(0), before[0] + 3 * 2 * 101);
}

void check_bound() {
  Fixture f;
  size_t free = 0, total = 0, after = 0;
  cudaMemGetInfo(&free, &total);
  for (int64_t rows = 1; rows <= 40; ++rows)
    for (int i = 0; i < 2; ++i) CHECK(f.run(rows).ok());
  CHECK_EQ(f.graphs.held(), kMostGraphs);
  cudaMemGetInfo(&after, &total);
  CHECK(after < free);
  const uint64_t replays = f.graphs.replays();
  CHECK(f.run(40).ok());
  CHECK_EQ(f.graphs.replays(), replays + 1);  // the latest is there
  CHECK(f.run(1).ok());
  CHECK_EQ(f.graphs.replays(), replays + 1);  // the oldest went, and is seen as new
  f.graphs.clear();
  cudaMemGetInfo(&after, &total);
  CHECK_EQ(after, free);
}

void check_refusals() {
  {  // no memory for a graph: launched, and not asked for again
    Fixture f;
    size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    void* rest = nullptr;
    CHECK_EQ(cudaMalloc(&rest, free - 256), cudaSuccess);
    for (int i = 1; i <= 3; ++i) {
      CHECK(f.run(128).ok());
      CHECK_EQ(f.at(0), 2 * i);
    }
    CHECK_EQ(f.graphs.held(), size_t(0));
    CHECK_EQ(f.graphs.most_rows(), int64_t(0));
    CHECK_EQ(f.host_calls, 4);
    cudaFree(rest);
  }
  {  // what no capture allows spoils it; the forward is launched
    Fixture f;
    int calls = 0;
    const auto allocating = [&] {
      void* spare = nullptr;
      if (++calls == 2) CHECK_EQ(cudaMalloc(&spare, 64), cudaErrorStreamCaptureUnsupported);
      (void)cudaGetLastError();
      return f.forward();
    };
    for (int i = 1; i <= 2; ++i) {
      CHECK(f.graphs.run({128, 2, 0}, f.stream, allocating).ok());
      CHECK_EQ(f.at(0), 2 * i);
    }
    CHECK_EQ(f.graphs.held(), size_t(0));
  }
  {  // a launch that fails inside the capture is the outcome, and the stream works after it
    Fixture f;
    int calls = 0;
    const auto failing = [&]() -> Outcome {
      if (++calls == 2) return outcome_of(launch(add_kernel, 1, 2048, 0, f.stream, f.to.data, f.from.data, 0), "adding too much");
      return f.forward();
    };
    CHECK(f.graphs.run({128, 2, 0}, f.stream, failing).ok());
    const Outcome failed = f.graphs.run({128, 2, 0}, f.stream, failing);
    CHECK_EQ(failed.code, REFINE_CUDA_FAILED);
    CHECK(failed.message.find("adding too much") != std::string::npos);
    CHECK(f.run(128).ok());
    CHECK_EQ(f.at(0), 4);
  }
}

}  // namespace

int main() {
  setenv("REFINE_SIMT_MEMORY", "16777216", 1);  // 16 MiB, so that a test can take all of it
  check_plan();
  check_replay();
  check_bound();
  check_refusals();
  return refine::testing::report();
}
