// The forwards of small batches as CUDA graphs: what was launched once for a shape is replayed for every later batch of that shape.
// A shape's first batch is launched as ever (which also loads its kernels), its second is captured, later ones are replayed.
// Invariant: replayed or launched, the same kernels run with the same arguments in the same order. A graph holds pointers of the arena,
// so clear() comes before any of them changes; the emulator launches beside every replay and fails the call where an argument differs.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <map>

#include "device_memory.h"
#include "graph_plan.h"

namespace refine::cuda {

// The driver keeps some memory of the device for each graph, which no limit of ours counts: their number is the bound.
constexpr size_t kMostGraphs = 16;

struct GraphKey {
  int64_t rows = 0, tiles = 0;
  int32_t slot = 0;  // whose inputs the kernels read
  auto operator<=>(const GraphKey&) const = default;
};

class ForwardGraphs {
 public:
  ForwardGraphs() = default;
  ForwardGraphs(const ForwardGraphs&) = delete;
  ForwardGraphs& operator=(const ForwardGraphs&) = delete;
  ~ForwardGraphs() { clear(); }

  // REFINE_CUDA_GRAPHS=0 keeps every forward launched.
  void plan(const ForwardCost& cost);
  // Batches of more rows are never replayed; 0 once the runtime refused a graph.
  int64_t most_rows() const { return most_rows_; }
  // Starts what `forward` launches on `stream` (kernels and asynchronous copies of that stream, nothing else) and never waits.
  // A launch that fails, in a capture too, is the outcome. Where the runtime has no memory for a graph or refuses the capture, the forward
  // is launched, all graphs go and none is made again.
  Outcome run(const GraphKey& key, cudaStream_t stream, const std::function<Outcome()>& forward);
  // Drops all graphs and what was seen of shapes; the stream must be idle.
  void clear();

  size_t held() const { return graphs_.size(); }
  uint64_t replays() const { return replays_; }
  uint64_t launches() const { return launches_; }  // nodes of the latest graph: kernels of one forward

 private:
  struct Graph {
    cudaGraphExec_t exec = nullptr;
    uint64_t used = 0;  // by which of run()'s calls, the latest
#if defined(REFINE_SIMT)
    cudaGraph_t recorded = nullptr;
#endif
  };
  Outcome capture(const GraphKey& key, cudaStream_t stream, const std::function<Outcome()>& forward);
  Outcome check(const Graph& graph, cudaStream_t stream, const std::function<Outcome()>& forward);
  void drop(std::map<GraphKey, Graph>::iterator graph);
  void give_up();

  std::map<GraphKey, Graph> graphs_;
  std::map<GraphKey, int> seen_;
  int64_t most_rows_ = 0;
  uint64_t calls_ = 0, replays_ = 0, launches_ = 0;
};

}  // namespace refine::cuda
