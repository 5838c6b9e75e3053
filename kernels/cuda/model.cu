// Loading a model, its memory, and a call's way through its batches; see model.h.
#include "model.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "rotary.h"
#include "vocab_loss.h"

namespace refine::cuda {

namespace {

constexpr int64_t kLeastBatch = 256;  // tokens; below, a card's time is launches
constexpr int64_t kFirstTurns = 2048;

// Enough rows to fill a card: 64 Mi numbers of the residual stream, between 16 Ki and 64 Ki tokens.
int64_t default_batch(int32_t channels) { return std::clamp<int64_t>((int64_t(64) << 20) / channels, 16384, 65536); }

std::string amount(uint64_t bytes) {
  char text[32];
  if (bytes >= (uint64_t(1) << 30)) std::snprintf(text, sizeof text, "%.1f GiB", double(bytes) / double(uint64_t(1) << 30));
  else std::snprintf(text, sizeof text, "%.1f MiB", double(bytes) / double(1 << 20));
  return text;
}

}  // namespace

BatchInputs BatchInputs::lay_out(Parts& parts, int64_t rows, int64_t documents, int64_t tiles) {
  BatchInputs in;
  in.rows = rows;
  in.documents = documents;
  in.tile_count = tiles;
  in.ids = parts.take<uint32_t>(rows);
  in.positions = parts.take<int32_t>(rows);
  in.targets = parts.take<int32_t>(rows);
  in.offsets = parts.take<int32_t>(documents + 1);
  in.tiles = parts.take<AttentionTile>(tiles);
  return in;
}

namespace {

size_t input_bytes(int64_t rows) {
  Parts parts;
  const int64_t documents = std::min<int64_t>(rows, int64_t(kBatchDocuments));
  BatchInputs::lay_out(parts, rows, documents, attention_tiles_bound(rows, documents));
  return parts.used();
}

}  // namespace

Outcome Model::make(const ModelConfig& config, const refine_cuda_weights& weights, const refine_cuda_options& options, std::unique_ptr<Model>* out) {
  if (auto lost = lost_device(); !lost.ok()) return lost;
  const auto refuse = [](const std::string& what) { return Outcome::refuse(REFINE_CUDA_UNSUPPORTED, what + ". Run it on the CPU"); };
  if (config.relative_span > 0) return refuse("disentangled attention (DeBERTa) is not on the GPU yet");
  if (padded_head(config.head_dim) == 0) return refuse("heads of " + std::to_string(config.head_dim) + " numbers; the GPU's attention takes 128 at most");
  const int32_t dim = padded_head(config.head_dim);
  if (std::max({config.channels, config.qk_norm ? config.heads * dim : 0}) > 16384) return refuse("rows of more than 16384 numbers to norm");
  if (config.qk_norm && config.norm != Norm::kRms && dim != config.head_dim) return refuse("LayerNorm of queries and keys with heads of " + std::to_string(config.head_dim) + " numbers");
  const int64_t deepest = std::max({int64_t(config.channels), int64_t(config.heads) * dim, int64_t(config.hidden)});
  const auto dtype = Dtype(options.dtype);
  if (dtype == Dtype::kInt8 && deepest > 65536) return refuse("a layer of " + std::to_string(deepest) + " inputs in int8");
  std::unique_ptr<Model> model(new Model(config, weights, dtype, options.memory_limit));
  model->head_dim_ = dim;
  if (auto outcome = model->start(options.batch_tokens > 0 ? options.batch_tokens : default_batch(config.channels)); !outcome.ok()) return outcome;
  *out = std::move(model);
  return {};
}

Outcome Model::start(int64_t batch_tokens) {
  int device = 0, major = 0, minor = 0, multiprocessors = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  if (error == cudaSuccess) error = cudaStreamCreateWithFlags(&compute_, cudaStreamNonBlocking);
  if (error == cudaSuccess) error = cudaStreamCreateWithFlags(&copy_, cudaStreamNonBlocking);
  const char* const timing = std::getenv("REFINE_CUDA_TIMING");
  timed_ = timing != nullptr && std::strcmp(timing, "1") == 0;
  for (Slot& slot : slots_)
    for (cudaEvent_t* event : {&slot.copied, &slot.begun, &slot.computed, &slot.done})
      if (error == cudaSuccess) error = cudaEventCreateWithFlags(event, timed_ ? cudaEventDefault : cudaEventDisableTiming);
  if (auto outcome = outcome_of(error, "opening the device"); !outcome.ok()) return outcome;
  context_.stream = compute_;
  context_.path = path_of(major, minor);
  context_.multiprocessors = multiprocessors;

  WeightLoader loader(config_, weights_, dtype_);
  size_t bytes = 0;
  if (auto outcome = loader.plan(&tensors_, &bytes); !outcome.ok()) return outcome;
  error = weight_block_.allocate(bytes, limit_);
  if (error == cudaErrorMemoryAllocation) {
    uint64_t free = 0, total = 0;
    size_t now_free = 0, all = 0;
    if (cudaMemGetInfo(&now_free, &all) == cudaSuccess) free = now_free, total = all;
    return Outcome::refuse(REFINE_CUDA_MEMORY, "the weights take " + amount(bytes) + " of the device, which has " + amount(free) + " free of " + amount(total) + ", of which other models here hold " +
                                                   amount(held_bytes()) + (limit_ > 0 ? "; the limit is " + amount(limit_) : ""));
  }
  if (auto outcome = outcome_of(error, "memory for weights"); !outcome.ok()) return outcome;
  if (auto outcome = loader.load(weight_block_.data()); !outcome.ok()) return outcome;
  graphs_.plan(forward_cost());
  if (auto outcome = turns(std::min<int64_t>(config_.context, kFirstTurns)); !outcome.ok()) return outcome;
  for (batch_tokens_ = batch_tokens;; batch_tokens_ /= 2, ++halvings_) {
    auto outcome = reserve(batch_tokens_);
    if (outcome.ok()) return outcome;
    if (outcome.code != REFINE_CUDA_MEMORY || batch_tokens_ / 2 < kLeastBatch) return outcome;
  }
}

Model::~Model() {
  if (compute_ != nullptr) cudaStreamSynchronize(compute_);
  if (copy_ != nullptr) cudaStreamSynchronize(copy_);
  graphs_.clear();
  for (Slot& slot : slots_)
    for (cudaEvent_t event : {slot.copied, slot.begun, slot.computed, slot.done})
      if (event != nullptr) cudaEventDestroy(event);
  if (compute_ != nullptr) cudaStreamDestroy(compute_);
  if (copy_ != nullptr) cudaStreamDestroy(copy_);
  cudaGetLastError();
}

// The arena for batches of so many rows.
void Model::lay_out(Parts& parts, int64_t rows, Activations* activations, unsigned char** inputs, void** workspace) const {
  const auto& c = config_;
  const int64_t size = int64_t(element()), queries = int64_t(c.heads) * head_dim_, deepest = std::max({int64_t(c.channels), queries, int64_t(c.hidden)});
  const auto tensor = [&](int64_t columns) { return parts.take<unsigned char>(rows * columns * size); };
  activations->x = tensor(c.channels);
  activations->part = tensor(c.channels);
  if (c.layout == BlockLayout::kParallel && c.two_norms) activations->wide = tensor(c.channels);
  const auto padded = [&](int64_t columns) { return (rows * columns * size + 255) / 256 * 256; };
  unsigned char* const shared = parts.take<unsigned char>(std::max(padded(width()) + padded(queries), padded(c.hidden)));
  activations->qkv = activations->hidden = shared;
  activations->attended = shared ? shared + padded(width()) : nullptr;
  if (dtype_ == Dtype::kInt8) {
    activations->narrow = parts.take<int8_t>(rows * deepest);
    activations->narrow_scale = parts.take<float>(rows);
  }
  for (int slot = 0; slot < 2; ++slot) inputs[slot] = parts.take<unsigned char>(int64_t(input_bytes(rows)));
  *workspace = parts.take<unsigned char>(int64_t(std::max<size_t>(size_t(1) << 16, tensors_.head.n > 0 ? vocab_loss_workspace(rows, tensors_.head.n) : 0)));
}

size_t Model::arena_bytes(int64_t rows) const {
  Parts parts;
  Activations activations;
  unsigned char* inputs[2];
  void* workspace;
  lay_out(parts, rows, &activations, inputs, &workspace);
  return parts.used();
}

std::string Model::memory_plan(int64_t rows) const {
  size_t free = 0, total = 0;
  (void)cudaMemGetInfo(&free, &total);
  return "weights take " + amount(weight_block_.bytes()) + ", a batch of " + std::to_string(rows) + " tokens " + amount(arena_bytes(rows)) + "; the device has " + amount(free) + " free of " +
         amount(total) + (limit_ > 0 ? ", the limit is " + amount(limit_) : "");
}

// An arena for batches of so many rows in place of the one before.
Outcome Model::reserve(int64_t rows) {
  const size_t bytes = arena_bytes(rows);
  graphs_.clear();
  arena_.reset();
  capacity_ = 0;
  const cudaError_t error = arena_.allocate(bytes, limit_);
  if (error == cudaErrorMemoryAllocation) return Outcome::refuse(REFINE_CUDA_MEMORY, memory_plan(rows));
  if (auto outcome = outcome_of(error, "memory for activations"); !outcome.ok()) return outcome;
  Parts parts(arena_.data());
  unsigned char* inputs[2];
  lay_out(parts, rows, &at_, inputs, &context_.workspace);
  context_.workspace_bytes = size_t(arena_.data() + bytes - static_cast<unsigned char*>(context_.workspace));
  for (int i = 0; i < 2; ++i) {
    slots_[i].inputs = inputs[i];
    if (auto outcome = outcome_of(slots_[i].host_inputs.allocate(input_bytes(rows)), "pinned memory"); !outcome.ok()) return outcome;
  }
  capacity_ = rows;
  return {};
}

// Cosines and sines of at least so many positions.
Outcome Model::turns(int64_t positions) {
  if (config_.position != Position::kRotary || config_.rotary_dim == 0 || positions <= turn_rows_) return {};
  const int64_t rows = std::max(positions, turn_rows_ * 2);
  const auto table = rotary_table(config_.rotary_frequency, config_.rotary_factor, rows);
  turn_rows_ = 0;
  graphs_.clear();
  const cudaError_t error = turn_block_.allocate(table.size() * sizeof(float), limit_);
  if (error == cudaErrorMemoryAllocation) return Outcome::refuse(REFINE_CUDA_MEMORY, "positions of a text of " + std::to_string(positions) + " tokens; " + memory_plan(capacity_));
  if (auto outcome = outcome_of(error, "memory for positions"); !outcome.ok()) return outcome;
  if (auto outcome = outcome_of(cudaMemcpy(turn_block_.data(), table.data(), table.size() * sizeof(float), cudaMemcpyHostToDevice), "uploading positions"); !outcome.ok()) return outcome;
  turn_rows_ = rows;
  return {};
}

// Kernels and weights of one run of blocks(): what a graph of it saves and what it cannot.
ForwardCost Model::forward_cost() const {
  ForwardCost cost;
  cost.multiprocessors = context_.multiprocessors;
  cost.narrow = dtype_ != Dtype::kF32;
  cost.launches = 1;
  for (const LayerWeights& layer : tensors_.layers) {
    cost.launches += dtype_ == Dtype::kInt8 ? 11 : 7;  // two or so norms, turning, attention, four products, in int8 their rows' quantising
    for (const LinearLayer* linear : {&layer.qkv, &layer.o, &layer.up, &layer.down}) cost.numbers += linear->n * linear->k;
  }
  cost.weight_bytes = cost.numbers * (dtype_ == Dtype::kInt8 ? 1 : int64_t(element()));
  return cost;
}

// A batch's inputs on the host. What its class has beyond it are rows of token 0 that no entry of attention's list reads, and empty entries.
void Model::fill(const PackedBatch& batch, const Job& job, const BatchInputs& host, const std::vector<int32_t>& offsets, const std::vector<AttentionTile>& tiles) const {
  std::copy(offsets.begin(), offsets.end(), host.offsets);
  std::copy(tiles.begin(), tiles.end(), host.tiles);
  std::fill(host.tiles + tiles.size(), host.tiles + host.tile_count, AttentionTile{});
  for (size_t d = 0; d + 1 < offsets.size(); ++d)
    for (int32_t at = offsets[d]; at < offsets[d + 1]; ++at) host.positions[at] = at - offsets[d];
  for (int64_t row = batch.rows; row < host.rows; ++row) host.ids[row] = 0, host.positions[row] = 0;
  job.fill(batch, host);
}

// Every allocation of a call, before its first batch: rows, positions and results of the largest.
Outcome Model::make_room(const std::vector<PackedBatch>& batches, const Job& job, bool* halves) {
  int64_t longest = 0, most = 0, floats = 0;
  for (const PackedBatch& batch : batches) {
    longest = std::max<int64_t>(longest, batch.longest);
    most = std::max(most, batch.rows);
    floats = std::max(floats, job.floats(batch));
  }
  *halves = false;
  if (most > capacity_) {  // one document is longer than a batch
    const auto outcome = reserve(most);
    if (outcome.code == REFINE_CUDA_MEMORY) (void)reserve(batch_tokens_);
    if (!outcome.ok()) return outcome;
  }
  if (auto outcome = turns(longest); !outcome.ok()) return outcome;
  *halves = most <= batch_tokens_;  // and without a batch of several documents there is nothing to halve
  for (Slot& slot : slots_) {
    if (floats <= slot.out_floats) continue;
    slot.out_floats = 0;
    const cudaError_t error = slot.out.allocate(size_t(floats) * 4, limit_);
    if (error == cudaErrorMemoryAllocation) return Outcome::refuse(REFINE_CUDA_MEMORY, "results of a batch take " + amount(uint64_t(floats) * 4) + "; " + memory_plan(capacity_));
    if (auto outcome = outcome_of(error, "memory for results"); !outcome.ok()) return outcome;
    if (auto outcome = outcome_of(slot.host_out.allocate(size_t(floats) * 4), "pinned memory for results"); !outcome.ok()) return outcome;
    slot.out_floats = floats;
  }
  return {};
}

// All documents in batches; where results find no room beside the arena, in batches of half the size from then on.
Outcome Model::run(const std::vector<int32_t>& lengths, const Job& job) {
  for (;;) {
    const auto batches = pack_documents(lengths, batch_tokens_);
    bool halves = false;
    Outcome outcome = make_room(batches, job, &halves);
    if (outcome.ok()) return compute(batches, job);
    if (outcome.code != REFINE_CUDA_MEMORY || !halves || batch_tokens_ / 2 < kLeastBatch) return outcome;
    batch_tokens_ /= 2;
    ++halvings_;
    for (Slot& slot : slots_) slot.out.reset(), slot.out_floats = 0;
    if (outcome = reserve(batch_tokens_); !outcome.ok()) return outcome;
  }
}

// Inputs of batch i+1 are made and copied, and results of batch i-1 come back, while batch i is computed.
Outcome Model::compute(const std::vector<PackedBatch>& batches, const Job& job) {
  Outcome outcome;
  const auto check = [&outcome](cudaError_t error, const char* doing) {
    if (outcome.ok()) outcome = outcome_of(error, doing);
    return outcome.ok();
  };
  const auto fetch = [&](size_t i) {
    Slot& slot = slots_[i % 2];
    return check(cudaStreamWaitEvent(copy_, slot.computed, 0), "ordering copies") &&
           check(cudaMemcpyAsync(slot.host_out.data(), slot.out.data(), size_t(job.floats(batches[i])) * 4, cudaMemcpyDeviceToHost, copy_), "copying results") &&
           check(cudaEventRecord(slot.done, copy_), "ordering copies");
  };
  const auto take = [&](size_t i) {
    Slot& slot = slots_[i % 2];
    if (!check(cudaEventSynchronize(slot.done), "computing a batch")) return false;
    job.take(batches[i], reinterpret_cast<const float*>(slot.host_out.data()));
    float milliseconds = 0;
    if (timed_ && !check(cudaEventElapsedTime(&milliseconds, slot.begun, slot.computed), "timing a batch")) return false;
    gpu_seconds_ += double(milliseconds) / 1e3;
    ++batches_;
    tokens_ += uint64_t(batches[i].rows);
    return true;
  };
  size_t taken = 0;
  for (size_t i = 0; i < batches.size() && outcome.ok(); ++i) {
    const PackedBatch& batch = batches[i];
    Slot& slot = slots_[i % 2];
    if (i >= 2 && !take(taken++)) break;
    const std::vector<int32_t> lengths = job.lengths(batch);
    std::vector<int32_t> offsets(lengths.size() + 1, 0);
    for (size_t d = 0; d < lengths.size(); ++d) offsets[d + 1] = offsets[d] + lengths[d];
    const auto tiles = attention_tiles(offsets.data(), int64_t(lengths.size()), config_.causal);
    // A class may need more room than the arena's batches have: then the batch is its own.
    ForwardShape shape = forward_shape(batch.rows, int64_t(tiles.size()), std::min(graphs_.most_rows(), capacity_));
    Parts size;
    BatchInputs::lay_out(size, shape.rows, shape.padded ? shape.tiles : int64_t(lengths.size()), shape.tiles);
    if (shape.padded && size.used() > input_bytes(capacity_)) shape = {batch.rows, int64_t(tiles.size()), false};
    const int64_t room = shape.padded ? shape.tiles : int64_t(lengths.size());  // documents: no more than entries
    Parts host(slot.host_inputs.data()), device(slot.inputs);
    fill(batch, job, BatchInputs::lay_out(host, shape.rows, room, shape.tiles), offsets, tiles);
    const auto whole = BatchInputs::lay_out(device, shape.rows, room, shape.tiles);
    auto on_device = whole;
    on_device.rows = batch.rows, on_device.documents = int64_t(lengths.size()), on_device.tile_count = int64_t(tiles.size());
    if (!check(cudaMemcpyAsync(slot.inputs, slot.host_inputs.data(), host.used(), cudaMemcpyHostToDevice, copy_), "copying a batch") ||
        !check(cudaEventRecord(slot.copied, copy_), "ordering copies") || !check(cudaStreamWaitEvent(compute_, slot.copied, 0), "ordering copies"))
      break;
    if (timed_ && !check(cudaEventRecord(slot.begun, compute_), "timing a batch")) break;
    outcome = shape.padded ? graphs_.run({shape.rows, shape.tiles, int32_t(i % 2)}, compute_, [&] { return blocks(whole); }) : blocks(whole);
    if (outcome.ok()) outcome = job.compute(batch, on_device, reinterpret_cast<float*>(slot.out.data()));
    if (!outcome.ok() || !check(cudaEventRecord(slot.computed, compute_), "ordering copies")) break;
    if (i >= 1 && !fetch(i - 1)) break;
  }
  if (outcome.ok() && !batches.empty() && fetch(batches.size() - 1))
    while (taken < batches.size() && take(taken)) ++taken;
  if (!outcome.ok()) {  // nothing may still run on buffers that the next call fills
    (void)cudaStreamSynchronize(compute_);
    (void)cudaStreamSynchronize(copy_);
    cudaGetLastError();
  }
  return outcome;
}

refine_cuda_facts Model::facts() const {
  const std::lock_guard<std::mutex> guard(turn_);
  refine_cuda_facts facts{};
  facts.size = sizeof facts;
  facts.halvings = halvings_;
  facts.batch_tokens = capacity_;
  facts.weight_bytes = weight_block_.bytes();
  facts.arena_bytes = arena_.bytes();
  facts.batches = batches_;
  facts.tokens = tokens_;
  facts.gpu_seconds = gpu_seconds_;
  facts.graphs = int32_t(graphs_.held());
  facts.replays = graphs_.replays();
  facts.launches = graphs_.launches();
  return facts;
}

}  // namespace refine::cuda
