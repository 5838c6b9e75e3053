// See attention_backward.h: shapes are checked, delta is computed, the kernels are chosen.
#include "attention_backward.h"

#include "attention_backward_kernels.h"
#include "vector_access.h"

namespace refine::cuda {
namespace {

// delta[h][t] = sum over D of dout * out; a warp owns a (t, h).
template <class T>
__global__ void __launch_bounds__(128) delta_kernel(AttentionBackwardArguments<T> call, int head_dim) {
  const int64_t item = int64_t(blockIdx.x) * 4 + threadIdx.x / kWarp;
  const int lane = int(threadIdx.x % kWarp);
  if (item >= call.forward.tokens * call.forward.heads) return;
  const int64_t t = item / call.forward.heads, head = item % call.forward.heads;
  const T* const out = call.forward.out + t * call.forward.out_stride + head * head_dim;
  const T* const dout = call.dout + t * call.dout_stride + head * head_dim;
  float sum = 0;
  for (int d = 2 * lane; d < head_dim; d += 64) {
    float x[2], y[2];
    load_pack(x, out + d);
    load_pack(y, dout + d);
    sum += x[0] * y[0] + x[1] * y[1];
  }
  sum = warp_sum(sum);
  if (lane == 0) call.delta[head * call.forward.tokens + t] = sum;
}

template <class T>
cudaError_t prepare(const Context& ctx, const AttentionBackwardCall<T>& call, const AttentionShape& shape, AttentionBackwardArguments<T>* out) {
  const AttentionCall<T>& f = call.forward;
  const int64_t d = shape.head_dim, queries = int64_t(shape.heads) * d, keys = int64_t(shape.kv_heads) * d;
  if (shape.tokens < 0 || shape.tokens > INT32_MAX || shape.heads < 1 || shape.kv_heads < 1 || shape.heads % shape.kv_heads != 0 || !(shape.scale > 0) || shape.alibi_slope) return cudaErrorInvalidValue;
  if (d != 32 && d != 64 && d != 80 && d != 96 && d != 128) return cudaErrorInvalidValue;
  if (f.tile_count < 0 || f.tile_count >= INT32_MAX || f.tile_count * shape.heads >= INT32_MAX || f.q_stride < queries || f.k_stride < keys || f.v_stride < keys || f.out_stride < queries ||
      call.dout_stride < queries || call.dq_stride < queries || call.dk_stride < keys || call.dv_stride < keys)
    return cudaErrorInvalidValue;
  *out = {{f.q, f.k, f.v, f.out, f.q_stride, f.k_stride, f.v_stride, f.out_stride, shape.tokens, f.tiles, f.lse, nullptr, shape.scale, 1, shape.heads, shape.heads / shape.kv_heads,
           int(f.tile_count * shape.heads), shape.causal, false},
          call.dout, call.dout_stride, call.dq, call.dk, call.dv, call.dq_stride, call.dk_stride, call.dv_stride, call.key_tiles, call.delta};
  if (f.tile_count == 0 || shape.tokens == 0) return cudaSuccess;
  if (!f.q || !f.k || !f.v || !f.out || !f.tiles || !f.lse || !call.dout || !call.dq || !call.dk || !call.dv || !call.key_tiles || !call.delta) return cudaErrorInvalidValue;
  if (!packs_fit(kPackOf<T>, {f.q, f.k, f.v, f.out, f.tiles, call.dout, call.dq, call.dk, call.dv, call.key_tiles},
                 {f.q_stride, f.k_stride, f.v_stride, f.out_stride, call.dout_stride, call.dq_stride, call.dk_stride, call.dv_stride}))
    return cudaErrorMisalignedAddress;
  const int64_t blocks = ceil_div(shape.tokens * shape.heads, 4);
  if (blocks > kMostBlocks) return cudaErrorInvalidValue;
  return launch(delta_kernel<T>, dim3(uint32_t(blocks)), dim3(128), 0, ctx.stream, *out, int(d));
}

}  // namespace

template <>
cudaError_t attention_backward<bf16>(const Context& ctx, const AttentionBackwardCall<bf16>& call, const AttentionShape& shape) {
  AttentionBackwardArguments<bf16> arguments;
  if (const cudaError_t error = prepare(ctx, call, shape, &arguments); error != cudaSuccess || call.forward.tile_count == 0) return error;
  return attention_backward_ampere(ctx, arguments, shape.head_dim);
}

template <>
cudaError_t attention_backward<float>(const Context& ctx, const AttentionBackwardCall<float>& call, const AttentionShape& shape) {
  AttentionBackwardArguments<float> arguments;
  if (const cudaError_t error = prepare(ctx, call, shape, &arguments); error != cudaSuccess || call.forward.tile_count == 0) return error;
  return attention_backward_f32(ctx, arguments, shape.head_dim);
}

}  // namespace refine::cuda
