// Attention by mma.sync (attention.h): a block of eight warps computes 128 queries of one head, 16 a warp, over tiles of 64 keys.
//   shared  q (128, D), then two stages of k and v (64, D) each; rows padded by 16 bytes, so that the eight rows of an ldmatrix meet all banks
// k and v of the next tile are copied (cp.async) while this one is computed. Scores, weights and results stay in registers.
// A warp whose 16 queries see no key of a tile leaves its products out. 32 D + 4 * 16 D KiB / 128 of shared memory: 96 KiB at D = 128.
#include "attention_kernels.h"
#include "attention_mma.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = kAttentionThreads, kKeys = 64;

template <int kD>
constexpr size_t kSharedBytes = size_t(kAttentionTile + 4 * kKeys) * kPitch<kD> * sizeof(bf16);

template <int kD, bool kAlibi>
__global__ void __launch_bounds__(kThreads, kD <= 64 && !kAlibi ? 2 : 1) attention_ampere_kernel(AttentionArguments<bf16> call) {
  bf16* const shared = dynamic_shared<bf16>();
  constexpr int kStage = kKeys * kPitch<kD>;
  bf16* const shared_k = shared + kAttentionTile * kPitch<kD>;
  bf16* const shared_v = shared_k + 2 * kStage;

  const int head = int(blockIdx.x) % call.heads, warp = int(threadIdx.x / kWarp), lane = int(threadIdx.x % kWarp);
  const AttentionTile tile = call.tiles[blockIdx.x / call.heads];
  if (tile.length == 0) return;
  const bf16* const q = call.q + tile.begin * call.q_stride + int64_t(head) * kD;
  const bf16* const k = call.k + tile.begin * call.k_stride + int64_t(head / call.group) * kD;
  const bf16* const v = call.v + tile.begin * call.v_stride + int64_t(head / call.group) * kD;
  const int keys = visible_keys(call, tile), first_row = tile.first + warp * 16;  // the warp's first query
  const int rows[2] = {first_row + lane / 4, first_row + lane / 4 + 8};
  const int last[2] = {call.causal && rows[0] < tile.length ? rows[0] : tile.length - 1, call.causal && rows[1] < tile.length ? rows[1] : tile.length - 1};

  AlibiBias alibi;
  if constexpr (kAlibi) {
    alibi = {call.alibi_slope[head], call.alibi_scale * kLog2E, call.alibi_bfloat16, 0};
    alibi.at_reference = alibi.raw(tile.first);
  }
  const float unit = call.scale * kLog2E;

  copy_rows<kD>(shared, q, call.q_stride, tile.first, kAttentionTile, tile.length);
  copy_rows<kD>(shared_k, k, call.k_stride, 0, kKeys, tile.length);
  copy_rows<kD>(shared_v, v, call.v_stride, 0, kKeys, tile.length);
  cp_async_commit();

  uint32_t queries[kD / 16][4];
  float o[kD / 2] = {}, highest[2] = {float_of(0xff800000u), float_of(0xff800000u)}, sum[2] = {};
  for (int first = 0, stage = 0; first < keys; first += kKeys, stage ^= 1) {
    if (first + kKeys < keys) {
      copy_rows<kD>(shared_k + (stage ^ 1) * kStage, k, call.k_stride, first + kKeys, kKeys, tile.length);
      copy_rows<kD>(shared_v + (stage ^ 1) * kStage, v, call.v_stride, first + kKeys, kKeys, tile.length);
    }
    cp_async_commit();  // empty at the end: the count of groups stays
    cp_async_wait<1>();
    __syncthreads();
    if (first == 0) {
#pragma unroll
      for (int step = 0; step < kD / 16; ++step) ldmatrix_x4(queries[step], shared + (warp * 16 + lane % 16) * kPitch<kD> + step * 16 + lane / 16 * 8);
    }
    if (!call.causal || first <= first_row + 15) {
      float s[kKeys / 2] = {};
      const bf16* const own_k = shared_k + stage * kStage;
#pragma unroll
      for (int step = 0; step < kD / 16; ++step)
#pragma unroll
        for (int pair = 0; pair < kKeys / 16; ++pair) {
          uint32_t b[4];
          ldmatrix_x4(b, own_k + (pair * 16 + lane / 16 * 8 + lane % 8) * kPitch<kD> + step * 16 + lane / 8 % 2 * 8);
          mma_bf16(reinterpret_cast<float(&)[4]>(s[8 * pair]), queries[step], {b[0], b[1]});
          mma_bf16(reinterpret_cast<float(&)[4]>(s[8 * pair + 4]), queries[step], {b[2], b[3]});
        }
      float rescale[2];
      softmax_tile<kKeys, kAlibi>(s, unit, alibi, first, first + kKeys > tile.length || (call.causal && first + kKeys - 1 > first_row), last, highest, sum, rescale);
#pragma unroll
      for (int j = 0; j < kD / 8; ++j)
#pragma unroll
        for (int i = 0; i < 4; ++i) o[4 * j + i] *= rescale[i / 2];
      add_weighted<kD, kKeys>(o, s, shared_v + stage * kStage);
    }
    __syncthreads();  // before the next copies overwrite this stage
  }

  finish_rows<kD, kAlibi>(call, tile, head, rows, o, highest, sum, unit, alibi);
}

}  // namespace

cudaError_t attention_ampere(const Context& ctx, const AttentionArguments<bf16>& arguments, int head_dim) {
  return with_head_dim(head_dim, [&](auto d) {
    constexpr int kD = decltype(d)::value;
    return launch(arguments.alibi_slope ? attention_ampere_kernel<kD, true> : attention_ampere_kernel<kD, false>, dim3(uint32_t(arguments.work)), dim3(kThreads), kSharedBytes<kD>, ctx.stream, arguments);
  });
}

}  // namespace refine::cuda
