// Borrowed columns in Arrow layout: what the core sees of a batch. Mirrors native/batch.ts field for field.
// Invariant: offsets has rows + 1 entries, starts at 0, never falls and ends within data; the Node boundary checks that before a view exists.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace refine {

struct BytesView {  // a `utf8` or `binary` column
  const uint8_t* data = nullptr;
  const int32_t* offsets = nullptr;
  const uint8_t* validity = nullptr;  // bit row (LSB first) is 1 where the value is present; nullptr: all present
  size_t rows = 0;

  bool valid(size_t row) const { return !validity || ((validity[row >> 3] >> (row & 7)) & 1); }
  std::string_view operator[](size_t row) const {
    return {reinterpret_cast<const char*>(data) + offsets[row], size_t(offsets[row + 1] - offsets[row])};
  }
};

template <class T>
struct ListView {  // a `list` column: row r owns values[offsets[r] .. offsets[r+1])
  const T* values = nullptr;
  const int32_t* offsets = nullptr;
  size_t rows = 0;

  const T* begin(size_t row) const { return values + offsets[row]; }
  size_t length(size_t row) const { return size_t(offsets[row + 1] - offsets[row]); }
};

// Owned results that grow while a batch is worked on; the boundary copies them into JavaScript's memory once.
// A column ends at INT32_MAX bytes or values, as its offsets are int32: what passes that is left out, `overflowed` says so,
// and the boundary answers with an error (native/src/bind.h) instead of offsets that wrapped.
constexpr size_t kMaxColumn = INT32_MAX;

struct BytesColumn {
  std::string data;
  std::vector<int32_t> offsets{0};
  std::vector<uint8_t> valid;  // one byte a row; empty means all valid
  size_t limit = kMaxColumn;   // lower in tests only
  bool overflowed = false;

  void append(std::string_view value) {
    if (value.size() > limit - data.size()) overflowed = true;
    else data.append(value);
    offsets.push_back(int32_t(data.size()));
    if (!valid.empty()) valid.push_back(1);
  }
  void append_null() {
    if (valid.empty()) valid.assign(offsets.size() - 1, 1);
    offsets.push_back(int32_t(data.size()));
    valid.push_back(0);
  }
  size_t rows() const { return offsets.size() - 1; }
};

template <class T>
struct ListColumn {
  std::vector<T> values;
  std::vector<int32_t> offsets{0};
  size_t limit = kMaxColumn;
  bool overflowed = false;

  void end_row() {
    if (values.size() > limit) {
      overflowed = true;
      values.resize(size_t(offsets.back()));
    }
    offsets.push_back(int32_t(values.size()));
  }
  size_t rows() const { return offsets.size() - 1; }
};

// A `list-utf8` column: row r owns the strings offsets[r] .. offsets[r+1] of `values`; none is null.
struct BytesListColumn {
  BytesColumn values;
  std::vector<int32_t> offsets{0};

  void append(std::string_view value) { values.append(value); }
  void end_row() { offsets.push_back(int32_t(values.rows())); }
  bool overflowed() const { return values.overflowed || values.rows() > kMaxColumn; }
  size_t rows() const { return offsets.size() - 1; }
};

// A `list-struct` column of utf8 fields: row r owns the entries offsets[r] .. offsets[r+1] of every field.
template <size_t N>
struct StructListColumn {
  std::array<const char*, N> names;  // in the order of the schema
  std::array<BytesColumn, N> fields{};
  std::vector<int32_t> offsets{0};

  explicit StructListColumn(std::array<const char*, N> field_names) : names(field_names) {}
  void append(const std::array<std::string_view, N>& entry) {
    for (size_t i = 0; i < N; ++i) fields[i].append(entry[i]);
  }
  void end_row() { offsets.push_back(int32_t(fields[0].rows())); }
  bool overflowed() const {
    for (const auto& field : fields)
      if (field.overflowed || field.rows() > kMaxColumn) return true;
    return false;
  }
  size_t rows() const { return offsets.size() - 1; }
};

// A checked outcome: ok, or a stable code (ERR_REFINE_*) and a message that names place, found, expected.
struct Status {
  std::string code, message;
  bool ok() const { return code.empty(); }
  static Status error(std::string code, std::string message) { return {std::move(code), std::move(message)}; }
};

}  // namespace refine
