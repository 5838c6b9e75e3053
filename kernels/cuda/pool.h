// One vector a document from the rows of its tokens.
//   hidden (T, C) T   offsets (B + 1) int32, document b owns rows offsets[b] .. offsets[b+1]   out (B, C) Out
//   kCls the first row; kMean of all rows (fp32 sums in row order); kMax of each channel. A document of no rows gives zeros.
// A thread owns 16 bytes of channels and walks the document's rows, several loads in flight. Traffic: (T C + B C) numbers.
// l2_rows divides a row by its Euclidean length, or by 1e-12 where that is more (torch.nn.functional.normalize); in place.
// Oracle: Encoder::pool, kernels/model/encode.cpp.
#pragma once
#include <cstdint>

#include "context.h"
#include "device.h"

namespace refine::cuda {

enum class PoolKind : uint8_t { kCls, kMean, kMax };

// Instantiated for <float, float>, <bf16, float>, <bf16, bf16>.
template <class T, class Out>
cudaError_t pool(const Context& ctx, const T* hidden, const int32_t* offsets, PoolKind kind, Out* out, int64_t documents, int64_t channels);
// Instantiated for float and bf16.
template <class T>
cudaError_t l2_rows(const Context& ctx, T* x, int64_t rows, int64_t width);

}  // namespace refine::cuda
