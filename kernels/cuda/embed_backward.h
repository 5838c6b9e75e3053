// The gradient of an embedding table: every row of dtable gets the sum of the rows of dout whose id it is, in the batch's order.
//   dout (rows, C) T, dense   dtable (vocab, C) fp32: rows whose id occurs are added to, the others are not touched
//   order (rows), starts (distinct + 1), ids (distinct) on the device, from embed_order(): the rows sorted by id, ties in the batch's order
// A block owns one id: no atomics, one order. An id that is a twentieth of a batch of 16,384 is 819 rows of one block, in step with reading the rest.
// Traffic: rows * C * sizeof(T) + distinct * C * 8 bytes. Oracle: float64 in tests/embed_backward_device.h.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "context.h"
#include "device.h"

namespace refine::cuda {

struct EmbedOrder {
  std::vector<int32_t> order, starts;
  std::vector<uint32_t> ids;
};

inline EmbedOrder embed_order(const uint32_t* ids, int64_t rows) {
  EmbedOrder out;
  out.order.resize(static_cast<size_t>(rows));
  std::iota(out.order.begin(), out.order.end(), 0);
  std::stable_sort(out.order.begin(), out.order.end(), [ids](int32_t a, int32_t b) { return ids[a] < ids[b]; });
  for (int64_t i = 0; i < rows; ++i) {
    const uint32_t id = ids[out.order[size_t(i)]];
    if (!out.ids.empty() && out.ids.back() == id) continue;
    out.ids.push_back(id);
    out.starts.push_back(int32_t(i));
  }
  out.starts.push_back(int32_t(rows));
  return out;
}

template <class T>
cudaError_t embed_backward(const Context& ctx, const T* dout, const int32_t* order, const int32_t* starts, const uint32_t* ids, int64_t distinct, float* dtable, int64_t vocab, int64_t channels);

}  // namespace refine::cuda
