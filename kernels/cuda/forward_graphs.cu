// See forward_graphs.h.
#include "forward_graphs.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace refine::cuda {

namespace {

// What `forward` launches, as a graph and without running it. The stream is out of its capture whatever happens; *graph is null unless
// both outcomes are good.
cudaError_t record(cudaStream_t stream, const std::function<Outcome()>& forward, cudaGraph_t* graph, Outcome* launched) {
  *graph = nullptr;
  // Thread-local: another model's thread may allocate meanwhile.
  if (const cudaError_t error = cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal); error != cudaSuccess) return error;
  *launched = forward();
  const cudaError_t error = cudaStreamEndCapture(stream, graph);
  if ((!launched->ok() || error != cudaSuccess) && *graph != nullptr) {
    cudaGraphDestroy(*graph);
    *graph = nullptr;
  }
  return error;
}

}  // namespace

void ForwardGraphs::plan(const ForwardCost& cost) {
  const char* const asked = std::getenv("REFINE_CUDA_GRAPHS");
  most_rows_ = asked != nullptr && std::strcmp(asked, "0") == 0 ? 0 : graph_rows(cost);
}

Outcome ForwardGraphs::run(const GraphKey& key, cudaStream_t stream, const std::function<Outcome()>& forward) {
  ++calls_;
  if (const auto found = graphs_.find(key); found != graphs_.end()) {
    found->second.used = calls_;
    if (auto outcome = check(found->second, stream, forward); !outcome.ok()) return outcome;
    ++replays_;
    return outcome_of(cudaGraphLaunch(found->second.exec, stream), "replaying a forward");
  }
  if (most_rows_ == 0 || ++seen_[key] < 2) return forward();
  return capture(key, stream, forward);
}

Outcome ForwardGraphs::capture(const GraphKey& key, cudaStream_t stream, const std::function<Outcome()>& forward) {
  if (graphs_.size() >= kMostGraphs) {
    // The one not used for longest may still run.
    if (auto outcome = outcome_of(cudaStreamSynchronize(stream), "waiting for a graph"); !outcome.ok()) return outcome;
    const auto oldest = std::min_element(graphs_.begin(), graphs_.end(), [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    seen_.erase(oldest->first);
    drop(oldest);
  }
  cudaGraph_t recorded = nullptr;
  Graph graph;
  Outcome launched;
  cudaError_t error = record(stream, forward, &recorded, &launched);
  if (!launched.ok()) return launched;
  size_t nodes = 0;
  if (error == cudaSuccess) error = cudaGraphGetNodes(recorded, nullptr, &nodes);
  if (error == cudaSuccess) error = cudaGraphInstantiate(&graph.exec, recorded, 0);
  if (error == cudaSuccess) {
    launches_ = nodes;
    graph.used = calls_;
#if defined(REFINE_SIMT)
    graph.recorded = recorded;
#else
    cudaGraphDestroy(recorded);
#endif
    ++replays_;
    graphs_[key] = graph;
    return outcome_of(cudaGraphLaunch(graph.exec, stream), "starting a graph");
  }
  if (recorded != nullptr) cudaGraphDestroy(recorded);
  if (auto outcome = outcome_of(error, "making a graph"); outcome.code == REFINE_CUDA_LOST) return outcome;
  // Nothing ran, and the batch can do without.
  if (auto outcome = outcome_of(cudaStreamSynchronize(stream), "waiting for graphs"); !outcome.ok()) return outcome;
  give_up();
  return forward();
}

// The replay's launches against what the host would launch now.
Outcome ForwardGraphs::check([[maybe_unused]] const Graph& graph, [[maybe_unused]] cudaStream_t stream, [[maybe_unused]] const std::function<Outcome()>& forward) {
#if defined(REFINE_SIMT)
  cudaGraph_t now = nullptr;
  Outcome launched;
  const cudaError_t error = record(stream, forward, &now, &launched);
  if (!launched.ok()) return launched;
  if (auto outcome = outcome_of(error, "comparing a graph"); !outcome.ok()) return outcome;
  const std::string difference = simt::difference_of(*graph.recorded, *now);
  cudaGraphDestroy(now);
  if (!difference.empty()) return Outcome::refuse(REFINE_CUDA_FAILED, "a graph would replay what the host no longer launches: " + difference);
#endif
  return {};
}

void ForwardGraphs::drop(std::map<GraphKey, Graph>::iterator graph) {
  cudaGraphExecDestroy(graph->second.exec);
#if defined(REFINE_SIMT)
  cudaGraphDestroy(graph->second.recorded);
#endif
  graphs_.erase(graph);
}

void ForwardGraphs::clear() {
  while (!graphs_.empty()) drop(graphs_.begin());
  seen_.clear();
}

void ForwardGraphs::give_up() {
  clear();
  most_rows_ = 0;
}

}  // namespace refine::cuda
