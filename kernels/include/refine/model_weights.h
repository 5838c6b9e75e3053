// A model's weights by role, read from mapped files (safetensors or any file of raw tensors) and converted on demand.
// JSON stays in TypeScript (stages/contract/weights): what arrives here is a plan of offsets, dtypes, shapes and rows.
// Invariant: load() checks every byte range, shape and row range against the files as they are, so nothing that read()
// or f32() touches lies outside them. Writers replace files by renaming (refine/mapped_file.h).
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "refine/mapped_file.h"
#include "refine/model_reference.h"
#include "refine/views.h"

namespace refine {

enum class WeightType : uint8_t { kF32, kBf16, kF16, kF64, kI8 };
size_t weight_type_bytes(WeightType type);

// Where a tensor's numbers lie: row-major, little-endian, anywhere in a file (no alignment is asked).
struct TensorSource {
  uint32_t file = 0;   // index into WeightsPlan::files
  uint64_t begin = 0;  // byte offset in the file
  uint64_t bytes = 0;
  WeightType type = WeightType::kF32;
  uint64_t rows = 0, columns = 1;  // a vector of n is (n, 1)
  int64_t scales = -1;             // kI8: index of the F32 source of one factor an output row (a row after the transpose)
};

struct RowRange {
  uint32_t start = 0, count = 0;
};

// A tensor the model asks for: rows of a source, in order, taken after the source's transpose.
struct RoleTensor {
  std::string role;
  uint32_t source = 0;
  std::vector<RowRange> rows;
  bool transpose = false;
  uint64_t shape_rows = 0, shape_columns = 0;  // what it must come to; a vector of n is (1, n)
};

struct WeightsPlan {
  std::vector<std::string> files;
  std::vector<TensorSource> sources;
  std::vector<RoleTensor> tensors;
};

// An int8 tensor as it is stored: value = data * scales[row]. Only whole sources that need no transpose have one.
struct Int8Rows {
  const int8_t* data = nullptr;  // (rows, columns)
  std::vector<float> scales;     // (rows)
};

struct NonFinite {
  std::string role;
  uint64_t count = 0, first = 0;  // how many numbers are NaN or infinite; the first one's index, row-major
};

class ModelWeights {
 public:
  struct Shape {
    uint64_t rows = 0, columns = 0;  // a vector is (1, n)
    uint64_t size() const { return rows * columns; }
  };

  // ERR_REFINE_WEIGHTS with file or role, found and expected; ERR_REFINE_ASSET where a file cannot be opened. Maps the files and converts nothing.
  static Status load(const WeightsPlan& plan, std::shared_ptr<ModelWeights>* out);

  bool has(std::string_view role) const { return find(role) != nullptr; }
  Shape shape(std::string_view role) const;  // {0, 0} where absent
  WeightType type(std::string_view role) const;
  std::vector<std::string> roles() const;  // in the plan's order

  // A fresh copy as float32, row-major. `out` holds shape(role).size() numbers.
  void read(std::string_view role, float* out) const;
  std::vector<float> read(std::string_view role) const;  // empty where absent
  // Kept as long as this object: the mapping itself where it holds aligned float32 in order, else a copy made once.
  // nullptr where absent. Any thread may call it.
  const float* f32(std::string_view role) const;
  // Stored int8 rows with their scales, for a runtime that multiplies int8; false where the role is not stored so.
  bool int8(std::string_view role, Int8Rows* out) const;

  // Takes numbers from memory: tests and trained weights. Replaces a role of that name; not beside other calls.
  void put(std::string role, uint64_t rows, uint64_t columns, std::vector<float> values);

  std::vector<NonFinite> non_finite() const;  // reads every role once
  uint64_t bytes() const;                      // of all roles as float32

 private:
  struct Entry {
    RoleTensor tensor;
    mutable std::once_flag once;
    mutable std::vector<float> values;
    mutable const float* data = nullptr;
    bool owned = false;  // by put()
  };
  const Entry* find(std::string_view role) const;
  void read(const Entry& entry, float* out) const;
  const float* mapped(const Entry& entry) const;
  float scale(const TensorSource& source, uint64_t row) const;

  std::vector<std::unique_ptr<MappedFile>> files_;
  std::vector<TensorSource> sources_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::unordered_map<std::string, size_t> by_role_;
};

// f32() for the models that bind by lookup; keeps `weights` alive.
RoleLookup lookup_of(std::shared_ptr<const ModelWeights> weights);

// float32 of stored numbers, bit for bit what IEEE 754 says; `data` needs no alignment.
void to_f32(WeightType type, const char* data, size_t count, float* out);
float f32_of_bf16(uint16_t bits);
float f32_of_f16(uint16_t bits);
uint16_t bf16_of_f32(float value);  // round to nearest even; NaN stays NaN

}  // namespace refine
