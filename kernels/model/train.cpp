// The trainer: batches cut in slices, gradients added in slice order, AdamW with a cosine schedule; see model_train.h.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <limits>
#include <mutex>
#include <thread>

#include "train_state.h"

namespace refine {
using train::kNone;
using train::Slice;

struct Trainer::Impl {
  train::Shape shape;
  std::vector<float> weights, first, second, gradient;  // AdamW's moments
  std::vector<std::unique_ptr<Slice>> scratch;           // one a thread
  const train::Loops* loops = &train::loops_of(best_isa());
  int64_t steps = 0;
  float rate = 0;

  Status check(const TrainBatch& batch, bool labelled) const;
  void fill(const TrainBatch& batch, size_t from, size_t end, Slice& s) const;
  Status sum(const TrainBatch& batch, TrainStep* out);
};

namespace {
constexpr char kMagic[8] = {'R', 'F', 'T', 'R', 'A', 'I', 'N', '1'};
constexpr int64_t kMaxBytes = int64_t(64) << 30;

Status bad_model(std::string message) { return Status::error("ERR_REFINE_WEIGHTS", "cannot train this model: " + std::move(message)); }
Status bad_input(std::string message) { return Status::error("ERR_REFINE_INPUT", "training batch: " + std::move(message)); }

uint64_t fingerprint(const train::Shape& shape) {  // FNV-1a over roles and shapes
  uint64_t hash = 0xCBF29CE484222325ull;
  const auto take = [&](const void* data, size_t size) {
    for (size_t i = 0; i < size; ++i) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001B3ull;
  };
  for (const auto& p : shape.parameters) {
    take(p.role.data(), p.role.size());
    take(&p.rows, sizeof p.rows);
    take(&p.columns, sizeof p.columns);
  }
  return hash;
}

Status check_shape(const ModelConfig& c, const TrainOptions& o) {
  if (auto status = check_config(c); !status.ok()) return status;
  if (c.layout == BlockLayout::kNormAfter) return bad_model("norms after the branches (OLMo-2) have no backward pass");
  if (c.position == Position::kAlibi) return bad_model("ALiBi has no backward pass");
  if (c.clip_qkv != 0 || c.qk_norm) return bad_model("clipped or normalised queries and keys have no backward pass");
  if (c.position == Position::kRotary && (c.rotary_dim % 2 != 0 || c.rotary_frequency.size() != size_t(c.rotary_dim) / 2)) return bad_model("rotary tables do not fit");
  if (o.goal == TrainGoal::kClassify && o.labels < 2) return bad_model("a classifier needs two labels or more");
  if (o.slices < 1 || o.slices > 4096 || o.threads < 1 || o.threads > 256) return bad_model("slices lie in 1..4096, threads in 1..256");
  if (!(o.rate > 0) || !(o.beta1 >= 0 && o.beta1 < 1) || !(o.beta2 >= 0 && o.beta2 < 1) || !(o.epsilon > 0) || !(o.decay >= 0) || !(o.clip >= 0)) return bad_model("rate, betas, epsilon, decay or clip out of range");
  return {};
}
}  // namespace

int64_t training_bytes(const ModelConfig& config, const TrainOptions& options, int64_t positions) {
  const double C = config.channels, F = double(config.hidden) * (config.gated ? 2 : 1), D = config.head_dim, H = config.heads, G = config.kv_heads, V = config.vocab;
  double parameters = V * C * (options.tied_head || options.goal == TrainGoal::kClassify ? 1 : 2) + C * C;
  parameters += double(config.layers) * (C * (2 * H + 2 * G) * D + C * (F + config.hidden) + 8 * C);
  if (config.position == Position::kLearned) parameters += double(config.context) * C;
  const double row = double(config.layers) * (5 * C + (2 * H + 2 * G) * D + H + F) + 8 * C + 4 * (H + 2 * G) * D + 2 * config.hidden;
  const double bytes = 4 * (parameters * (4 + options.threads) + double(positions) * row + 192 * V * options.threads);
  return bytes < 9e18 ? int64_t(bytes) : INT64_MAX;
}

Trainer::Trainer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Trainer::~Trainer() = default;

Status Trainer::create(const ModelConfig& config, const TrainOptions& options, std::unique_ptr<Trainer>* out) {
  if (auto status = check_shape(config, options); !status.ok()) return status;
  if (training_bytes(config, options, 0) > kMaxBytes) return Status::error("ERR_REFINE_MEMORY", "training this model needs " + std::to_string(training_bytes(config, options, 0) >> 20) + " MiB before any text, the limit is " + std::to_string(kMaxBytes >> 20));
  auto impl = std::make_unique<Impl>();
  impl->shape.config = config;
  impl->shape.options = options;
  train::lay_out(impl->shape);
  const size_t count = impl->shape.count;
  impl->weights.resize(count);
  impl->first.resize(count);
  impl->second.resize(count);
  impl->gradient.resize(count);
  train::initialise(impl->shape, impl->weights.data());
  out->reset(new Trainer(std::move(impl)));
  return {};
}

Status Trainer::Impl::check(const TrainBatch& batch, bool labelled) const {
  const bool next = shape.options.goal == TrainGoal::kNextToken;
  for (size_t d = 0; d < batch.documents; ++d) {
    const int64_t length = int64_t(batch.offsets[d + 1]) - batch.offsets[d], positions = next ? length - 1 : length;
    if (positions > shape.config.context) return bad_input("document " + std::to_string(d) + " needs " + std::to_string(positions) + " positions, the model has " + std::to_string(shape.config.context) + ". Cut it");
    if (!next && length < 1) return bad_input("document " + std::to_string(d) + " is empty; a classifier reads its first position");
    for (int32_t i = batch.offsets[d]; i < batch.offsets[d + 1]; ++i)
      if (batch.ids[i] >= shape.V) return bad_input("id " + std::to_string(batch.ids[i]) + " at " + std::to_string(i) + " is outside the vocabulary of " + std::to_string(shape.V));
    if (!next && labelled && (!batch.labels || batch.labels[d] < 0 || batch.labels[d] >= shape.options.labels)) return bad_input("document " + std::to_string(d) + " has no label in 0.." + std::to_string(shape.options.labels - 1));
  }
  return {};
}

void Trainer::Impl::fill(const TrainBatch& batch, size_t from, size_t end, Slice& s) const {
  const bool next = shape.options.goal == TrainGoal::kNextToken;
  s.ids.clear(), s.next.clear(), s.place.clear(), s.labels.clear();
  s.starts.assign(1, 0);
  for (size_t d = from; d < end; ++d) {
    const int32_t begin = batch.offsets[d], stop = batch.offsets[d + 1] - (next ? 1 : 0);
    for (int32_t i = begin; i < stop; ++i) {
      s.ids.push_back(batch.ids[i]);
      if (next) s.next.push_back(batch.ids[i + 1]);
      s.place.push_back(i - begin);
    }
    if (s.ids.size() > s.starts.back()) s.starts.push_back(s.ids.size());
    if (!next) s.labels.push_back(batch.labels ? batch.labels[d] : 0);
  }
  s.rows = s.ids.size();
}

// gradient = sum over slices, in order; out: loss and norm.
Status Trainer::Impl::sum(const TrainBatch& batch, TrainStep* out) {
  if (auto status = check(batch, true); !status.ok()) return status;
  const bool next = shape.options.goal == TrainGoal::kNextToken;
  const auto rows_of = [&](size_t d) { return std::max<int64_t>(0, int64_t(batch.offsets[d + 1]) - batch.offsets[d] - (next ? 1 : 0)); };
  int64_t rows = 0;
  for (size_t d = 0; d < batch.documents; ++d) rows += rows_of(d);
  const int64_t targets = next ? rows : int64_t(batch.documents);
  *out = {};
  out->targets = targets;
  std::fill(gradient.begin(), gradient.end(), 0.0f);
  if (targets == 0) return {};
  const size_t slices = size_t(shape.options.slices);
  std::vector<size_t> cut(slices + 1, batch.documents);  // a document belongs to the slice its first row falls in
  cut[0] = 0;
  int64_t row = 0;
  for (size_t d = 0, s = 0; d < batch.documents; ++d) {
    const size_t slice = size_t(row * int64_t(slices) / rows);
    while (s < slice) cut[++s] = d;
    row += rows_of(d);
  }
  const size_t threads = std::min(size_t(shape.options.threads), slices);
  while (scratch.size() < threads) scratch.push_back(std::make_unique<Slice>());
  const float weight = float(1.0 / double(targets));
  std::mutex mutex;
  std::condition_variable changed;
  size_t turn = 0;
  double loss = 0;
  const auto work = [&](size_t thread) {
    Slice& s = *scratch[thread];
    for (size_t slice = thread; slice < slices; slice += threads) {
      fill(batch, cut[slice], cut[slice + 1], s);
      s.loss = 0;
      if (s.rows > 0) {
        s.gradient.assign(shape.count, 0.0f);
        train::forward(shape, weights.data(), *loops, s);
        if (next) train::language_head(shape, weights.data(), *loops, s, weight);
        else train::classifier_head(shape, weights.data(), *loops, s, weight);
        train::backward(shape, weights.data(), *loops, s);
      }
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return turn == slice; });
      if (s.rows > 0) loops->add(gradient.data(), s.gradient.data(), shape.count);
      loss += s.loss;
      ++turn;
      changed.notify_all();
    }
  };
  std::vector<std::thread> others;
  for (size_t t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  for (auto& other : others) other.join();
  out->loss = loss / double(targets);
  out->gradient = std::sqrt(loops->squares(gradient.data(), gradient.size()));
  return {};
}

Status Trainer::gradient(const TrainBatch& batch, TrainStep* out, std::vector<float>* gradient) {
  auto status = impl_->sum(batch, out);
  if (status.ok()) *gradient = impl_->gradient;
  return status;
}

Status Trainer::step(const TrainBatch& batch, TrainStep* out) {
  auto& m = *impl_;
  if (auto status = m.sum(batch, out); !status.ok()) return status;
  const auto& o = m.shape.options;
  const double step = double(m.steps + 1);
  double share = 1;
  if (m.steps < o.warmup) share = step / double(o.warmup);
  else {
    const double left = o.total > o.warmup ? std::min(1.0, double(m.steps - o.warmup) / double(o.total - o.warmup)) : 1.0;
    share = o.final_share + (1.0 - o.final_share) * 0.5 * (1.0 + std::cos(3.14159265358979323846 * left));
  }
  out->rate = float(o.rate * share);
  if (out->targets == 0 || !std::isfinite(out->loss) || !std::isfinite(out->gradient)) return {};
  const float scale = o.clip > 0 && out->gradient > o.clip ? float(o.clip / out->gradient) : 1.0f;
  const float correction1 = float(1.0 / (1.0 - std::pow(double(o.beta1), step))), correction2 = float(1.0 / (1.0 - std::pow(double(o.beta2), step)));
  for (const auto& p : m.shape.parameters)
    m.loops->adamw(m.weights.data() + p.offset, m.gradient.data() + p.offset, m.first.data() + p.offset, m.second.data() + p.offset, size_t(p.rows) * size_t(p.columns), out->rate, o.beta1, o.beta2, o.epsilon, p.matrix ? o.decay : 0.0f, scale, correction1, correction2);
  ++m.steps;
  out->updated = true;
  return {};
}

Status Trainer::evaluate(const TrainBatch& batch, std::vector<float>* out) {
  auto& m = *impl_;
  if (auto status = m.check(batch, false); !status.ok()) return status;
  const bool next = m.shape.options.goal == TrainGoal::kNextToken;
  const size_t labels = size_t(m.shape.options.labels);
  if (m.scratch.empty()) m.scratch.push_back(std::make_unique<Slice>());
  Slice& s = *m.scratch[0];
  out->assign(next ? size_t(batch.documents ? batch.offsets[batch.documents] : 0) : batch.documents * labels, std::numeric_limits<float>::quiet_NaN());
  for (size_t from = 0; from < batch.documents;) {
    size_t end = from + 1;  // about 2,048 positions at once: no row depends on its neighbours
    while (end < batch.documents && batch.offsets[end + 1] - batch.offsets[from] <= 2048) ++end;
    m.fill(batch, from, end, s);
    if (s.rows > 0) {
      train::forward(m.shape, m.weights.data(), *m.loops, s);
      if (next) {
        train::language_head(m.shape, m.weights.data(), *m.loops, s, 0);
        size_t row = 0;
        for (size_t d = from; d < end; ++d)
          for (int32_t i = batch.offsets[d] + 1; i < batch.offsets[d + 1]; ++i) (*out)[size_t(i)] = s.losses[row++];
      } else {
        train::classifier_head(m.shape, m.weights.data(), *m.loops, s, 0);
        std::copy_n(s.out.data(), (end - from) * labels, out->data() + from * labels);
      }
    }
    from = end;
  }
  return {};
}

const ModelConfig& Trainer::config() const { return impl_->shape.config; }
const TrainOptions& Trainer::options() const { return impl_->shape.options; }
const std::vector<TrainParameter>& Trainer::parameters() const { return impl_->shape.parameters; }
const float* Trainer::weights() const { return impl_->weights.data(); }
size_t Trainer::weight_count() const { return impl_->weights.size(); }
int64_t Trainer::steps() const { return impl_->steps; }
void Trainer::set_threads(int32_t threads) { impl_->shape.options.threads = std::clamp(threads, 1, 256); }

Status Trainer::put(std::string_view role, const float* values, size_t count) {
  for (const auto& p : impl_->shape.parameters) {
    if (p.role != role) continue;
    if (count != size_t(p.rows) * size_t(p.columns)) return bad_model(p.role + " has " + std::to_string(count) + " numbers, expected " + std::to_string(p.rows) + " x " + std::to_string(p.columns));
    std::copy_n(values, count, impl_->weights.data() + p.offset);
    return {};
  }
  return bad_model("it has no parameter '" + std::string(role) + "'");
}

std::string Trainer::state() const {
  const uint64_t head[3] = {fingerprint(impl_->shape), impl_->weights.size(), uint64_t(impl_->steps)};
  std::string out(kMagic, sizeof kMagic);
  out.append(reinterpret_cast<const char*>(head), sizeof head);
  for (const auto* part : {&impl_->weights, &impl_->first, &impl_->second}) out.append(reinterpret_cast<const char*>(part->data()), part->size() * sizeof(float));
  return out;
}

Status Trainer::restore(std::string_view state) {
  uint64_t head[3];
  const size_t bytes = impl_->weights.size() * sizeof(float);
  if (state.size() != sizeof kMagic + sizeof head + 3 * bytes || std::memcmp(state.data(), kMagic, sizeof kMagic) != 0) return Status::error("ERR_REFINE_WEIGHTS", "a trainer's state has " + std::to_string(state.size()) + " bytes, this model's has " + std::to_string(sizeof kMagic + sizeof head + 3 * bytes));
  std::memcpy(head, state.data() + sizeof kMagic, sizeof head);
  if (head[0] != fingerprint(impl_->shape)) return Status::error("ERR_REFINE_WEIGHTS", "this state belongs to a model of another shape");
  const char* from = state.data() + sizeof kMagic + sizeof head;
  for (auto* part : {&impl_->weights, &impl_->first, &impl_->second}) {
    std::memcpy(part->data(), from, bytes);
    from += bytes;
  }
  impl_->steps = int64_t(head[2]);
  return {};
}

}  // namespace refine
