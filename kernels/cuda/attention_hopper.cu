// Attention by TMA and wgmma (attention.h): persistent blocks of a producer warpgroup and two consumer warpgroups of 64 queries each.
//   shared, all in 128-byte swizzled columns of 64 bf16 (a head of 80, 96 or 128 has two, of 32 half of one; what lies beside the head in
//   memory comes along and is not read):  q (128, D), then kStages stages of k and v (128, D) each: 160 KiB at D = 128, 112 at 64
// The producer keeps the stages full, also across the block's works, so that the next work's q and k arrive while this one ends. A
// consumer starts the scores of tile j before it adds tile j - 1 to the result, and the softmax of j runs while the tensor cores do that; the two
// consumers drift apart by themselves, so that one's softmax meets the other's products.
// Works go round the blocks in the list's order, longest first: block b takes b, b + blocks, ...; who computes a work changes no bit.
// Source: Shah et al. 2024 (FlashAttention-3), section 3.
#include "attention_kernels.h"
#include "attention_softmax.h"
#include "ptx.h"

namespace refine::cuda {
namespace {

constexpr int kThreads = 384, kKeys = 128;
constexpr int kColumn = 64;                                         // bf16 of a swizzled row of 128 bytes
constexpr uint32_t kColumnBytes = 128 * kColumn * sizeof(bf16);     // 128 rows of one column
template <int kD>
constexpr int kColumns = (kD + kColumn - 1) / kColumn;
template <int kD>
constexpr int kStages = kD <= 64 ? 3 : 2;
template <int kD>
constexpr uint32_t kTileBytes = kColumns<kD> * kColumnBytes;        // of q, of a stage's k, of its v
template <int kD>
constexpr size_t kSharedBytes = kTileBytes<kD> * (1 + 2 * kStages<kD>);
[[maybe_unused]] constexpr int kConsumerBarrier = 1;                // named: the 256 consumers

struct Maps {
  TensorMap q, k, v;
};

#if REFINE_HOPPER
template <int kD>
struct Pipe {
  uint64_t q_full, q_empty, k_full[kStages<kD>], k_empty[kStages<kD>], v_full[kStages<kD>], v_empty[kStages<kD>];
};

// Where the n-th tile of a block stands, and the parity of its stage's n / kStages-th filling.
template <int kD>
struct Place {
  int stage;
  uint32_t parity;
  REFINE_DEVICE explicit Place(uint32_t n) : stage(int(n % kStages<kD>)), parity(n / kStages<kD> & 1) {}
};

template <int kD>
REFINE_DEVICE void load_tile(unsigned char* shared, const TensorMap* map, uint64_t* full, int x, int y) {
  mbarrier_expect(full, kTileBytes<kD>);
#pragma unroll
  for (int column = 0; column < kColumns<kD>; ++column) tma_load_2d(shared + column * kColumnBytes, map, full, x + column * kColumn, y);
}

template <int kD>
REFINE_DEVICE void produce(const AttentionArguments<bf16>& call, const Maps& maps, unsigned char* shared, Pipe<kD>& pipe) {
  uint32_t tiles_done = 0, works_done = 0;
  for (int work = int(blockIdx.x); work < call.work; work += int(gridDim.x), ++works_done) {
    const AttentionTile tile = call.tiles[work / call.heads];
    if (tile.length == 0) break;  // and all that follow
    const int head = work % call.heads, x = head / call.group * kD, keys = visible_keys(call, tile);
    mbarrier_wait(&pipe.q_empty, (works_done & 1) ^ 1);
    load_tile<kD>(shared, &maps.q, &pipe.q_full, head * kD, tile.begin + tile.first);
    for (int first = 0; first < keys; first += kKeys, ++tiles_done) {
      const Place<kD> place(tiles_done);
      unsigned char* const k = shared + kTileBytes<kD> * (1 + 2 * place.stage);
      mbarrier_wait(&pipe.k_empty[place.stage], place.parity ^ 1);
      load_tile<kD>(k, &maps.k, &pipe.k_full[place.stage], x, tile.begin + first);
      mbarrier_wait(&pipe.v_empty[place.stage], place.parity ^ 1);
      load_tile<kD>(k + kTileBytes<kD>, &maps.v, &pipe.v_full[place.stage], x, tile.begin + first);
    }
  }
}

// One arrival a consumer warp: its share of the products that read the stage is done.
REFINE_DEVICE void release(uint64_t* empty) {
  if (threadIdx.x % kWarp == 0) mbarrier_arrive(empty);
}

// s (64, 128 keys) = q k^T, started and committed.
template <int kD>
REFINE_DEVICE void start_scores(float (&s)[kKeys / 2], const unsigned char* q, const unsigned char* k) {
  wgmma_fence(s);
#pragma unroll
  for (int step = 0; step < kD / 16; ++step) {
    const int place = step / 4 * int(kColumnBytes) + step % 4 * 32;
    wgmma_bf16<kKeys>(s, wgmma_descriptor(q + place, 16, 1024), wgmma_descriptor(k + place, 16, 1024), step > 0);
  }
  wgmma_commit();
}

// o (64, D) += weights v, started and committed; v is (keys, D) in memory, its transpose in the product.
template <int kD>
REFINE_DEVICE void start_results(float (&o)[kD / 2], uint32_t (&weights)[kKeys / 16][4], const unsigned char* v, bool add) {
  static_assert(kKeys / 16 == 8);
  wgmma_fence(o, weights[0], weights[1], weights[2], weights[3], weights[4], weights[5], weights[6], weights[7]);
#pragma unroll
  for (int step = 0; step < kKeys / 16; ++step) wgmma_bf16_ra<kD, true>(o, weights[step], wgmma_descriptor(v + step * 2048, kColumnBytes, 1024), add || step > 0);
  wgmma_commit();
}

// Rows from `valid` on of a stage's v become 0: what stands behind the document weighs 0, but 0 times another document's infinity is NaN.
template <int kD>
REFINE_DEVICE void clear_rows(unsigned char* v, int valid, int thread) {
  for (int item = thread; item < (kKeys - valid) * 8 * kColumns<kD>; item += 256) {
    const int chunk = item % 8, row = valid + item / 8 % (kKeys - valid), column = item / 8 / (kKeys - valid);
    *reinterpret_cast<uint4*>(v + column * kColumnBytes + row * 128 + chunk * 16) = make_uint4(0, 0, 0, 0);  // whole rows: the swizzle stays in them
  }
  fence_proxy_async();
  named_barrier_sync(kConsumerBarrier, 256);
}

template <int kD, bool kAlibi>
REFINE_DEVICE void consume(const AttentionArguments<bf16>& call, unsigned char* shared, Pipe<kD>& pipe) {
  const int thread = int(threadIdx.x) - 128, consumer = thread / 128, warp = thread / int(kWarp), lane = thread % int(kWarp);
  const unsigned char* const q = shared + consumer * (kColumnBytes / 2);
  const float unit = call.scale * kLog2E;
  uint32_t tiles_done = 0, works_done = 0;
  for (int work = int(blockIdx.x); work < call.work; work += int(gridDim.x), ++works_done) {
    const AttentionTile tile = call.tiles[work / call.heads];
    if (tile.length == 0) break;  // and all that follow
    const int head = work % call.heads, keys = visible_keys(call, tile), first_row = tile.first + warp * 16;
    const int rows[2] = {first_row + lane / 4, first_row + lane / 4 + 8};
    const int last[2] = {call.causal && rows[0] < tile.length ? rows[0] : tile.length - 1, call.causal && rows[1] < tile.length ? rows[1] : tile.length - 1};
    AlibiBias alibi;
    if constexpr (kAlibi) {
      alibi = {call.alibi_slope[head], call.alibi_scale * kLog2E, call.alibi_bfloat16, 0};
      alibi.at_reference = alibi.raw(tile.first);
    }
    float s[kKeys / 2], o[kD / 2], highest[2] = {float_of(0xff800000u), float_of(0xff800000u)}, sum[2] = {}, rescale[2];
    uint32_t weights[kKeys / 16][4];
#pragma unroll
    for (int i = 0; i < kD / 2; ++i) o[i] = 0;

    mbarrier_wait(&pipe.q_full, works_done & 1);
    for (int first = 0; first < keys; first += kKeys, ++tiles_done) {
      const Place<kD> place(tiles_done), before(tiles_done - 1);
      mbarrier_wait(&pipe.k_full[place.stage], place.parity);
      start_scores<kD>(s, q, shared + kTileBytes<kD> * (1 + 2 * place.stage));
      if (first > 0) {
        mbarrier_wait(&pipe.v_full[before.stage], before.parity);
        start_results<kD>(o, weights, shared + kTileBytes<kD> * (2 + 2 * before.stage), first > kKeys);
        wgmma_wait<1>(s);
      } else {
        wgmma_wait<0>(s);
      }
      release(&pipe.k_empty[place.stage]);
      if (first + kKeys >= keys) release(&pipe.q_empty);
      softmax_tile<kKeys, kAlibi>(s, unit, alibi, first, first + kKeys > tile.length || (call.causal && first + kKeys - 1 > first_row), last, highest, sum, rescale);
      if (first > 0) {
        wgmma_wait<0>(o);
        release(&pipe.v_empty[before.stage]);
#pragma unroll
        for (int i = 0; i < kD / 2; ++i) o[i] *= rescale[i / 2 % 2];
      }
#pragma unroll
      for (int step = 0; step < kKeys / 16; ++step) weights_as_a<kKeys>(weights[step], s, step);
    }
    const Place<kD> place(tiles_done - 1);
    unsigned char* const v = shared + kTileBytes<kD> * (2 + 2 * place.stage);
    const int valid = keys - (keys - 1) / kKeys * kKeys;  // rows of the last tile that are the document's
    mbarrier_wait(&pipe.v_full[place.stage], place.parity);
    if (valid < kKeys) clear_rows<kD>(v, valid, thread);
    start_results<kD>(o, weights, v, keys > kKeys);
    wgmma_wait<0>(o);
    release(&pipe.v_empty[place.stage]);

    finish_rows<kD, kAlibi>(call, tile, head, rows, o, highest, sum, unit, alibi);
  }
}
#endif

template <int kD, bool kAlibi>
__global__ void __launch_bounds__(kThreads, 1) attention_hopper_kernel(AttentionArguments<bf16> call, const __grid_constant__ Maps maps) {
#if REFINE_HOPPER
  unsigned char* const shared = dynamic_shared<unsigned char>();
  __shared__ Pipe<kD> pipe;
  if (threadIdx.x == 0) {
    mbarrier_init(&pipe.q_full, 1);
    mbarrier_init(&pipe.q_empty, 8);
    for (int stage = 0; stage < kStages<kD>; ++stage) {
      mbarrier_init(&pipe.k_full[stage], 1);
      mbarrier_init(&pipe.k_empty[stage], 8);
      mbarrier_init(&pipe.v_full[stage], 1);
      mbarrier_init(&pipe.v_empty[stage], 8);
    }
    fence_barrier_init();
  }
  __syncthreads();
  if (threadIdx.x < 128) {
    setmaxnreg_dec<24>();
    if (threadIdx.x == 0) produce<kD>(call, maps, shared, pipe);
  } else {
    setmaxnreg_inc<240>();
    consume<kD, kAlibi>(call, shared, pipe);
  }
#endif
}

}  // namespace

cudaError_t attention_hopper(const Context& ctx, const AttentionArguments<bf16>& arguments, int head_dim) {
  Maps maps;
  const int64_t queries = int64_t(arguments.heads) * head_dim, keys = queries / arguments.group;
  cudaError_t error = make_tensor_map_2d(&maps.q, arguments.q, TensorElement::kBf16, arguments.tokens, queries, arguments.q_stride * 2, kAttentionTile, kColumn);
  if (error == cudaSuccess) error = make_tensor_map_2d(&maps.k, arguments.k, TensorElement::kBf16, arguments.tokens, keys, arguments.k_stride * 2, kKeys, kColumn);
  if (error == cudaSuccess) error = make_tensor_map_2d(&maps.v, arguments.v, TensorElement::kBf16, arguments.tokens, keys, arguments.v_stride * 2, kKeys, kColumn);
  if (error != cudaSuccess) return error;
  const int blocks = arguments.work < ctx.multiprocessors ? arguments.work : ctx.multiprocessors;
  return with_head_dim(head_dim, [&](auto d) {
    constexpr int kD = decltype(d)::value;
    return launch(arguments.alibi_slope ? attention_hopper_kernel<kD, true> : attention_hopper_kernel<kD, false>, dim3(uint32_t(blocks)), dim3(kThreads), kSharedBytes<kD>, ctx.stream, arguments, maps);
  });
}

}  // namespace refine::cuda
