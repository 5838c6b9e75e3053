// The backward pass of attention (attention.h): dq, dk and dv from dout, with the scores computed again from q, k and log-sum-exp.
//   out, dout (T, H, D) rows out_stride and dout_stride apart   lse (H, T) from the forward   dq, dk, dv as q, k, v with their strides
//   P = exp(scale q k - lse)   dv = P^T dout   dS = P (dout v^T - delta), delta = rowsum(dout out)   dq = scale dS k   dk = scale dS^T q
// Two kernels and no atomics, so that every sum has one order: one block owns 128 queries of a head and goes over keys (dq), one owns 128 keys of a key
// head and goes over the queries of all heads that share it (dk, dv). 14 D operations a visible pair where one kernel with atomics has 10 D.
//   delta (H, T) fp32: scratch, written first. tiles from attention_tiles(), key_tiles from attention_key_tiles().
// No ALiBi (no trained model here has it): refused. bf16: mma.sync on both paths, P and dS rounded to bf16. float: plain, for parity.
// Oracle: float64 in tests/attention_backward_device.h; kernels/model/train_attention.cpp. Source: Dao 2023, section 3.1.2.
#pragma once
#include "attention.h"

namespace refine::cuda {

template <class T>
struct AttentionBackwardCall {
  AttentionCall<T> forward;  // as the forward had it, lse given
  const T* dout = nullptr;
  int64_t dout_stride = 0;
  T *dq = nullptr, *dk = nullptr, *dv = nullptr;
  int64_t dq_stride = 0, dk_stride = 0, dv_stride = 0;
  const AttentionTile* key_tiles = nullptr;  // as many as forward.tile_count
  float* delta = nullptr;
};

// Instantiated for bf16 and float.
template <class T>
cudaError_t attention_backward(const Context& ctx, const AttentionBackwardCall<T>& call, const AttentionShape& shape);

}  // namespace refine::cuda
