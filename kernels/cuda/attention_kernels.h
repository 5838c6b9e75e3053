// Between attention.cu, which checks and chooses, and the three kernels: attention_ampere.cu, attention_hopper.cu, attention_f32.cu.
#pragma once
#include "attention.h"

namespace refine::cuda {

// AttentionCall and AttentionShape as a kernel's one argument.
template <class T>
struct AttentionArguments {
  const T *q, *k, *v;
  T* out;
  int64_t q_stride, k_stride, v_stride, out_stride, tokens;
  const AttentionTile* tiles;
  float* lse;
  const float* alibi_slope;
  float scale, alibi_scale;
  int heads, group;  // group: query heads of one key head
  int work;          // tiles * heads; entry w is tile w / heads, head w % heads
  bool causal, alibi_bfloat16;
};

cudaError_t attention_ampere(const Context& ctx, const AttentionArguments<bf16>& arguments, int head_dim);
cudaError_t attention_hopper(const Context& ctx, const AttentionArguments<bf16>& arguments, int head_dim);
cudaError_t attention_f32(const Context& ctx, const AttentionArguments<float>& arguments, int head_dim);

// Calls body with the head dimension as a constant.
template <class Body>
cudaError_t with_head_dim(int head_dim, const Body& body) {
  switch (head_dim) {
    case 32: return body(std::integral_constant<int, 32>());
    case 64: return body(std::integral_constant<int, 64>());
    case 80: return body(std::integral_constant<int, 80>());
    case 96: return body(std::integral_constant<int, 96>());
    case 128: return body(std::integral_constant<int, 128>());
    default: return cudaErrorInvalidValue;
  }
}

// How many of a document's keys the tile's queries may see.
template <class T>
REFINE_DEVICE int visible_keys(const AttentionArguments<T>& arguments, const AttentionTile& tile) {
  return arguments.causal && tile.first + kAttentionTile < tile.length ? tile.first + kAttentionTile : tile.length;
}

}  // namespace refine::cuda
