// The backward of attention in plain fp32, for parity (attention_backward.h). dq: a warp owns a query of a head; dk, dv: a warp owns a key of a key head.
// 32 rows of the other side at a time, one a lane, give the two dot products; then every lane adds to the numbers of the result it owns.
#include <cmath>

#include "attention_backward_kernels.h"
#include "attention_softmax.h"
#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kRows = 4;  // of a block, one a warp

template <int kD>
REFINE_DEVICE float dot_row(const float* shared, const float* row) {
  float sums[4] = {};
  for (int d = 0; d < kD; d += 4) {
    float x[4];
    load_pack(x, row + d);
#pragma unroll
    for (int i = 0; i < 4; ++i) sums[i] += shared[d + i] * x[i];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

template <int kD>
__global__ void __launch_bounds__(kRows* kWarp) dq_f32_kernel(AttentionBackwardArguments<float> call) {
  constexpr int kOwn = (kD + 31) / 32;
  __shared__ float rows[kRows][2][kD];  // q, dout
  const AttentionArguments<float>& f = call.forward;
  const int warp = int(threadIdx.x / kWarp), lane = int(threadIdx.x % kWarp), head = int(blockIdx.x) % f.heads;
  const int64_t rest = blockIdx.x / f.heads;
  const AttentionTile tile = f.tiles[rest / (kAttentionTile / kRows)];
  const int query = tile.first + int(rest % (kAttentionTile / kRows)) * kRows + warp;
  if (query >= tile.length) return;  // whole warps
  const int64_t token = int64_t(tile.begin) + query;
  for (int d = lane; d < kD; d += int(kWarp)) {
    rows[warp][0][d] = f.q[token * f.q_stride + int64_t(head) * kD + d];
    rows[warp][1][d] = call.dout[token * call.dout_stride + int64_t(head) * kD + d];
  }
  __syncwarp();
  const float lse = f.lse[head * f.tokens + token], delta = call.delta[head * f.tokens + token];
  const int keys = f.causal ? query + 1 : tile.length;
  const float* const k = f.k + tile.begin * f.k_stride + int64_t(head / f.group) * kD;
  const float* const v = f.v + tile.begin * f.v_stride + int64_t(head / f.group) * kD;
  float own[kOwn] = {};
  for (int first = 0; first < keys; first += int(kWarp)) {
    float ds = 0;
    if (const int key = first + lane; key < keys) {
      const float weight = expf(f.scale * dot_row<kD>(rows[warp][0], k + key * f.k_stride) - lse);
      ds = f.scale * weight * (dot_row<kD>(rows[warp][1], v + key * f.v_stride) - delta);
    }
    const int count = keys - first < int(kWarp) ? keys - first : int(kWarp);
    for (int key = 0; key < count; ++key) {
      const float share = __shfl_sync(kAllLanes, ds, key);
#pragma unroll
      for (int i = 0; i < kOwn; ++i)
        if (lane + 32 * i < kD) own[i] += share * k[int64_t(first + key) * f.k_stride + lane + 32 * i];
    }
  }
#pragma unroll
  for (int i = 0; i < kOwn; ++i)
    if (lane + 32 * i < kD) call.dq[token * call.dq_stride + int64_t(head) * kD + lane + 32 * i] = own[i];
}

template <int kD>
__global__ void __launch_bounds__(kRows* kWarp) dkdv_f32_kernel(AttentionBackwardArguments<float> call) {
  constexpr int kOwn = (kD + 31) / 32;
  __shared__ float rows[kRows][2][kD];  // k, v
  const AttentionArguments<float>& f = call.forward;
  const int groups = f.heads / f.group, warp = int(threadIdx.x / kWarp), lane = int(threadIdx.x % kWarp), group = int(blockIdx.x) % groups;
  const int64_t rest = blockIdx.x / groups;
  const AttentionTile tile = call.key_tiles[rest / (kAttentionTile / kRows)];
  const int key = tile.first + int(rest % (kAttentionTile / kRows)) * kRows + warp;
  if (key >= tile.length) return;  // whole warps
  const int64_t token = int64_t(tile.begin) + key;
  for (int d = lane; d < kD; d += int(kWarp)) {
    rows[warp][0][d] = f.k[token * f.k_stride + int64_t(group) * kD + d];
    rows[warp][1][d] = f.v[token * f.v_stride + int64_t(group) * kD + d];
  }
  __syncwarp();
  float own_k[kOwn] = {}, own_v[kOwn] = {};
  for (int head = group * f.group; head < (group + 1) * f.group; ++head) {
    const float* const q = f.q + tile.begin * f.q_stride + int64_t(head) * kD;
    const float* const dout = call.dout + tile.begin * call.dout_stride + int64_t(head) * kD;
    for (int first = f.causal ? key : 0; first < tile.length; first += int(kWarp)) {
      float weight = 0, ds = 0;
      if (const int query = first + lane; query < tile.length) {
        const int64_t place = head * f.tokens + tile.begin + query;
        weight = expf(f.scale * dot_row<kD>(rows[warp][0], q + query * f.q_stride) - f.lse[place]);
        ds = f.scale * weight * (dot_row<kD>(rows[warp][1], dout + query * call.dout_stride) - call.delta[place]);
      }
      const int count = tile.length - first < int(kWarp) ? tile.length - first : int(kWarp);
      for (int query = 0; query < count; ++query) {
        const float share = __shfl_sync(kAllLanes, weight, query), slope = __shfl_sync(kAllLanes, ds, query);
#pragma unroll
        for (int i = 0; i < kOwn; ++i) {
          if (lane + 32 * i >= kD) continue;
          own_v[i] += share * dout[int64_t(first + query) * call.dout_stride + lane + 32 * i];
          own_k[i] += slope * q[int64_t(first + query) * f.q_stride + lane + 32 * i];
        }
      }
    }
  }
#pragma unroll
  for (int i = 0; i < kOwn; ++i) {
    if (lane + 32 * i >= kD) continue;
    call.dk[token * call.dk_stride + int64_t(group) * kD + lane + 32 * i] = own_k[i];
    call.dv[token * call.dv_stride + int64_t(group) * kD + lane + 32 * i] = own_v[i];
  }
}

}  // namespace

cudaError_t attention_backward_f32(const Context& ctx, const AttentionBackwardArguments<float>& arguments, int head_dim) {
  const int64_t blocks = int64_t(arguments.forward.work) * (kAttentionTile / kRows);
  if (blocks > kMostBlocks) return cudaErrorInvalidValue;
  return with_head_dim(head_dim, [&](auto d) {
    constexpr int kD = decltype(d)::value;
    const cudaError_t error = launch(dq_f32_kernel<kD>, dim3(uint32_t(blocks)), dim3(kRows * kWarp), 0, ctx.stream, arguments);
    if (error != cudaSuccess) return error;
    return launch(dkdv_f32_kernel<kD>, dim3(uint32_t(blocks / arguments.forward.group)), dim3(kRows * kWarp), 0, ctx.stream, arguments);
  });
}

}  // namespace refine::cuda
