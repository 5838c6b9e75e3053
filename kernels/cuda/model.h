// A transformer resident on the device: weights uploaded once (q, k, v joined, gate and up joined), one arena for all activations of a
// batch, documents packed longest first, copies beside kernels. Every layout of refine/model_config.h but disentangled attention.
// T on this page is bf16, or float for the parity models; axis letters as in refine/model_config.h, Dp: D as attention pads it.
// Invariant: a document's numbers depend on its own ids alone. Oracle: refine/model_fast.h on the CPU.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "attention_plan.h"
#include "batches.h"
#include "context.h"
#include "device_memory.h"
#include "forward_graphs.h"
#include "refine/model_config.h"

namespace refine::cuda {

enum class Dtype : int32_t { kF32 = REFINE_CUDA_F32, kBf16 = REFINE_CUDA_BF16, kInt8 = REFINE_CUDA_INT8 };

// y = W x + bias; weight (n,k) in T, or int8 with a scale a row.
struct LinearLayer {
  const void* weight = nullptr;
  const float* scale = nullptr;  // (n), int8 alone
  const float* bias = nullptr;   // (n) or nullptr
  int64_t n = 0, k = 0;
};
struct NormLayer {
  const float *weight = nullptr, *bias = nullptr;
};
struct LayerWeights {
  NormLayer norm1, norm2, q_norm, k_norm;
  LinearLayer qkv, o, up /* gate's rows first where gated */, down;
};
struct ModelTensors {
  const void *embed = nullptr, *positions = nullptr, *segments = nullptr;  // T
  NormLayer embed_norm, final_norm;
  std::vector<LayerWeights> layers;
  LinearLayer head;  // n == 0: none
  const float* alibi_slope = nullptr;
};

// The narrowest head the attention kernels take that holds `dim` numbers; 0: none. The rest is zeros.
int32_t padded_head(int32_t dim);

// Checks every role's shape and, given a block of the bytes it asked for, fills it. See model_weights.cu.
class WeightLoader {
 public:
  WeightLoader(const ModelConfig& config, const refine_cuda_weights& weights, Dtype dtype) : config_(config), weights_(weights), dtype_(dtype) {}
  // The bytes of all tensors; `tensors` must stay where it is until load() is done.
  Outcome plan(ModelTensors* tensors, size_t* bytes);
  Outcome load(unsigned char* device);
  // fp32 (rows, columns) of any role, such as a head's; rows 0: as many as there are.
  Outcome fetch(const std::string& role, int64_t rows, int64_t columns, std::vector<float>* out) const;
  bool has(const std::string& role) const;

 private:
  struct Part;
  struct Entry {
    size_t bytes;
    std::function<void(unsigned char*)> bind;
    std::function<Outcome(std::vector<unsigned char>*)> make;
  };
  Outcome expect(const std::string& role, int64_t rows, int64_t columns) const;
  Outcome read(const std::string& role, int64_t count, std::vector<float>* out) const;
  Outcome table(const std::string& role, int64_t rows, int64_t columns, const void** to);
  Outcome floats(const std::string& role, int64_t count, const float** to, int64_t from = 0, int64_t block = 0, float factor = 1);
  Outcome norm(const std::string& role, NormLayer* to, bool optional);
  Outcome linear(const std::vector<Part>& parts, LinearLayer* to);

  const ModelConfig& config_;
  const refine_cuda_weights& weights_;
  Dtype dtype_;
  std::vector<Entry> entries_;
};

// A batch's inputs on one side, laid out alike on host and device so that one copy moves them.
struct BatchInputs {
  uint32_t* ids = nullptr;        // (rows)
  int32_t* positions = nullptr;   // (rows), in the document
  int32_t* targets = nullptr;     // (rows), losses alone
  int32_t* offsets = nullptr;     // (documents + 1)
  AttentionTile* tiles = nullptr;  // those of no rows stand last: what fills up a class of batches (graph_plan.h)
  int64_t rows = 0, documents = 0, tile_count = 0;
  static BatchInputs lay_out(Parts& parts, int64_t rows, int64_t documents, int64_t tiles);
};

class Model {
 public:
  static Outcome make(const ModelConfig& config, const refine_cuda_weights& weights, const refine_cuda_options& options, std::unique_ptr<Model>* out);
  ~Model();

  // As the C ABI says (library.h); each waits for the one before.
  Outcome losses(const uint32_t* ids, const int32_t* offsets, size_t documents, int64_t bos, float* out);
  Outcome logits(const uint32_t* ids, size_t length, const uint32_t* positions, size_t count, float* out);
  Outcome encode(const uint32_t* ids, const int32_t* offsets, size_t documents, const refine_cuda_encode& request);
  refine_cuda_facts facts() const;

 private:
  struct Activations {
    void *x = nullptr, *part = nullptr, *wide = nullptr, *qkv = nullptr, *attended = nullptr, *hidden = nullptr;
    int8_t* narrow = nullptr;  // int8 rows of a linear layer's input, with their scales
    float* narrow_scale = nullptr;
  };
  struct Slot {
    unsigned char* inputs = nullptr;  // in the arena
    HostBlock host_inputs, host_out;
    DeviceBlock out;
    int64_t out_floats = 0;
    cudaEvent_t copied = nullptr, begun = nullptr, computed = nullptr, done = nullptr;
  };
  // What a call does of each batch: fill() ids and targets on the host, compute() after the blocks, take() what came back.
  struct Job {
    std::function<std::vector<int32_t>(const PackedBatch&)> lengths;  // rows of its documents, in its order
    std::function<void(const PackedBatch&, const BatchInputs&)> fill;
    std::function<Outcome(const PackedBatch&, const BatchInputs&, float* out)> compute;
    std::function<int64_t(const PackedBatch&)> floats;
    std::function<void(const PackedBatch&, const float*)> take;
  };
  struct Head {
    DeviceBlock block;
    const float *weight = nullptr, *bias = nullptr;
    int64_t labels = 0;
  };

  Model(const ModelConfig& config, const refine_cuda_weights& weights, Dtype dtype, uint64_t limit) : config_(config), weights_(weights), dtype_(dtype), limit_(limit) {}
  Outcome start(int64_t batch_tokens);
  void lay_out(Parts& parts, int64_t rows, Activations* activations, unsigned char** inputs, void** workspace) const;
  size_t arena_bytes(int64_t rows) const;
  std::string memory_plan(int64_t rows) const;
  Outcome reserve(int64_t rows);
  Outcome turns(int64_t positions);
  Outcome head_of(const std::string& role, int64_t labels, const Head** out);
  Outcome check_ids(const uint32_t* ids, const int32_t* offsets, size_t documents, int32_t less) const;
  ForwardCost forward_cost() const;
  Outcome run(const std::vector<int32_t>& lengths, const Job& job);
  Outcome make_room(const std::vector<PackedBatch>& batches, const Job& job, bool* halves);
  Outcome compute(const std::vector<PackedBatch>& batches, const Job& job);
  void fill(const PackedBatch& batch, const Job& job, const BatchInputs& host, const std::vector<int32_t>& offsets, const std::vector<AttentionTile>& tiles) const;
  Outcome blocks(const BatchInputs& in);
  Outcome final_rows(int64_t rows, const void** out);  // after the final norm; `x` itself where there is none
  Outcome loss_rows(const BatchInputs& in, float* losses);
  Outcome score_rows(const void* rows, int64_t count, float* out);
  Outcome pool_rows(const BatchInputs& in, const refine_cuda_encode& request, const Head* pooler, const std::vector<const Head*>& heads, float* out);
  template <class T>
  Outcome blocks_of(const BatchInputs& in);
  template <class T>
  Outcome norm_rows(const NormLayer& norm, const void* x, void* out, int64_t rows, const void* after = nullptr);
  template <class T>
  Outcome apply(const LinearLayer& layer, const void* in, void* out, int64_t rows, int32_t activation, bool gated, const void* residual);
  int64_t width() const { return (int64_t(config_.heads) + 2 * int64_t(config_.kv_heads)) * head_dim_; }
  size_t element() const { return dtype_ == Dtype::kF32 ? 4 : 2; }

  const ModelConfig config_;
  const refine_cuda_weights weights_;
  const Dtype dtype_;
  const uint64_t limit_;
  int32_t head_dim_ = 0;  // Dp
  ModelTensors tensors_;
  DeviceBlock weight_block_, arena_, turn_block_;
  Activations at_;
  Slot slots_[2];
  Context context_;
  ForwardGraphs graphs_;
  cudaStream_t compute_ = nullptr, copy_ = nullptr;
  int64_t capacity_ = 0, turn_rows_ = 0, batch_tokens_ = 0;
  int32_t halvings_ = 0;
  uint64_t batches_ = 0, tokens_ = 0;
  bool timed_ = false;
  double gpu_seconds_ = 0;
  std::map<std::string, Head> heads_;
  mutable std::mutex turn_;
};

}  // namespace refine::cuda
