// Attention in plain fp32, for parity with the CPU (attention.h): a warp computes one query of one head. 32 keys at a time, one a lane, are scored;
// then every lane adds what those 32 weigh of the result's numbers it owns. No tile is shared: k and v come from the caches.
#include <cmath>

#include "attention_kernels.h"
#include "attention_softmax.h"
#include "vector_access.h"

namespace refine::cuda {
namespace {

constexpr int kQueries = 4;  // of a block, one a warp

template <int kD>
__global__ void __launch_bounds__(kQueries* kWarp) attention_f32_kernel(AttentionArguments<float> call) {
  constexpr int kOwn = (kD + 31) / 32;  // numbers of the result a lane owns: lane, lane + 32, ...
  __shared__ float queries[kQueries][kD];
  const int warp = int(threadIdx.x / kWarp), lane = int(threadIdx.x % kWarp), head = int(blockIdx.x) % call.heads;
  const int64_t rest = blockIdx.x / call.heads;
  const AttentionTile tile = call.tiles[rest / (kAttentionTile / kQueries)];
  const int query = tile.first + int(rest % (kAttentionTile / kQueries)) * kQueries + warp;
  if (query >= tile.length) return;  // whole warps, and only warps meet below
  const float* const q = call.q + (tile.begin + query) * call.q_stride + int64_t(head) * kD;
  for (int d = lane; d < kD; d += int(kWarp)) queries[warp][d] = q[d];
  __syncwarp();

  AlibiBias alibi;
  if (call.alibi_slope) {
    alibi = {call.alibi_slope[head], call.alibi_scale, call.alibi_bfloat16, 0};
    alibi.at_reference = alibi.raw(query);
  }
  const int keys = call.causal ? query + 1 : tile.length;
  const float* const k = call.k + tile.begin * call.k_stride + int64_t(head / call.group) * kD;
  const float* const v = call.v + tile.begin * call.v_stride + int64_t(head / call.group) * kD;
  float own[kOwn] = {}, highest = float_of(0xff800000u), sum = 0;
  for (int first = 0; first < keys; first += int(kWarp)) {
    float score = float_of(0xff800000u);  // -inf
    if (first + lane < keys) {
      const float* const row = k + int64_t(first + lane) * call.k_stride;
      float dots[4] = {};
      for (int d = 0; d < kD; d += 4) {
        float x[4];
        load_pack(x, row + d);
#pragma unroll
        for (int i = 0; i < 4; ++i) dots[i] += queries[warp][d + i] * x[i];
      }
      score = call.scale * ((dots[0] + dots[1]) + (dots[2] + dots[3]));
      if (call.alibi_slope) score += alibi.at(first + lane);
    }
    float most = fmaxf(highest, score);
#pragma unroll
    for (int other = 16; other > 0; other /= 2) most = fmaxf(most, __shfl_xor_sync(kAllLanes, most, other));
    const float rescale = expf(highest - most), weight = expf(score - most);
    highest = most;
    sum = sum * rescale + warp_sum(weight);
#pragma unroll
    for (int i = 0; i < kOwn; ++i) own[i] *= rescale;
    const int count = keys - first < int(kWarp) ? keys - first : int(kWarp);
    for (int key = 0; key < count; ++key) {
      const float share = __shfl_sync(kAllLanes, weight, key);
#pragma unroll
      for (int i = 0; i < kOwn; ++i)
        if (lane + 32 * i < kD) own[i] += share * v[int64_t(first + key) * call.v_stride + lane + 32 * i];
    }
  }
  float* const out = call.out + (tile.begin + query) * call.out_stride + int64_t(head) * kD;
#pragma unroll
  for (int i = 0; i < kOwn; ++i)
    if (lane + 32 * i < kD) out[lane + 32 * i] = own[i] / sum;
  if (call.lse && lane == 0) call.lse[head * call.tokens + tile.begin + query] = highest + logf(sum) + (call.alibi_slope ? call.alibi_scale * alibi.at_reference : 0.0f);
}

}  // namespace

cudaError_t attention_f32(const Context& ctx, const AttentionArguments<float>& arguments, int head_dim) {
  const int64_t blocks = int64_t(arguments.work) * (kAttentionTile / kQueries);
  if (blocks > kMostBlocks) return cudaErrorInvalidValue;
  return with_head_dim(head_dim, [&](auto d) { return launch(attention_f32_kernel<decltype(d)::value>, dim3(uint32_t(blocks)), dim3(kQueries * kWarp), 0, ctx.stream, arguments); });
}

}  // namespace refine::cuda
