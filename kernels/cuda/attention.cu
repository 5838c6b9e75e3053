// See attention.h: shapes are checked here and the kernel is chosen.
#include "attention.h"

#include "attention_kernels.h"
#include "vector_access.h"

namespace refine::cuda {
namespace {

template <class T>
cudaError_t prepare(const AttentionCall<T>& call, const AttentionShape& shape, AttentionArguments<T>* out) {
  const int64_t queries = int64_t(shape.heads) * shape.head_dim, keys = int64_t(shape.kv_heads) * shape.head_dim;
  if (shape.tokens < 0 || shape.tokens > INT32_MAX || shape.heads < 1 || shape.kv_heads < 1 || shape.heads % shape.kv_heads != 0 || !(shape.scale > 0)) return cudaErrorInvalidValue;
  if (shape.head_dim != 32 && shape.head_dim != 64 && shape.head_dim != 80 && shape.head_dim != 96 && shape.head_dim != 128) return cudaErrorInvalidValue;
  if (call.tile_count < 0 || call.tile_count >= INT32_MAX || call.tile_count * shape.heads >= INT32_MAX || call.q_stride < queries || call.k_stride < keys || call.v_stride < keys || call.out_stride < queries)
    return cudaErrorInvalidValue;
  if (call.tile_count > 0 && (!call.q || !call.k || !call.v || !call.out || !call.tiles)) return cudaErrorInvalidValue;
  if (!packs_fit(kPackOf<T>, {call.q, call.k, call.v, call.out, call.tiles}, {call.q_stride, call.k_stride, call.v_stride, call.out_stride})) return cudaErrorMisalignedAddress;
  *out = {call.q, call.k, call.v, call.out, call.q_stride, call.k_stride, call.v_stride, call.out_stride, shape.tokens, call.tiles, call.lse, shape.alibi_slope, shape.scale, shape.alibi_scale,
          shape.heads, shape.heads / shape.kv_heads, int(call.tile_count * shape.heads), shape.causal, shape.alibi_bfloat16};
  return cudaSuccess;
}

}  // namespace

template <>
cudaError_t attention<bf16>(const Context& ctx, const AttentionCall<bf16>& call, const AttentionShape& shape) {
  AttentionArguments<bf16> arguments;
  if (const cudaError_t error = prepare(call, shape, &arguments); error != cudaSuccess || call.tile_count == 0) return error;
  return ctx.path == Path::kHopper ? attention_hopper(ctx, arguments, shape.head_dim) : attention_ampere(ctx, arguments, shape.head_dim);
}

template <>
cudaError_t attention<float>(const Context& ctx, const AttentionCall<float>& call, const AttentionShape& shape) {
  AttentionArguments<float> arguments;
  if (const cudaError_t error = prepare(call, shape, &arguments); error != cudaSuccess || call.tile_count == 0) return error;
  return attention_f32(ctx, arguments, shape.head_dim);
}

}  // namespace refine::cuda
