// Embedding rows: out[t] = table[ids[t]] + segment_table[segments[t]] + position_table[positions[t] + position_offset].
//   ids (rows) uint32   positions (rows) int32 or nullptr   segments (rows) uint32 or nullptr (then segment 0, where there is a table)
//   table (vocab, C), position_table (position_rows, C) or nullptr, segment_table (segment_rows, C) or nullptr, all T   out (rows, C) T
// Sums are fp32 in the order token + segment + position, rounded once. An id outside its table makes the row NaN, never a read
// out of bounds (the host refuses such input before).
// Traffic: rows * C * sizeof(T) * (2 + segment + position) bytes. Oracle: ReferenceModel::embed, kernels/model/reference_forward.cpp.
#pragma once
#include <cstdint>

#include "context.h"
#include "device.h"

namespace refine::cuda {

template <class T>
struct EmbedRows {
  const uint32_t* ids = nullptr;
  const T* table = nullptr;
  T* out = nullptr;
  int64_t rows = 0, channels = 0, vocab = 0;
  const int32_t* positions = nullptr;  // read where position_table is given
  const T* position_table = nullptr;
  int64_t position_rows = 0, position_offset = 0;
  const uint32_t* segments = nullptr;
  const T* segment_table = nullptr;
  int64_t segment_rows = 0;
};

template <class T>
cudaError_t embed(const Context& ctx, const EmbedRows<T>& call);

}  // namespace refine::cuda
