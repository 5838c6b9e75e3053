// The backward of attention by mma.sync (attention_backward.h), a block of eight warps:
//   dq      128 queries of one head, 16 a warp; shared: q and dout (128, D), two stages of k and v (kOther, D)
//           s = q k^T, p = exp2, dp = dout v^T, ds = p (dp - delta), dq += ds k
//   dk, dv  128 keys of one key head, 16 a warp; shared: k and v (128, D), two stages of q and dout (kOther, D) of every head of the group in turn
//           all transposed, so that keys are the rows: s = k q^T, p = exp2, dv += p dout, dp = v dout^T, ds = p (dp - delta), dk += ds q
// Rows are padded by 16 bytes, so that the eight rows of an ldmatrix meet all banks; the next stage is copied (cp.async) while this one is computed.
// kOther is 64, or 32 from D = 80 on, where dk, dv, s and dp of 64 would not fit the registers.
#include "attention_backward_kernels.h"
#include "attention_mma.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = kAttentionThreads;
template <int kD>
constexpr int kOther = kD <= 64 ? 64 : 32;
template <int kD>
constexpr size_t kSharedBytes = size_t(2 * kAttentionTile + 4 * kOther<kD>) * kPitch<kD> * sizeof(bf16) + 4 * kOther<kD> * sizeof(float);

// d (16, kN) = a (16 rows from `rows` on, D) b (kN rows, D)^T, both row-major in shared memory.
template <int kD, int kN>
REFINE_DEVICE void rows_by_rows(float (&d)[kN / 2], const bf16* rows, const bf16* other) {
  const int lane = int(threadIdx.x % kWarp);
#pragma unroll
  for (int i = 0; i < kN / 2; ++i) d[i] = 0;
#pragma unroll
  for (int step = 0; step < kD / 16; ++step) {
    uint32_t a[4];
    ldmatrix_x4(a, rows + lane % 16 * kPitch<kD> + step * 16 + lane / 16 * 8);
#pragma unroll
    for (int pair = 0; pair < kN / 16; ++pair) {
      uint32_t b[4];
      ldmatrix_x4(b, other + (pair * 16 + lane / 16 * 8 + lane % 8) * kPitch<kD> + step * 16 + lane / 8 % 2 * 8);
      mma_bf16(reinterpret_cast<float(&)[4]>(d[8 * pair]), a, {b[0], b[1]});
      mma_bf16(reinterpret_cast<float(&)[4]>(d[8 * pair + 4]), a, {b[2], b[3]});
    }
  }
}

template <int kD>
__global__ void __launch_bounds__(kThreads) dq_kernel(AttentionBackwardArguments<bf16> call) {
  constexpr int kKeys = kOther<kD>, kStage = kKeys * kPitch<kD>;
  const AttentionArguments<bf16>& f = call.forward;
  bf16* const shared_q = dynamic_shared<bf16>();
  bf16* const shared_dout = shared_q + kAttentionTile * kPitch<kD>;
  bf16* const shared_k = shared_dout + kAttentionTile * kPitch<kD>;
  bf16* const shared_v = shared_k + 2 * kStage;

  const int head = int(blockIdx.x) % f.heads, warp = int(threadIdx.x / kWarp), lane = int(threadIdx.x % kWarp);
  const AttentionTile tile = f.tiles[blockIdx.x / f.heads];
  const bf16* const k = f.k + tile.begin * f.k_stride + int64_t(head / f.group) * kD;
  const bf16* const v = f.v + tile.begin * f.v_stride + int64_t(head / f.group) * kD;
  const int keys = visible_keys(f, tile), first_row = tile.first + warp * 16;
  const float unit = f.scale * kLog2E;
  float lse[2], delta[2];
  int last[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = first_row + lane / 4 + 8 * r;
    const bool inside = row < tile.length;
    const int64_t place = head * f.tokens + tile.begin + row;
    lse[r] = inside ? f.lse[place] * kLog2E : 0;
    delta[r] = inside ? call.delta[place] : 0;
    last[r] = !inside ? -1 : f.causal ? row : tile.length - 1;
  }

  copy_rows<kD>(shared_q, f.q + tile.begin * f.q_stride + int64_t(head) * kD, f.q_stride, tile.first, kAttentionTile, tile.length);
  copy_rows<kD>(shared_dout, call.dout + tile.begin * call.dout_stride + int64_t(head) * kD, call.dout_stride, tile.first, kAttentionTile, tile.length);
  copy_rows<kD>(shared_k, k, f.k_stride, 0, kKeys, tile.length);
  copy_rows<kD>(shared_v, v, f.v_stride, 0, kKeys, tile.length);
  cp_async_commit();

  float dq[kD / 2] = {};
  for (int first = 0, stage = 0; first < keys; first += kKeys, stage ^= 1) {
    if (first + kKeys < keys) {
      copy_rows<kD>(shared_k + (stage ^ 1) * kStage, k, f.k_stride, first + kKeys, kKeys, tile.length);
      copy_rows<kD>(shared_v + (stage ^ 1) * kStage, v, f.v_stride, first + kKeys, kKeys, tile.length);
    }
    cp_async_commit();
    cp_async_wait<1>();
    __syncthreads();
    if (!f.causal || first <= first_row + 15) {
      float s[kKeys / 2], dp[kKeys / 2];
      rows_by_rows<kD, kKeys>(s, shared_q + warp * 16 * kPitch<kD>, shared_k + stage * kStage);
      rows_by_rows<kD, kKeys>(dp, shared_dout + warp * 16 * kPitch<kD>, shared_v + stage * kStage);
      const int own = first + 2 * (lane % 4);
#pragma unroll
      for (int j = 0; j < kKeys / 8; ++j)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float weight = own + 8 * j + i % 2 <= last[i / 2] ? exp2_fast(s[4 * j + i] * unit - lse[i / 2]) : 0.0f;
          s[4 * j + i] = weight * (dp[4 * j + i] - delta[i / 2]);
        }
      add_weighted<kD, kKeys>(dq, s, shared_k + stage * kStage);
    }
    __syncthreads();  // before the next copies overwrite this stage
  }
  const float factor[2] = {f.scale, f.scale};
  bf16* targets[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = first_row + lane / 4 + 8 * r;
    targets[r] = row < tile.length ? call.dq + (tile.begin + row) * call.dq_stride + int64_t(head) * kD : nullptr;
  }
  store_rows<kD>(dq, factor, targets);
}

template <int kD>
__global__ void __launch_bounds__(kThreads) dkdv_kernel(AttentionBackwardArguments<bf16> call) {
  constexpr int kQueries = kOther<kD>, kStage = kQueries * kPitch<kD>;
  const AttentionArguments<bf16>& f = call.forward;
  bf16* const shared_k = dynamic_shared<bf16>();
  bf16* const shared_v = shared_k + kAttentionTile * kPitch<kD>;
  bf16* const shared_q = shared_v + kAttentionTile * kPitch<kD>;
  bf16* const shared_dout = shared_q + 2 * kStage;
  float* const shared_lse = reinterpret_cast<float*>(shared_dout + 2 * kStage);  // (2, kQueries) each
  float* const shared_delta = shared_lse + 2 * kQueries;

  const int groups = f.heads / f.group, group = int(blockIdx.x) % groups, warp = int(threadIdx.x / kWarp), lane = int(threadIdx.x % kWarp);
  const AttentionTile tile = call.key_tiles[blockIdx.x / groups];
  const int first_key = tile.first + warp * 16;  // the warp's
  const int rows[2] = {first_key + lane / 4, first_key + lane / 4 + 8};
  const float unit = f.scale * kLog2E;
  const int start = f.causal ? tile.first : 0, steps = (tile.length - start + kQueries - 1) / kQueries, all_steps = steps * f.group;

  // Step n: queries start + n % steps * kQueries of head n / steps of the group.
  const auto copy_step = [&](int n, int stage) {
    const int head = group * f.group + n / steps, first = start + n % steps * kQueries;
    copy_rows<kD>(shared_q + stage * kStage, f.q + tile.begin * f.q_stride + int64_t(head) * kD, f.q_stride, first, kQueries, tile.length);
    copy_rows<kD>(shared_dout + stage * kStage, call.dout + tile.begin * call.dout_stride + int64_t(head) * kD, call.dout_stride, first, kQueries, tile.length);
    if (int(threadIdx.x) < kQueries) {
      const int query = first + int(threadIdx.x);
      const int64_t place = head * f.tokens + tile.begin + query;
      shared_lse[stage * kQueries + int(threadIdx.x)] = query < tile.length ? f.lse[place] * kLog2E : 0;
      shared_delta[stage * kQueries + int(threadIdx.x)] = query < tile.length ? call.delta[place] : 0;
    }
  };
  copy_rows<kD>(shared_k, f.k + tile.begin * f.k_stride + int64_t(group) * kD, f.k_stride, tile.first, kAttentionTile, tile.length);
  copy_rows<kD>(shared_v, f.v + tile.begin * f.v_stride + int64_t(group) * kD, f.v_stride, tile.first, kAttentionTile, tile.length);
  copy_step(0, 0);
  cp_async_commit();

  float dk[kD / 2] = {}, dv[kD / 2] = {};
  for (int n = 0, stage = 0; n < all_steps; ++n, stage ^= 1) {
    if (n + 1 < all_steps) copy_step(n + 1, stage ^ 1);
    cp_async_commit();
    cp_async_wait<1>();
    __syncthreads();
    const int first = start + n % steps * kQueries;
    if (!f.causal || first + kQueries > first_key) {  // some query sees some key of the warp's
      float s[kQueries / 2], dp[kQueries / 2];
      const bf16 *const q = shared_q + stage * kStage, *const dout = shared_dout + stage * kStage;
      rows_by_rows<kD, kQueries>(s, shared_k + warp * 16 * kPitch<kD>, q);
      const int own = 2 * (lane % 4);
#pragma unroll
      for (int j = 0; j < kQueries / 8; ++j)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int column = own + 8 * j + i % 2, query = first + column, key = rows[i / 2];
          const bool seen = query < tile.length && key < tile.length && (!f.causal || key <= query);
          s[4 * j + i] = seen ? exp2_fast(s[4 * j + i] * unit - shared_lse[stage * kQueries + column]) : 0.0f;
        }
      add_weighted<kD, kQueries>(dv, s, dout);
      rows_by_rows<kD, kQueries>(dp, shared_v + warp * 16 * kPitch<kD>, dout);
#pragma unroll
      for (int j = 0; j < kQueries / 8; ++j)
#pragma unroll
        for (int i = 0; i < 4; ++i) s[4 * j + i] *= dp[4 * j + i] - shared_delta[stage * kQueries + own + 8 * j + i % 2];
      add_weighted<kD, kQueries>(dk, s, q);
    }
    __syncthreads();  // before the next copies overwrite this stage
  }
  bf16 *targets_k[2], *targets_v[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    targets_k[r] = rows[r] < tile.length ? call.dk + (tile.begin + rows[r]) * call.dk_stride + int64_t(group) * kD : nullptr;
    targets_v[r] = rows[r] < tile.length ? call.dv + (tile.begin + rows[r]) * call.dv_stride + int64_t(group) * kD : nullptr;
  }
  const float scale[2] = {f.scale, f.scale}, one[2] = {1, 1};
  store_rows<kD>(dk, scale, targets_k);
  store_rows<kD>(dv, one, targets_v);
}

}  // namespace

cudaError_t attention_backward_ampere(const Context& ctx, const AttentionBackwardArguments<bf16>& arguments, int head_dim) {
  return with_head_dim(head_dim, [&](auto d) {
    constexpr int kD = decltype(d)::value;
    const cudaError_t error = launch(dq_kernel<kD>, dim3(uint32_t(arguments.forward.work)), dim3(kThreads), kSharedBytes<kD>, ctx.stream, arguments);
    if (error != cudaSuccess) return error;
    return launch(dkdv_kernel<kD>, dim3(uint32_t(arguments.forward.work / arguments.forward.group)), dim3(kThreads), kSharedBytes<kD>, ctx.stream, arguments);
  });
}

}  // namespace refine::cuda
