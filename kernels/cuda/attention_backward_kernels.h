// Between attention_backward.cu, which checks and chooses, and the kernels: attention_backward_ampere.cu, attention_backward_f32.cu.
#pragma once
#include "attention_backward.h"
#include "attention_kernels.h"

namespace refine::cuda {

template <class T>
struct AttentionBackwardArguments {
  AttentionArguments<T> forward;  // out is read
  const T* dout;
  int64_t dout_stride;
  T *dq, *dk, *dv;
  int64_t dq_stride, dk_stride, dv_stride;
  const AttentionTile* key_tiles;
  float* delta;
};

cudaError_t attention_backward_ampere(const Context& ctx, const AttentionBackwardArguments<bf16>& arguments, int head_dim);
cudaError_t attention_backward_f32(const Context& ctx, const AttentionBackwardArguments<float>& arguments, int head_dim);

}  // namespace refine::cuda
