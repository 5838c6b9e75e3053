// A model's weights on the device; see WeightLoader in model.h. Roles and shapes: refine/model_reference.h.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "model.h"

namespace refine::cuda {

namespace {

std::string shape_text(int64_t rows, int64_t columns) { return rows == 1 ? std::to_string(columns) : std::to_string(rows) + " x " + std::to_string(columns); }

// Blocks of `from` numbers become blocks of `to`, the rest zeros.
std::vector<float> padded(std::vector<float> values, int64_t from, int64_t to) {
  if (from == to) return values;
  std::vector<float> out(values.size() / size_t(from) * size_t(to), 0.0f);
  for (size_t block = 0; block < values.size() / size_t(from); ++block)
    std::copy_n(values.begin() + int64_t(block) * from, from, out.begin() + int64_t(block) * to);
  return out;
}

template <class Number>
void put(const std::vector<Number>& values, std::vector<unsigned char>* out) {
  const size_t before = out->size();
  out->resize(before + values.size() * sizeof(Number));
  std::memcpy(out->data() + before, values.data(), values.size() * sizeof(Number));
}

void put_typed(const std::vector<float>& values, Dtype dtype, std::vector<unsigned char>* out) {
  if (dtype == Dtype::kF32) return put(values, out);
  std::vector<bf16> narrow(values.size());
  for (size_t i = 0; i < values.size(); ++i) narrow[i] = to_bf16(values[i]);
  put(narrow, out);
}

constexpr size_t aligned(size_t bytes) { return (bytes + 255) / 256 * 256; }

// As quantise_rows does it: q = nearest even(x (127 / max |x|)), scale = max |x| / 127.
void put_int8(const std::vector<float>& values, int64_t rows, int64_t columns, std::vector<unsigned char>* out) {
  std::vector<int8_t> narrow(values.size());
  std::vector<float> scales(static_cast<size_t>(rows));
  for (int64_t r = 0; r < rows; ++r) {
    const float* const row = values.data() + r * columns;
    float highest = 0;
    for (int64_t c = 0; c < columns; ++c) highest = std::max(highest, std::fabs(row[c]));
    const float factor = highest < 1e-30f ? 0.0f : 127.0f / highest;
    scales[size_t(r)] = highest < 1e-30f ? 0.0f : highest / 127.0f;
    for (int64_t c = 0; c < columns; ++c) narrow[size_t(r * columns + c)] = int8_t(std::nearbyint(row[c] * factor));
  }
  put(narrow, out);
  out->resize(aligned(out->size()));
  put(scales, out);
}

constexpr size_t kStaging = size_t(32) << 20;

}  // namespace

int32_t padded_head(int32_t dim) {
  for (const int32_t taken : {32, 64, 80, 96, 128})
    if (dim <= taken) return taken;
  return 0;
}

// Rows of a joined matrix. `from`: numbers of one head in the flat matrix, which become `to`; 0: as they are.
struct WeightLoader::Part {
  std::string role;
  int64_t rows, columns;
  int64_t from = 0, to = 0;
  bool rows_padded = false;  // else a head's columns are
  int64_t wide_rows() const { return rows_padded ? rows * to / from : rows; }
  int64_t wide_columns() const { return from && !rows_padded ? columns * to / from : columns; }
};

bool WeightLoader::has(const std::string& role) const {
  int64_t rows = 0, columns = 0;
  return weights_.shape(weights_.user, role.c_str(), &rows, &columns) != 0;
}

Outcome WeightLoader::expect(const std::string& role, int64_t rows, int64_t columns) const {
  int64_t found_rows = 0, found_columns = 0;
  if (!weights_.shape(weights_.user, role.c_str(), &found_rows, &found_columns))
    return Outcome::refuse(REFINE_CUDA_INPUT, "the model has no weight \"" + role + "\" (" + shape_text(rows, columns) + "), which its config asks for");
  if (found_rows != rows || found_columns != columns)
    return Outcome::refuse(REFINE_CUDA_INPUT, "weight \"" + role + "\" is " + shape_text(found_rows, found_columns) + ", its config asks for " + shape_text(rows, columns));
  return {};
}

Outcome WeightLoader::read(const std::string& role, int64_t count, std::vector<float>* out) const {
  out->resize(size_t(count));
  weights_.read(weights_.user, role.c_str(), out->data());
  return {};
}

Outcome WeightLoader::fetch(const std::string& role, int64_t rows, int64_t columns, std::vector<float>* out) const {
  int64_t found_rows = 0, found_columns = 0;
  if (rows == 0 && weights_.shape(weights_.user, role.c_str(), &found_rows, &found_columns)) rows = found_rows;
  if (auto outcome = expect(role, rows, columns); !outcome.ok()) return outcome;
  return read(role, rows * columns, out);
}

Outcome WeightLoader::table(const std::string& role, int64_t rows, int64_t columns, const void** to) {
  if (auto outcome = expect(role, rows, columns); !outcome.ok()) return outcome;
  const size_t size = dtype_ == Dtype::kF32 ? 4 : 2;
  entries_.push_back({size_t(rows * columns) * size, [to](unsigned char* device) { *to = device; },
                      [this, role, rows, columns](std::vector<unsigned char>* out) {
                        std::vector<float> values;
                        const Outcome outcome = read(role, rows * columns, &values);
                        put_typed(values, dtype_, out);
                        return outcome;
                      }});
  return {};
}

Outcome WeightLoader::floats(const std::string& role, int64_t count, const float** to, int64_t from, int64_t block, float factor) {
  if (auto outcome = expect(role, 1, count); !outcome.ok()) return outcome;
  const int64_t wide = from ? count / from * block : count;
  entries_.push_back({size_t(wide) * 4, [to](unsigned char* device) { *to = reinterpret_cast<const float*>(device); },
                      [this, role, count, from, block, factor](std::vector<unsigned char>* out) {
                        std::vector<float> values;
                        const Outcome outcome = read(role, count, &values);
                        for (float& value : values) value *= factor;
                        put(from ? padded(std::move(values), from, block) : values, out);
                        return outcome;
                      }});
  return {};
}

Outcome WeightLoader::norm(const std::string& role, NormLayer* to, bool optional) {
  if (config_.norm_affine || has(role + ".weight")) {
    if (optional && !has(role + ".weight")) return {};
    if (auto outcome = floats(role + ".weight", config_.channels, &to->weight); !outcome.ok()) return outcome;
  }
  return has(role + ".bias") ? floats(role + ".bias", config_.channels, &to->bias) : Outcome{};
}

Outcome WeightLoader::linear(const std::vector<Part>& parts, LinearLayer* to) {
  bool biased = false;
  for (const Part& part : parts) {
    if (auto outcome = expect(part.role + ".weight", part.rows, part.columns); !outcome.ok()) return outcome;
    to->n += part.wide_rows();
    to->k = part.wide_columns();
    if (!has(part.role + ".bias")) continue;
    biased = true;
    if (auto outcome = expect(part.role + ".bias", 1, part.rows); !outcome.ok()) return outcome;
  }
  const int64_t n = to->n, k = to->k;
  const bool int8 = dtype_ == Dtype::kInt8;
  const size_t numbers = size_t(n * k), weight_bytes = int8 ? aligned(numbers) + size_t(n) * 4 : numbers * (dtype_ == Dtype::kF32 ? 4 : 2);
  entries_.push_back({weight_bytes,
                      [=](unsigned char* device) {
                        to->weight = device;
                        if (int8) to->scale = reinterpret_cast<const float*>(device + aligned(numbers));
                      },
                      [=, this](std::vector<unsigned char>* out) {
                        std::vector<float> joined;
                        joined.reserve(numbers);
                        for (const Part& part : parts) {
                          std::vector<float> values;
                          if (auto outcome = read(part.role + ".weight", part.rows * part.columns, &values); !outcome.ok()) return outcome;
                          if (part.from) values = padded(std::move(values), part.from, part.to);
                          joined.insert(joined.end(), values.begin(), values.end());
                        }
                        if (int8) put_int8(joined, n, k, out);
                        else put_typed(joined, dtype_, out);
                        return Outcome{};
                      }});
  if (!biased) return {};
  entries_.push_back({size_t(n) * 4, [to](unsigned char* device) { to->bias = reinterpret_cast<const float*>(device); },
                      [this, parts](std::vector<unsigned char>* out) {
                        std::vector<float> joined;
                        for (const Part& part : parts) {
                          std::vector<float> values(size_t(part.rows), 0.0f);
                          if (has(part.role + ".bias")) (void)read(part.role + ".bias", part.rows, &values);
                          if (part.rows_padded) values = padded(std::move(values), part.from / part.columns, part.to / part.columns);
                          joined.insert(joined.end(), values.begin(), values.end());
                        }
                        put(joined, out);
                        return Outcome{};
                      }});
  return {};
}

Outcome WeightLoader::plan(ModelTensors* tensors, size_t* bytes) {
  const auto& c = config_;
  const int64_t C = c.channels, D = c.head_dim, Dp = padded_head(c.head_dim), H = c.heads, G = c.kv_heads, F = c.hidden;
  Outcome outcome;
  const auto also = [&outcome](auto&& next) {
    if (outcome.ok()) outcome = next();
  };
  also([&] { return table("embed", c.vocab, C, &tensors->embed); });
  if (c.position == Position::kLearned) also([&] { return table("positions", c.context + c.position_offset, C, &tensors->positions); });
  if (c.segments > 0) also([&] { return table("segments", c.segments, C, &tensors->segments); });
  if (c.embedding_norm) also([&] { return norm("embed_norm", &tensors->embed_norm, false); });
  if (c.final_norm) also([&] { return norm("final_norm", &tensors->final_norm, false); });
  tensors->layers.resize(size_t(c.layers));
  for (int32_t n = 0; n < c.layers && outcome.ok(); ++n) {
    const std::string name = "layers." + std::to_string(n) + ".";
    LayerWeights& layer = tensors->layers[size_t(n)];
    also([&] { return norm(name + "norm1", &layer.norm1, false); });
    if (c.layout != BlockLayout::kParallel || c.two_norms) also([&] { return norm(name + "norm2", &layer.norm2, false); });
    if (c.qk_norm) {
      // The mean square of a padded row is D / Dp of the row's own: the weights and the epsilon take that up.
      const float factor = std::sqrt(float(D) / float(Dp));
      also([&] { return floats(name + "q_norm.weight", H * D, &layer.q_norm.weight, D, Dp, factor); });
      also([&] { return floats(name + "k_norm.weight", G * D, &layer.k_norm.weight, D, Dp, factor); });
    }
    const auto heads_of = [&](const char* part, int64_t heads) { return Part{name + part, heads * D, C, D * C, Dp * C, true}; };
    also([&] { return linear({heads_of("q", H), heads_of("k", G), heads_of("v", G)}, &layer.qkv); });
    also([&] { return linear({Part{name + "o", C, H * D, D, Dp, false}}, &layer.o); });
    if (c.gated) also([&] { return linear({Part{name + "gate", F, C}, Part{name + "up", F, C}}, &layer.up); });
    else also([&] { return linear({Part{name + "up", F, C}}, &layer.up); });
    also([&] { return linear({Part{name + "down", C, F}}, &layer.down); });
  }
  if (c.position == Position::kAlibi && outcome.ok())
    entries_.push_back({c.alibi_slope.size() * 4, [tensors](unsigned char* device) { tensors->alibi_slope = reinterpret_cast<const float*>(device); },
                        [this](std::vector<unsigned char>* out) {
                          put(config_.alibi_slope, out);
                          return Outcome{};
                        }});
  if ((c.causal || has("head")) && outcome.ok()) {
    const std::string role = has("head") ? "head" : "embed";
    also([&] { return expect(role, c.vocab, C); });
    LinearLayer* const head = &tensors->head;
    head->n = c.vocab;
    head->k = C;
    const size_t numbers = size_t(c.vocab) * size_t(C);
    if (role == "embed" && dtype_ != Dtype::kInt8) {  // tied: the table itself, whose entry is the first
      const auto bind = entries_.front().bind;
      entries_.front().bind = [bind, head](unsigned char* device) {
        bind(device);
        head->weight = device;
      };
    } else {
      const bool int8 = dtype_ == Dtype::kInt8;
      entries_.push_back({int8 ? aligned(numbers) + size_t(c.vocab) * 4 : numbers * (dtype_ == Dtype::kF32 ? 4 : 2),
                          [=](unsigned char* device) {
                            head->weight = device;
                            if (int8) head->scale = reinterpret_cast<const float*>(device + aligned(numbers));
                          },
                          [=, this](std::vector<unsigned char>* out) {
                            std::vector<float> values;
                            const Outcome read_role = read(role, int64_t(numbers), &values);
                            if (int8) put_int8(values, config_.vocab, config_.channels, out);
                            else put_typed(values, dtype_, out);
                            return read_role;
                          }});
    }
  }
  *bytes = 0;
  for (const Entry& entry : entries_) *bytes += aligned(entry.bytes);
  return outcome;
}

Outcome WeightLoader::load(unsigned char* device) {
  HostBlock staging;
  if (auto outcome = outcome_of(staging.allocate(kStaging), "pinned memory for weights"); !outcome.ok()) return outcome;
  for (const Entry& entry : entries_) {
    std::vector<unsigned char> bytes;
    bytes.reserve(entry.bytes);
    if (auto outcome = entry.make(&bytes); !outcome.ok()) return outcome;
    if (bytes.size() != entry.bytes) return Outcome::refuse(REFINE_CUDA_FAILED, "a tensor of " + std::to_string(bytes.size()) + " bytes where " + std::to_string(entry.bytes) + " were planned");
    for (size_t at = 0; at < bytes.size(); at += kStaging) {
      const size_t count = std::min(kStaging, bytes.size() - at);
      std::memcpy(staging.data(), bytes.data() + at, count);
      if (auto outcome = outcome_of(cudaMemcpy(device + at, staging.data(), count, cudaMemcpyHostToDevice), "uploading weights"); !outcome.ok()) return outcome;
    }
    entry.bind(device);
    device += aligned(entry.bytes);
  }
  return {};
}

}  // namespace refine::cuda
