// ModelWeights: the checks of a plan against its files, and reading by role. Conversions are in weights_convert.cpp.
#include "refine/model_weights.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace refine {
namespace {

Status refuse(const std::string& place, const std::string& words) { return Status::error("ERR_REFINE_WEIGHTS", place + ": " + words); }

// a * b, false where it passes 2^63: no file is that long.
bool product(uint64_t a, uint64_t b, uint64_t* out) {
  if (a != 0 && b > uint64_t(INT64_MAX) / a) return false;
  *out = a * b;
  return true;
}

Status check_source(const WeightsPlan& plan, size_t at, const std::vector<std::unique_ptr<MappedFile>>& files) {
  const auto& source = plan.sources[at];
  const std::string place = "tensor source " + std::to_string(at);
  if (source.file >= files.size()) return refuse(place, "names file " + std::to_string(source.file) + " of " + std::to_string(files.size()));
  uint64_t count = 0, bytes = 0;
  if (!product(source.rows, source.columns, &count) || !product(count, weight_type_bytes(source.type), &bytes) || bytes != source.bytes)
    return refuse(plan.files[source.file], place + " has the shape (" + std::to_string(source.rows) + ", " + std::to_string(source.columns) + ") and " +
                                               std::to_string(source.bytes) + " bytes, which do not agree");
  const uint64_t length = files[source.file]->bytes().size();
  if (source.begin > length || source.bytes > length - source.begin)
    return refuse(plan.files[source.file], place + " ends at byte " + std::to_string(source.begin) + " + " + std::to_string(source.bytes) + "; the file has " +
                                               std::to_string(length) + ". It is truncated, or not the one that was planned for");
  const bool quantised = source.type == WeightType::kI8;
  if (quantised != (source.scales >= 0)) return refuse(plan.files[source.file], place + (quantised ? " is int8 without scales" : " has scales and is not int8"));
  return {};
}

Status check_tensor(const WeightsPlan& plan, const RoleTensor& tensor) {
  const std::string place = "role " + tensor.role;
  if (tensor.source >= plan.sources.size()) return refuse(place, "names tensor source " + std::to_string(tensor.source) + " of " + std::to_string(plan.sources.size()));
  const auto& source = plan.sources[tensor.source];
  const uint64_t rows = tensor.transpose ? source.columns : source.rows, columns = tensor.transpose ? source.rows : source.columns;
  uint64_t taken = 0;
  for (const auto& range : tensor.rows) {
    if (range.start > rows || range.count > rows - range.start)
      return refuse(place, "takes rows " + std::to_string(range.start) + " + " + std::to_string(range.count) + " of " + std::to_string(rows));
    taken += range.count;  // at most 2^32 ranges of 2^32 rows
  }
  uint64_t size = 0;
  const bool vector = tensor.shape_rows == 1 && columns == 1 && tensor.shape_columns == taken;
  const bool matrix = tensor.shape_rows == taken && tensor.shape_columns == columns;
  if ((!vector && !matrix) || !product(taken, columns, &size))
    return refuse(place, "comes to " + std::to_string(taken) + " rows of " + std::to_string(columns) + "; expected (" + std::to_string(tensor.shape_rows) + ", " +
                             std::to_string(tensor.shape_columns) + ")");
  if (source.scales >= 0) {
    if (uint64_t(source.scales) >= plan.sources.size()) return refuse(place, "names scales that are no tensor source");
    const auto& scales = plan.sources[size_t(source.scales)];
    if (scales.type != WeightType::kF32 || scales.columns != 1 || scales.rows != rows)
      return refuse(place, "has scales of " + std::to_string(scales.rows) + " rows; expected float32, one for each of its " + std::to_string(rows) + " output rows");
  }
  return {};
}

}  // namespace

size_t weight_type_bytes(WeightType type) {
  switch (type) {
    case WeightType::kI8: return 1;
    case WeightType::kBf16:
    case WeightType::kF16: return 2;
    case WeightType::kF32: return 4;
    case WeightType::kF64: return 8;
  }
  return 8;
}

Status ModelWeights::load(const WeightsPlan& plan, std::shared_ptr<ModelWeights>* out) {
  auto weights = std::make_shared<ModelWeights>();
  for (const auto& path : plan.files) {
    auto file = std::make_unique<MappedFile>();
    if (const auto status = file->open(path); !status.ok()) return status;
    weights->files_.push_back(std::move(file));
  }
  for (size_t at = 0; at < plan.sources.size(); ++at)
    if (const auto status = check_source(plan, at, weights->files_); !status.ok()) return status;
  weights->sources_ = plan.sources;
  for (const auto& tensor : plan.tensors) {
    if (const auto status = check_tensor(plan, tensor); !status.ok()) return status;
    if (!weights->by_role_.emplace(tensor.role, weights->entries_.size()).second) return refuse("role " + tensor.role, "stands there twice");
    auto entry = std::make_unique<Entry>();
    entry->tensor = tensor;
    weights->entries_.push_back(std::move(entry));
  }
  *out = std::move(weights);
  return {};
}

const ModelWeights::Entry* ModelWeights::find(std::string_view role) const {
  const auto found = by_role_.find(std::string(role));
  return found == by_role_.end() ? nullptr : entries_[found->second].get();
}

ModelWeights::Shape ModelWeights::shape(std::string_view role) const {
  const auto* entry = find(role);
  return entry ? Shape{entry->tensor.shape_rows, entry->tensor.shape_columns} : Shape{};
}

WeightType ModelWeights::type(std::string_view role) const {
  const auto* entry = find(role);
  return entry && !entry->owned ? sources_[entry->tensor.source].type : WeightType::kF32;
}

std::vector<std::string> ModelWeights::roles() const {
  std::vector<std::string> out;
  for (const auto& entry : entries_) out.push_back(entry->tensor.role);
  return out;
}

float ModelWeights::scale(const TensorSource& source, uint64_t row) const {
  const auto& scales = sources_[size_t(source.scales)];
  float value;
  std::memcpy(&value, files_[scales.file]->bytes().data() + scales.begin + row * sizeof(float), sizeof(float));
  return value;
}

void ModelWeights::read(const Entry& entry, float* out) const {
  if (entry.owned) {
    std::memcpy(out, entry.data, entry.tensor.shape_rows * entry.tensor.shape_columns * sizeof(float));
    return;
  }
  const auto& source = sources_[entry.tensor.source];
  const char* data = files_[source.file]->bytes().data() + source.begin;
  const size_t width = weight_type_bytes(source.type);
  const uint64_t columns = entry.tensor.transpose ? source.rows : source.columns;
  if (columns == 0) return;  // rows without numbers may be many
  for (const auto& range : entry.tensor.rows) {
    if (range.count == 0) continue;  // and so may the numbers of rows that nobody takes
    if (!entry.tensor.transpose) {
      to_f32(source.type, data + uint64_t(range.start) * columns * width, uint64_t(range.count) * columns, out);
    } else {  // output row r is the source's column r: read along the source's rows, write down the columns
      std::vector<float> line(range.count);
      for (uint64_t column = 0; column < columns; ++column) {
        to_f32(source.type, data + (column * source.columns + range.start) * width, range.count, line.data());
        for (uint64_t row = 0; row < range.count; ++row) out[row * columns + column] = line[row];
      }
    }
    if (source.type == WeightType::kI8)
      for (uint64_t row = 0; row < range.count; ++row) {
        const float factor = scale(source, range.start + row);
        for (uint64_t column = 0; column < columns; ++column) out[row * columns + column] *= factor;
      }
    out += uint64_t(range.count) * columns;
  }
}

void ModelWeights::read(std::string_view role, float* out) const {
  if (const auto* entry = find(role)) read(*entry, out);
}

std::vector<float> ModelWeights::read(std::string_view role) const {
  const auto* entry = find(role);
  if (!entry) return {};
  std::vector<float> out(entry->tensor.shape_rows * entry->tensor.shape_columns);
  if (!out.empty()) read(*entry, out.data());
  return out;
}

const float* ModelWeights::mapped(const Entry& entry) const {
  const auto& source = sources_[entry.tensor.source];
  if (source.type != WeightType::kF32 || entry.tensor.transpose || entry.tensor.rows.size() != 1) return nullptr;
  const char* data = files_[source.file]->bytes().data() + source.begin + uint64_t(entry.tensor.rows[0].start) * source.columns * sizeof(float);
  return reinterpret_cast<uintptr_t>(data) % alignof(float) == 0 ? reinterpret_cast<const float*>(data) : nullptr;
}

const float* ModelWeights::f32(std::string_view role) const {
  const auto* entry = find(role);
  if (!entry) return nullptr;
  if (entry->owned) return entry->data;
  std::call_once(entry->once, [&] {
    entry->data = mapped(*entry);
    if (entry->data) return;
    entry->values.resize(entry->tensor.shape_rows * entry->tensor.shape_columns + 1);  // one more: data() of nothing may be null
    read(*entry, entry->values.data());
    entry->data = entry->values.data();
  });
  return entry->data;
}

bool ModelWeights::int8(std::string_view role, Int8Rows* out) const {
  const auto* entry = find(role);
  if (!entry || entry->owned || entry->tensor.transpose || entry->tensor.rows.size() != 1) return false;
  const auto& source = sources_[entry->tensor.source];
  if (source.type != WeightType::kI8) return false;
  const auto& range = entry->tensor.rows[0];
  out->data = reinterpret_cast<const int8_t*>(files_[source.file]->bytes().data() + source.begin + uint64_t(range.start) * source.columns);
  out->scales.resize(range.count);
  for (uint32_t row = 0; row < range.count; ++row) out->scales[row] = scale(source, range.start + row);
  return true;
}

void ModelWeights::put(std::string role, uint64_t rows, uint64_t columns, std::vector<float> values) {
  auto entry = std::make_unique<Entry>();
  values.resize(size_t(rows * columns) + 1);
  entry->tensor.shape_rows = rows;
  entry->tensor.shape_columns = columns;
  entry->values = std::move(values);
  entry->data = entry->values.data();
  entry->owned = true;
  entry->tensor.role = role;
  const auto [found, fresh] = by_role_.emplace(std::move(role), entries_.size());
  if (fresh) entries_.push_back(std::move(entry));
  else entries_[found->second] = std::move(entry);
}

std::vector<NonFinite> ModelWeights::non_finite() const {
  std::vector<NonFinite> out;
  for (const auto& entry : entries_) {
    std::vector<float> values(entry->tensor.shape_rows * entry->tensor.shape_columns);
    if (values.empty()) continue;
    read(*entry, values.data());
    NonFinite found{entry->tensor.role, 0, 0};
    for (size_t i = 0; i < values.size(); ++i)
      if (!std::isfinite(values[i]) && found.count++ == 0) found.first = i;
    if (found.count) out.push_back(std::move(found));
  }
  return out;
}

RoleLookup lookup_of(std::shared_ptr<const ModelWeights> weights) {
  return [weights = std::move(weights)](const std::string& role) -> RoleMatrix {
    const auto shape = weights->shape(role);
    return {weights->f32(role), int64_t(shape.rows), int64_t(shape.columns)};
  };
}

uint64_t ModelWeights::bytes() const {
  uint64_t total = 0;
  for (const auto& entry : entries_) total += entry->tensor.shape_rows * entry->tensor.shape_columns * sizeof(float);
  return total;
}

}  // namespace refine
