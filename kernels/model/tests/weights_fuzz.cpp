// Plans as an attacker who got past TypeScript would send them: bytes become sources and tensors over a file of one page, so
// that a read past its end meets no mapped memory. Whatever load() accepts must read whole.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "refine/model_weights.h"

using namespace refine;

namespace {

struct Bytes {
  const uint8_t* data;
  size_t size;
  uint8_t byte() {
    if (!size) return 0;
    --size;
    return *data++;
  }
  // Mostly small, sometimes any 64 bits.
  uint64_t number() {
    const uint8_t kind = byte();
    if (kind < 0xc0) return kind;
    uint64_t value = 0;
    for (int i = 0; i < (kind < 0xf0 ? 2 : 8); ++i) value = value << 8 | byte();
    return value;
  }
};

const std::string& page() {
  static const std::string path = [] {
    const char* folder = std::getenv("TMPDIR");
    std::string name = std::string(folder ? folder : "/tmp") + "/refine-weights-fuzz-" + std::to_string(uintptr_t(&folder) >> 4);
    std::FILE* file = std::fopen(name.c_str(), "wb");
    if (!file) std::abort();
    for (int i = 0; i < 4096; ++i) std::fputc(i * 37 & 255, file);
    std::fclose(file);
    std::atexit([] { std::remove(page().c_str()); });
    return name;
  }();
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes in{data, size};
  WeightsPlan plan;
  plan.files.assign(1 + in.byte() % 2, page());
  for (int n = in.byte() % 6; n > 0; --n) {
    TensorSource source;
    source.file = uint32_t(in.byte() % 3);
    source.begin = in.number();
    source.type = WeightType(in.byte() % 5);
    source.rows = in.number();
    source.columns = in.number();
    source.bytes = in.byte() < 0xe0 ? source.rows * source.columns * weight_type_bytes(source.type) : in.number();
    source.scales = int64_t(in.byte() % 8) - 1;
    plan.sources.push_back(source);
  }
  for (int n = in.byte() % 6; n > 0; --n) {
    RoleTensor tensor;
    tensor.role = std::string(1, char('a' + in.byte() % 8));
    tensor.source = uint32_t(in.byte() % 7);
    tensor.transpose = in.byte() & 1;
    uint64_t taken = 0;
    for (int ranges = in.byte() % 4; ranges > 0; --ranges) {
      tensor.rows.push_back({uint32_t(in.number()), uint32_t(in.number())});
      taken += tensor.rows.back().count;
    }
    tensor.shape_rows = in.byte() < 0xe0 ? taken : in.number();
    tensor.shape_columns = in.number();
    plan.tensors.push_back(std::move(tensor));
  }
  std::shared_ptr<ModelWeights> weights;
  if (!ModelWeights::load(plan, &weights).ok()) return 0;
  int32_t sum = 0;
  for (const auto& role : weights->roles()) {
    const auto shape = weights->shape(role);
    if (shape.size() > 1u << 16) continue;  // rows may be taken again and again: only its memory grows
    const auto values = weights->read(role);
    const float* held = weights->f32(role);
    if (!values.empty() && std::memcmp(values.data(), held, values.size() * sizeof(float)) != 0) std::abort();
    Int8Rows rows;
    if (weights->int8(role, &rows))
      for (uint64_t i = 0; i < shape.size(); ++i) sum += rows.data[i];
  }
  return sum == INT32_MIN;  // never, but the reads stay
}
