// Attention by mma.sync (attention.h): a block of eight warps computes 128 queries of one head, 16 a warp, over tiles of 64 keys.
//   shared  q (128, D), then two stages of k and v (64, D) each; rows padded by 16 bytes, so that the eight rows of an ldmatrix meet all banks
// k and v of the next tile are copied (cp.async) while this one is computed. Scores, weights and results stay in registers.
// A warp whose 16 queries see no key of a tile leaves its products out. 32 D + 4 * 16 D KiB / 128 of shared memory: 96 KiB at D = 128.
#include "attention_kernels.h"
#include "attention_softmax.h"
#include "ptx.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = 256, kKeys = 64;

template <int kD>
constexpr int kPitch = kD + 8;  // elements of a row in shared memory
template <int kD>
constexpr size_t kSharedBytes = size_t(kAttentionTile + 4 * kKeys) * kPitch<kD> * sizeof(bf16);

// Rows first .. first + kRows of a document's (length, stride); behind its end zeros.
template <int kD, int kRows>
REFINE_DEVICE void copy_rows(bf16* shared, const bf16* from, int64_t stride, int first, int length) {
  constexpr int kChunks = kD / 8;
  for (int item = int(threadIdx.x); item < kRows * kChunks; item += kThreads) {
    const int row = item / kChunks, chunk = item % kChunks;
    const bool inside = first + row < length;
    cp_async_16(shared + row * kPitch<kD> + chunk * 8, from + int64_t(inside ? first + row : first) * stride + chunk * 8, inside ? 16 : 0);
  }
}

template <int kD, bool kAlibi>
__global__ void __launch_bounds__(kThreads, kD <= 64 && !kAlibi ? 2 : 1) attention_ampere_kernel(AttentionArguments<bf16> call) {
  bf16* const shared = dynamic_shared<bf16>();
  constexpr int kStage = kKeys * kPitch<kD>;
  bf16* const shared_k = shared + kAttentionTile * kPitch<kD>;
  bf16* const shared_v = shared_k + 2 * kStage;

  const int head = int(blockIdx.x) % call.heads, warp = int(threadIdx.x / kWarp), lane = int(threadIdx.x % kWarp);
  const AttentionTile tile = call.tiles[blockIdx.x / call.heads];
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

  copy_rows<kD, kAttentionTile>(shared, q, call.q_stride, tile.first, tile.length);
  copy_rows<kD, kKeys>(shared_k, k, call.k_stride, 0, tile.length);
  copy_rows<kD, kKeys>(shared_v, v, call.v_stride, 0, tile.length);
  cp_async_commit();

  uint32_t queries[kD / 16][4];
  float o[kD / 2] = {}, highest[2] = {float_of(0xff800000u), float_of(0xff800000u)}, sum[2] = {};
  for (int first = 0, stage = 0; first < keys; first += kKeys, stage ^= 1) {
    if (first + kKeys < keys) {
      copy_rows<kD, kKeys>(shared_k + (stage ^ 1) * kStage, k, call.k_stride, first + kKeys, tile.length);
      copy_rows<kD, kKeys>(shared_v + (stage ^ 1) * kStage, v, call.v_stride, first + kKeys, tile.length);
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
      const bf16* const own_v = shared_v + stage * kStage;
#pragma unroll
      for (int step = 0; step < kKeys / 16; ++step) {
        uint32_t weights[4];
        weights_as_a<kKeys>(weights, s, step);
#pragma unroll
        for (int pair = 0; pair < kD / 16; ++pair) {
          uint32_t b[4];
          ldmatrix_x4_trans(b, own_v + (step * 16 + lane / 8 % 2 * 8 + lane % 8) * kPitch<kD> + pair * 16 + lane / 16 * 8);
          mma_bf16(reinterpret_cast<float(&)[4]>(o[8 * pair]), weights, {b[0], b[1]});
          mma_bf16(reinterpret_cast<float(&)[4]>(o[8 * pair + 4]), weights, {b[2], b[3]});
        }
      }
    }
    __syncthreads();  // before the next copies overwrite this stage
  }

  float factor[2];
  bf16* targets[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const float total = quad_sum(sum[r]);
    factor[r] = 1.0f / total;
    targets[r] = rows[r] < tile.length ? call.out + (tile.begin + rows[r]) * call.out_stride + int64_t(head) * kD : nullptr;
    if (call.lse && lane % 4 == 0 && rows[r] < tile.length)
      call.lse[head * call.tokens + tile.begin + rows[r]] = kLn2 * (highest[r] * (kAlibi ? 1.0f : unit) + log2f(total)) + (kAlibi ? call.alibi_scale * alibi.at_reference : 0.0f);
  }
  store_rows<kD>(o, factor, targets);
}

}  // namespace

cudaError_t attention_ampere(const Context& ctx, const AttentionArguments<bf16>& arguments, int head_dim) {
  return with_head_dim(head_dim, [&](auto d) {
    constexpr int kD = decltype(d)::value;
    return launch(arguments.alibi_slope ? attention_ampere_kernel<kD, true> : attention_ampere_kernel<kD, false>, dim3(uint32_t(arguments.work)), dim3(kThreads), kSharedBytes<kD>, ctx.stream, arguments);
  });
}

}  // namespace refine::cuda
