// A trainer's state on the device, its memory, and a step's way through its parts; see train.h.
#include "train.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "adamw.h"
#include "embed_backward.h"
#include "gemm.h"
#include "launches.h"
#include "norms_backward.h"
#include "rotary.h"
#include "vocab_loss.h"

namespace refine::cuda {

namespace {

constexpr int64_t kBatchTokens = 16384;
constexpr int64_t kGroup = 64;  // numbers: 128 bytes of bf16, what TMA and 16-byte accesses need and more

std::string mebibytes(size_t bytes) { return std::to_string((bytes + (size_t(1) << 20) - 1) >> 20) + " MiB"; }

Outcome unsupported(const std::string& what) { return Outcome::refuse(REFINE_CUDA_UNSUPPORTED, what + " has no backward pass there. Train on the CPU"); }
Outcome mistake(const std::string& what) { return Outcome::refuse(REFINE_CUDA_INPUT, "training batch: " + what); }

bool head_fits(int32_t dim) { return dim == 32 || dim == 64 || dim == 80 || dim == 96 || dim == 128; }

}  // namespace

TrainInputs TrainInputs::lay_out(Parts& parts, int64_t rows) {
  TrainInputs in;
  const int64_t tiles = attention_tiles_bound(rows, rows);
  in.ids = parts.take<uint32_t>(rows);
  in.positions = parts.take<int32_t>(rows);
  in.targets = parts.take<int32_t>(rows);
  in.loss_gradient = parts.take<float>(rows);
  in.tiles = parts.take<AttentionTile>(tiles);
  in.key_tiles = parts.take<AttentionTile>(tiles);
  in.order = parts.take<int32_t>(rows);
  in.starts = parts.take<int32_t>(rows + 1);
  in.distinct = parts.take<uint32_t>(rows);
  return in;
}

Outcome DeviceTrainer::make(const ModelConfig& config, const refine_cuda_train_options& options, const refine_cuda_parameter* parameters, size_t count, const float* weights,
                            std::unique_ptr<DeviceTrainer>* out) {
  REFINE_STEP(lost_device());
  const ModelConfig& c = config;
  if (options.dtype != REFINE_CUDA_F32 && options.dtype != REFINE_CUDA_BF16) return unsupported("int8");
  if (c.layout != BlockLayout::kParallel && c.layout != BlockLayout::kSequential) return unsupported("a block with its norms after the branches");
  if (c.position != Position::kNone && c.position != Position::kRotary) return unsupported("a position other than rotary");
  if (!c.causal || c.clip_qkv > 0 || c.qk_norm || c.relative_span > 0 || c.segments > 0 || c.embedding_norm) return unsupported("an encoder, clipped or normalised queries, or a norm of embeddings");
  if (options.linear_bias != 0) return unsupported("a bias of a linear layer");
  if (!head_fits(c.head_dim)) return unsupported("a head of " + std::to_string(c.head_dim) + " numbers (32, 64, 80, 96 and 128 have one)");
  if (c.channels > 16384) return unsupported("a row of more than 16384 numbers");
  // Rows of every operand start at 16 bytes, or the products would go number by number.
  if (c.channels % 8 != 0 || c.hidden % 8 != 0) return unsupported("a width that is no multiple of 8");
  std::unique_ptr<DeviceTrainer> trainer(new DeviceTrainer(config, options));
  REFINE_STEP(trainer->start(parameters, count, weights));
  *out = std::move(trainer);
  return {};
}

// Where each parameter lies here. Those that one product reads together (q, k, v; gate, up) stay together, as the caller has them.
Outcome DeviceTrainer::place(const refine_cuda_parameter* parameters, size_t count) {
  const auto ends = [](const std::string& role, const char* tail) { return role.size() >= std::strlen(tail) && role.compare(role.size() - std::strlen(tail), std::string::npos, tail) == 0; };
  for (size_t i = 0; i < count; ++i) {
    const refine_cuda_parameter& p = parameters[i];
    const std::string role = p.role;
    const bool joined = i > 0 && (ends(role, ".k.weight") || ends(role, ".v.weight") || (config_.gated && ends(role, ".up.weight")));
    if (p.rows < 1 || p.columns < 1 || p.offset != flat_) return Outcome::refuse(REFINE_CUDA_INPUT, "parameter " + role + " does not follow the one before it");
    if (!joined) count_ = (count_ + kGroup - 1) / kGroup * kGroup;
    parameters_.push_back({role, p.offset, count_, p.rows * p.columns, p.matrix != 0});
    count_ += p.rows * p.columns;
    flat_ += p.rows * p.columns;
  }
  count_ = (count_ + kGroup - 1) / kGroup * kGroup;
  return bind();
}

Outcome DeviceTrainer::bind() {
  const ModelConfig& c = config_;
  std::map<std::string, const Parameter*> by_role;
  for (const Parameter& p : parameters_) by_role[p.role] = &p;
  std::string missing;
  const auto find = [&](const std::string& role, int64_t numbers, bool optional = false) {
    const auto found = by_role.find(role);
    if (found == by_role.end() || found->second->count != numbers) {
      if (!(optional && found == by_role.end()) && missing.empty()) missing = role;
      return kAbsent;
    }
    return found->second->at;
  };
  const int64_t C = c.channels, keys = int64_t(c.kv_heads) * c.head_dim;
  embed_ = find("embed", int64_t(c.vocab) * C);
  head_ = options_.tied_head != 0 ? embed_ : find("head", int64_t(c.vocab) * C);
  for (int32_t l = 0; l < c.layers; ++l) {
    const std::string name = "layers." + std::to_string(l) + ".";
    TrainLayer at;
    at.norm1 = find(name + "norm1.weight", C, !c.norm_affine);
    at.norm1_bias = find(name + "norm1.bias", C, true);
    if (second_norm()) {
      at.norm2 = find(name + "norm2.weight", C, !c.norm_affine);
      at.norm2_bias = find(name + "norm2.bias", C, true);
    }
    at.qkv = find(name + "q.weight", queries() * C);
    find(name + "k.weight", keys * C);
    find(name + "v.weight", keys * C);
    at.o = find(name + "o.weight", C * queries());
    at.up = find(name + (c.gated ? "gate.weight" : "up.weight"), int64_t(c.hidden) * C);
    find(name + "up.weight", int64_t(c.hidden) * C);
    at.down = find(name + "down.weight", C * c.hidden);
    layers_.push_back(at);
  }
  if (c.final_norm) {
    final_norm_ = find("final_norm.weight", C, !c.norm_affine);
    final_norm_bias_ = find("final_norm.bias", C, true);
  }
  if (missing.empty()) return {};
  return Outcome::refuse(REFINE_CUDA_INPUT, "parameter " + missing + " is absent or has another shape than the configuration says");
}

void DeviceTrainer::lay_out_state(Parts& parts) {
  master_ = parts.take<float>(count_);
  first_ = parts.take<float>(count_);
  second_ = parts.take<float>(count_);
  gradient_ = parts.take<float>(count_);
  copy_ = narrow() ? parts.take<bf16>(count_) : nullptr;
  partials_ = parts.take<float>(squared_sum_partials(count_));
  squares_ = parts.take<double>(1);
  scale_ = parts.take<float>(2);  // scale, norm
  turns_ = config_.position == Position::kRotary && config_.rotary_dim > 0 ? parts.take<float>(int64_t(config_.context) * config_.rotary_dim) : nullptr;
}

void DeviceTrainer::lay_out_arena(Parts& parts, int64_t rows) {
  const ModelConfig& c = config_;
  const int64_t C = c.channels;
  const auto tensor = [&](int64_t columns) -> void* { return parts.take<unsigned char>(rows * columns * element()); };
  kept_.assign(layers_.size(), {});
  for (TrainKept& kept : kept_) {
    kept.in = tensor(C);
    kept.n1 = tensor(C);
    kept.n2 = second_norm() ? tensor(C) : nullptr;
    kept.mid = c.layout == BlockLayout::kSequential ? tensor(C) : nullptr;
    kept.qkv = tensor(wide());
    kept.attended = tensor(queries());
    kept.pre = tensor(hidden_inputs());
    kept.lse = parts.take<float>(rows * c.heads);
    for (float** statistics : {&kept.mean1, &kept.inverse1, &kept.mean2, &kept.inverse2}) *statistics = parts.take<float>(rows);
  }
  for (void** one : {&x_, &last_, &dx_, &dn_, &daside_}) *one = tensor(C);
  for (void** one : {&hidden_, &dhidden_}) *one = tensor(c.hidden);
  dqkv_ = tensor(wide());
  dattended_ = tensor(queries());
  for (float** one : {&final_mean_, &final_inverse_, &losses_, &log_sum_}) *one = parts.take<float>(rows);
  delta_ = parts.take<float>(rows * c.heads);
  norm_partials_ = parts.take<float>(norm_backward_partials(rows, C));
  Parts inputs;
  TrainInputs::lay_out(inputs, rows);
  input_bytes_ = inputs.used();
  inputs_ = parts.take<unsigned char>(int64_t(input_bytes_));
  const size_t head = std::max(vocab_loss_workspace(rows, c.vocab), narrow() ? vocab_loss_backward_workspace(rows, C, c.vocab) : vocab_loss_backward_f32_workspace(rows, c.vocab));
  context_.workspace_bytes = std::max<size_t>(size_t(1) << 16, head);
  context_.workspace = parts.take<unsigned char>(int64_t(context_.workspace_bytes));
}

Outcome DeviceTrainer::start(const refine_cuda_parameter* parameters, size_t count, const float* weights) {
  REFINE_STEP(place(parameters, count));
  int device = 0, major = 0, minor = 0;
  REFINE_TRY(cudaGetDevice(&device), "opening the device");
  REFINE_TRY(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "opening the device");
  REFINE_TRY(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "opening the device");
  REFINE_TRY(cudaDeviceGetAttribute(&context_.multiprocessors, cudaDevAttrMultiProcessorCount, device), "opening the device");
  context_.path = path_of(major, minor);
  REFINE_TRY(cudaStreamCreateWithFlags(&context_.stream, cudaStreamNonBlocking), "opening the device");

  capacity_ = std::max<int64_t>(options_.batch_tokens > 0 ? options_.batch_tokens : kBatchTokens, config_.context);
  Parts state, arena;
  lay_out_state(state);
  lay_out_arena(arena, capacity_);
  const cudaError_t room = state_block_.allocate(state.used(), options_.memory_limit), more = room == cudaSuccess ? arena_.allocate(arena.used(), options_.memory_limit) : room;
  if (more == cudaErrorMemoryAllocation) {
    size_t free = 0, total = 0;
    (void)cudaMemGetInfo(&free, &total);
    return Outcome::refuse(REFINE_CUDA_MEMORY, "weights, moments and gradients take " + mebibytes(state.used()) + ", the activations of " + std::to_string(capacity_) + " positions " +
                                                   mebibytes(arena.used()) + "; the device has " + mebibytes(free) + " free of " + mebibytes(total) +
                                                   (options_.memory_limit > 0 ? ", the limit is " + mebibytes(options_.memory_limit) : ""));
  }
  REFINE_TRY(more, "memory for training");
  Parts own_state(state_block_.data()), own_arena(arena_.data());
  lay_out_state(own_state);
  lay_out_arena(own_arena, capacity_);
  host_inputs_.resize(input_bytes_);

  REFINE_TRY(cudaMemset(state_block_.data(), 0, state_block_.bytes()), "clearing the trainer's state");
  for (const Parameter& p : parameters_) {
    REFINE_TRY(cudaMemcpy(master_ + p.at, weights + p.from, size_t(p.count) * 4, cudaMemcpyHostToDevice), "copying weights");
    if (!narrow()) continue;
    std::vector<bf16> rounded(size_t(p.count));
    std::transform(weights + p.from, weights + p.from + p.count, rounded.begin(), to_bf16);
    REFINE_TRY(cudaMemcpy(copy_ + p.at, rounded.data(), rounded.size() * 2, cudaMemcpyHostToDevice), "copying weights");
  }
  if (turns_ != nullptr) {
    const std::vector<float> table = rotary_table(config_.rotary_frequency, config_.rotary_factor, config_.context);
    REFINE_TRY(cudaMemcpy(turns_, table.data(), table.size() * 4, cudaMemcpyHostToDevice), "copying the turns of positions");
  }
  return {};
}

DeviceTrainer::~DeviceTrainer() {
  if (context_.stream == nullptr) return;
  cudaStreamSynchronize(context_.stream);
  cudaStreamDestroy(context_.stream);
  cudaGetLastError();
}

Outcome DeviceTrainer::check(const uint32_t* ids, const int32_t* offsets, size_t documents) const {
  REFINE_STEP(lost_device());
  for (size_t d = 0; d < documents; ++d) {
    const int64_t positions = int64_t(offsets[d + 1]) - offsets[d] - 1;
    if (positions > config_.context)
      return mistake("document " + std::to_string(d) + " needs " + std::to_string(positions) + " positions, the model has " + std::to_string(config_.context) + ". Cut it");
    for (int32_t i = offsets[d]; i < offsets[d + 1]; ++i)
      if (ids[i] >= uint32_t(config_.vocab)) return mistake("id " + std::to_string(ids[i]) + " at " + std::to_string(i) + " is outside the vocabulary of " + std::to_string(config_.vocab));
  }
  return {};
}

// Documents in their order, as many as fit the arena: a pure function of lengths and capacity.
std::vector<DeviceTrainer::Part> DeviceTrainer::parts_of(const int32_t* offsets, size_t documents) const {
  std::vector<Part> parts;
  for (size_t d = 0; d < documents; ++d) {
    const int64_t rows = std::max(0, offsets[d + 1] - offsets[d] - 1);
    if (rows == 0) continue;
    if (parts.empty() || parts.back().rows + rows > capacity_) parts.push_back({d, d, 0});
    parts.back().last = d + 1;
    parts.back().rows += rows;
  }
  return parts;
}

Outcome DeviceTrainer::send(const uint32_t* ids, const int32_t* offsets, const Part& part, int64_t targets) {
  Parts host(host_inputs_.data()), device(inputs_);
  in_ = TrainInputs::lay_out(host, capacity_);
  const TrainInputs& in = in_;
  std::vector<int32_t> starts{0};
  int64_t row = 0;
  for (size_t d = part.first; d < part.last; ++d) {
    for (int32_t i = offsets[d]; i + 1 < offsets[d + 1]; ++i, ++row) {
      in.ids[row] = ids[i];
      in.targets[row] = int32_t(ids[i + 1]);
      in.positions[row] = i - offsets[d];
      in.loss_gradient[row] = float(1.0 / double(targets));
    }
    if (row > starts.back()) starts.push_back(int32_t(row));
  }
  const auto tiles = attention_tiles(starts.data(), int64_t(starts.size()) - 1, true), key_tiles = attention_key_tiles(starts.data(), int64_t(starts.size()) - 1, true);
  std::copy(tiles.begin(), tiles.end(), in.tiles);
  std::copy(key_tiles.begin(), key_tiles.end(), in.key_tiles);
  const EmbedOrder order = embed_order(in.ids, row);
  std::copy(order.order.begin(), order.order.end(), in.order);
  std::copy(order.starts.begin(), order.starts.end(), in.starts);
  std::copy(order.ids.begin(), order.ids.end(), in.distinct);
  in_ = TrainInputs::lay_out(device, capacity_);
  in_.rows = row;
  in_.tile_count = int64_t(tiles.size());
  in_.distinct_count = int64_t(order.ids.size());
  REFINE_TRY(cudaMemcpyAsync(inputs_, host_inputs_.data(), input_bytes_, cudaMemcpyHostToDevice, context_.stream), "copying a batch");
  return {};
}

Outcome DeviceTrainer::pass(const uint32_t* ids, const int32_t* offsets, const Part& part, int64_t targets, bool train, std::vector<float>* losses) {
  REFINE_STEP(send(ids, offsets, part, targets));
  REFINE_STEP(narrow() ? forward<bf16>() : forward<float>());
  if (train) REFINE_STEP(narrow() ? backward<bf16>() : backward<float>());
  losses->resize(size_t(in_.rows));
  REFINE_TRY(cudaMemcpyAsync(losses->data(), losses_, losses->size() * 4, cudaMemcpyDeviceToHost, context_.stream), "copying losses");
  REFINE_TRY(cudaStreamSynchronize(context_.stream), "a training pass");
  return {};
}

// The gradient of the whole batch in gradient_, and its norm.
Outcome DeviceTrainer::sum(const uint32_t* ids, const int32_t* offsets, size_t documents, TrainStepResult* out) {
  REFINE_STEP(check(ids, offsets, documents));
  *out = {};
  const std::vector<Part> parts = parts_of(offsets, documents);
  for (const Part& part : parts) out->targets += part.rows;
  REFINE_TRY(cudaMemsetAsync(gradient_, 0, size_t(count_) * 4, context_.stream), "clearing gradients");
  std::vector<float> losses;
  double loss = 0;
  for (const Part& part : parts) {
    REFINE_STEP(pass(ids, offsets, part, out->targets, true, &losses));
    for (const float nats : losses) loss += double(nats);
  }
  out->loss = out->targets > 0 ? loss / double(out->targets) : 0;
  float measured[2] = {};
  REFINE_TRY(squared_sum<float>(context_, gradient_, count_, partials_, squares_, false), "the gradient's norm");
  REFINE_TRY(clip_scale(context_, squares_, options_.clip, scale_, scale_ + 1), "the gradient's norm");
  REFINE_TRY(cudaMemcpyAsync(measured, scale_, sizeof measured, cudaMemcpyDeviceToHost, context_.stream), "the gradient's norm");
  REFINE_TRY(cudaStreamSynchronize(context_.stream), "the gradient's norm");
  out->gradient = double(measured[1]);
  return {};
}

// The schedule of Trainer::step: a linear rise, then a cosine to the end, constant after it.
float DeviceTrainer::rate() const {
  const double step = double(steps_ + 1);
  if (steps_ < options_.warmup) return float(double(options_.rate) * (step / double(options_.warmup)));
  const double left = options_.total > options_.warmup ? std::min(1.0, double(steps_ - options_.warmup) / double(options_.total - options_.warmup)) : 1.0;
  return float(double(options_.rate) * (double(options_.final_share) + (1.0 - double(options_.final_share)) * 0.5 * (1.0 + std::cos(3.14159265358979323846 * left))));
}

Outcome DeviceTrainer::step(const uint32_t* ids, const int32_t* offsets, size_t documents, TrainStepResult* out) {
  const std::lock_guard<std::mutex> guard(turn_);
  REFINE_STEP(sum(ids, offsets, documents, out));
  out->rate = rate();
  if (out->targets == 0 || !std::isfinite(out->loss) || !std::isfinite(out->gradient)) return {};
  AdamwStep step;
  step.rate = out->rate;
  step.beta1 = options_.beta1;
  step.beta2 = options_.beta2;
  step.epsilon = options_.epsilon;
  step.correction1 = float(1.0 / (1.0 - std::pow(double(options_.beta1), double(steps_ + 1))));
  step.correction2 = float(1.0 / (1.0 - std::pow(double(options_.beta2), double(steps_ + 1))));
  // One launch for neighbours that decay alike; the zeros between groups stay zeros.
  for (size_t i = 0; i < parameters_.size();) {
    size_t end = i + 1;
    while (end < parameters_.size() && parameters_[end].matrix == parameters_[i].matrix) ++end;
    const int64_t from = parameters_[i].at, count = (end < parameters_.size() ? parameters_[end].at : count_) - from;
    step.decay = parameters_[i].matrix ? options_.decay : 0;
    REFINE_TRY(adamw<float>(context_, step, master_ + from, first_ + from, second_ + from, gradient_ + from, scale_, copy_ ? copy_ + from : nullptr, count), "AdamW");
    i = end;
  }
  REFINE_TRY(cudaStreamSynchronize(context_.stream), "AdamW");
  ++steps_;
  out->updated = true;
  return {};
}

Outcome DeviceTrainer::copy_out(const float* device, float* out) {
  for (const Parameter& p : parameters_) REFINE_TRY(cudaMemcpy(out + p.from, device + p.at, size_t(p.count) * 4, cudaMemcpyDeviceToHost), "copying parameters");
  return {};
}

Outcome DeviceTrainer::gradient(const uint32_t* ids, const int32_t* offsets, size_t documents, TrainStepResult* out, float* gradient) {
  const std::lock_guard<std::mutex> guard(turn_);
  REFINE_STEP(sum(ids, offsets, documents, out));
  return copy_out(gradient_, gradient);
}

Outcome DeviceTrainer::evaluate(const uint32_t* ids, const int32_t* offsets, size_t documents, float* out) {
  const std::lock_guard<std::mutex> guard(turn_);
  REFINE_STEP(check(ids, offsets, documents));
  std::fill_n(out, documents > 0 ? offsets[documents] : 0, std::numeric_limits<float>::quiet_NaN());
  std::vector<float> losses;
  for (const Part& part : parts_of(offsets, documents)) {
    REFINE_STEP(pass(ids, offsets, part, 1, false, &losses));
    size_t row = 0;
    for (size_t d = part.first; d < part.last; ++d)
      for (int32_t i = offsets[d] + 1; i < offsets[d + 1]; ++i) out[i] = losses[row++];
  }
  return {};
}

Outcome DeviceTrainer::weights(float* out) {
  const std::lock_guard<std::mutex> guard(turn_);
  REFINE_STEP(lost_device());
  return copy_out(master_, out);
}

}  // namespace refine::cuda
