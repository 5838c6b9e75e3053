// The matrix product of the Hopper path: one thread brings tiles by TMA, two warpgroups multiply them by wgmma, tiles one after another.
//   operands  A (M,K), W (N,K), rows of K at 16 bytes; a stage is 128 bytes of K (64 bf16, 128 int8) of 128 rows of A and 256 or 128 of W.
//             bf16 may lie MN-major instead, A (K,M), B (K,N): then a stage is 64 rows of k in blocks of 64 numbers of M or N, 8 KiB each
//   wide      128 x 256: 4 stages of 48 KiB, 384 threads, one block a multiprocessor; the copying warpgroup gives its registers to the
//             multiplying ones (setmaxnreg 40 / 232), each of which keeps 64 x 256 sums, 128 registers a thread
//   narrow    128 x 128: 3 stages of 32 KiB, 256 threads of 128 registers, two blocks a multiprocessor, so that one stores while the other
//             multiplies; a ninth warp would cost each thread 32 registers, so thread 0 brings, one step behind the products it started
// A step of 32 bytes of K is one wgmma m64n256 (128 cycles, 10 KiB of shared memory: 80 bytes a cycle of 128). The grid is persistent: the
// copying warp runs ahead into the next tile while sums are stored. Rings: full[stage] completes when its bytes are there, empty[stage]
// when the eight multiplying warps have read it; phases alternate, so a barrier's parity is the round's number mod 2.
// Invariant: an element's sum takes k in ascending steps of one wgmma, whatever the tile. Shared memory is 128-byte swizzled by the copy
// engine (chunk c of row r at c ^ r % 8) and read so by wgmma: no bank conflicts by construction.
#pragma once
#include "gemm_ampere.h"

namespace refine::cuda {

constexpr int kHopperRows = 128, kHopperDepthBytes = 128, kConsumers = 256;

template <int kTileColumns>
struct HopperTile {
  static constexpr int kColumns = kTileColumns;
  static constexpr bool kWide = kColumns == 256;
  static constexpr int kStages = kWide ? 4 : 3, kThreads = kConsumers + (kWide ? 128 : 0), kBlocksPerProcessor = kWide ? 1 : 2;
  static constexpr int kBytesA = kHopperRows * kHopperDepthBytes, kBytesB = kColumns * kHopperDepthBytes, kStageBytes = kBytesA + kBytesB;
  static constexpr int kSharedBytes = kStages * kStageBytes + 2 * kStages * int(sizeof(uint64_t));
};

// The next stage of a ring and its round's parity.
struct RingPlace {
  int stage = 0;
  uint32_t parity = 0;
  template <int kStages>
  REFINE_DEVICE void next() {
    if (++stage == kStages) stage = 0, parity ^= 1;
  }
};

constexpr int kMnBlock = 64, kMnBlockBytes = kMnBlock * 64 * 2;  // 64 k of 64 bf16

// An operand's `kLines` rows of M or N from `first` on (the second half of a K-major one from `second` on), 128 bytes of K from `step` on.
template <bool kMn, int kLines, int kElements>
REFINE_DEVICE void bring(uint8_t* to, const TensorMap* map, uint64_t* bar, int32_t step, int32_t first, int32_t second) {
  if constexpr (kMn) {
#pragma unroll
    for (int block = 0; block < kLines / kMnBlock; ++block) tma_load_2d(to + block * kMnBlockBytes, map, bar, first + block * kMnBlock, step * kElements);
  } else {
    tma_load_2d(to, map, bar, step * kElements, first);
    tma_load_2d(to + kLines / 2 * kHopperDepthBytes, map, bar, step * kElements, second);
  }
}
// The wgmma descriptor of an operand in a stage, 32 bytes of K from byte `k` on.
template <bool kMn>
REFINE_DEVICE uint64_t descriptor(const uint8_t* stage, int k) {
  return kMn ? wgmma_descriptor(stage + k / 2 * 128, kMnBlockBytes, 1024) : wgmma_descriptor(stage + k, 16, 1024);
}

template <class Product, class Tile, bool kMnA, bool kMnB>
REFINE_DEVICE void multiply_step([[maybe_unused]] typename Product::Sum (&sums)[Tile::kColumns / 2], [[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b, [[maybe_unused]] bool accumulate) {
  if constexpr (std::is_same_v<typename Product::Sum, float>) wgmma_bf16<Tile::kColumns, kMnB, kMnA>(sums, a, b, accumulate);
  else wgmma_s8<Tile::kColumns>(sums, a, b, accumulate);
}

// A block's stages in the order they are multiplied: all steps of K of its first tile, of its second, ... b_step, b_half: rows of W from one
// tile to the next, and from a tile's first half to its second (gated: the other matrix).
template <class Product, class Tile, bool kMnA, bool kMnB>
struct Bringer {
  static constexpr int kElements = kHopperDepthBytes / int(sizeof(typename Product::Element));
  RingPlace place;
  int64_t index;
  int32_t tile_m = 0, tile_n = 0, tiles_end = 0, step = 0;
  REFINE_DEVICE void open(const TileWork& work) {
    if (index >= work.items()) return;
    int32_t part;
    work.item(index, tile_m, part);
    tile_n = work.first_tile(part);
    tiles_end = tile_n + work.tile_count(part);
  }
  // Brings the next stage once it is empty; nothing where there is no more.
  REFINE_DEVICE bool next(const TensorMap* map_a, const TensorMap* map_b, const TileWork& work, uint8_t* shared, uint64_t* full, uint64_t* empty, int32_t depth_steps, int32_t b_step, int32_t b_half) {
    if (index >= work.items()) return false;
    mbarrier_wait(empty + place.stage, place.parity ^ 1);  // a fresh ring is empty
    uint8_t* stage = shared + place.stage * Tile::kStageBytes;
    uint64_t* bar = full + place.stage;
    mbarrier_expect(bar, Tile::kStageBytes);
    bring<kMnA, kHopperRows, kElements>(stage, map_a, bar, step, tile_m * kHopperRows, tile_m * kHopperRows + kHopperRows / 2);
    bring<kMnB, Tile::kColumns, kElements>(stage + Tile::kBytesA, map_b, bar, step, tile_n * b_step, tile_n * b_step + b_half);
    place.template next<Tile::kStages>();
    if (++step < depth_steps) return true;
    step = 0;
    if (++tile_n == tiles_end) {
      index += gridDim.x;
      open(work);
    }
    return true;
  }
};

template <class Product, class Tile, bool kMnA, bool kMnB, class Sink>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocksPerProcessor)
    hopper_kernel(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b, TileWork work, Sink sink, int32_t depth_steps, int32_t b_step, int32_t b_half) {
#if REFINE_HOPPER
  using Sum = typename Product::Sum;
  constexpr int kStages = Tile::kStages;
  uint8_t* shared = dynamic_shared<uint8_t>();
  uint64_t* full = reinterpret_cast<uint64_t*>(shared + kStages * Tile::kStageBytes);
  uint64_t* empty = full + kStages;
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < kStages; ++stage) {
      mbarrier_init(full + stage, 1);
      mbarrier_init(empty + stage, kConsumers / 32);
    }
    fence_barrier_init();
  }
  __syncthreads();
  const int64_t items = work.items();
  Bringer<Product, Tile, kMnA, kMnB> bringer{{}, int64_t(blockIdx.x)};
  bringer.open(work);
  const auto bring_next = [&] { return bringer.next(&map_a, &map_b, work, shared, full, empty, depth_steps, b_step, b_half); };
  if (Tile::kWide && threadIdx.x >= kConsumers) {
    if constexpr (Tile::kWide) setmaxnreg_dec<40>();
    if (threadIdx.x == kConsumers)
      while (bring_next()) {
      }
  } else {
    if constexpr (Tile::kWide) setmaxnreg_inc<232>();
    if (!Tile::kWide && threadIdx.x == 0)
      for (int stage = 0; stage < kStages; ++stage) bring_next();
    [[maybe_unused]] bool started = false;  // narrow: every step but the block's first leaves the stage before it to be filled
    const int group = int(threadIdx.x) / 128, warp = int(threadIdx.x) / 32;
    RingPlace place;
    for (int64_t index = blockIdx.x; index < items; index += gridDim.x) {
      int32_t tile_m, part;
      work.item(index, tile_m, part);
      typename Sink::template State<1> state;
      sink.begin(state);
      const int64_t row0 = int64_t(tile_m) * kHopperRows + warp * 16;
      for (int32_t tile_n = work.first_tile(part), end = tile_n + work.tile_count(part); tile_n < end; ++tile_n) {
        Sum sums[Tile::kColumns / 2];
        int last = 0;
        for (int32_t step = 0; step < depth_steps; ++step) {
          mbarrier_wait(full + place.stage, place.parity);
          const uint8_t* stage = shared + place.stage * Tile::kStageBytes;
          const uint8_t* rows = stage + group * (Tile::kBytesA / 2);
          wgmma_fence(sums);
#pragma unroll
          for (int k = 0; k < kHopperDepthBytes; k += 32)
            multiply_step<Product, Tile, kMnA, kMnB>(sums, descriptor<kMnA>(rows, k), descriptor<kMnB>(stage + Tile::kBytesA, k), step > 0 || k > 0);
          wgmma_commit();
          if (step > 0) {
            wgmma_wait<1>();  // the step before has read its stage
            if (threadIdx.x % 32 == 0) mbarrier_arrive(empty + last);
          }
          if constexpr (!Tile::kWide) {
            if (started && threadIdx.x == 0) bring_next();
            started = true;
          }
          last = place.stage;
          place.template next<kStages>();
        }
        wgmma_wait<0>(sums);
        if (threadIdx.x % 32 == 0) mbarrier_arrive(empty + last);
        sink.tile(state, 0, sums, row0, int64_t(tile_n) * Tile::kColumns / (Sink::gated ? 2 : 1));
      }
      sink.end(state, 0, row0, part);
    }
  }
#endif
}

// A tensor map of an operand, in boxes of `lines` rows of K or, MN-major, of 64 k by 64 of M or N.
template <class Element, bool kMn>
cudaError_t operand_map(TensorMap* map, const Operand& operand, int lines) {
  constexpr auto kElement = std::is_same_v<Element, bf16> ? TensorElement::kBf16 : TensorElement::kInt8;
  const int64_t depth = operand.depth_bytes / int64_t(sizeof(Element));
  if constexpr (kMn) return make_tensor_map_2d(map, operand.data, kElement, depth, operand.rows, operand.rows * int64_t(sizeof(Element)), 64, kMnBlock);
  return make_tensor_map_2d(map, operand.data, kElement, operand.rows, depth, operand.depth_bytes, lines, kHopperDepthBytes / int(sizeof(Element)));
}

template <class Product, int kColumns, bool kMnA, bool kMnB, class Sink>
cudaError_t launch_hopper(const Context& ctx, const Operand& a, const Operand& b, const Sink& sink, int32_t tiles_per_item = 1) {
  using Tile = HopperTile<kColumns>;
  TensorMap map_a, map_b;
  if (const cudaError_t error = operand_map<typename Product::Element, kMnA>(&map_a, a, kHopperRows / 2); error != cudaSuccess) return error;
  if (const cudaError_t error = operand_map<typename Product::Element, kMnB>(&map_b, b, kColumns / 2); error != cudaSuccess) return error;
  const TileWork work{int32_t(ceil_div(a.rows, kHopperRows)), int32_t(ceil_div(b.rows, kColumns)), tiles_per_item};
  const int64_t slots = int64_t(ctx.multiprocessors) * Tile::kBlocksPerProcessor, blocks = work.items() < slots ? work.items() : slots;
  return launch(hopper_kernel<Product, Tile, kMnA, kMnB, Sink>, dim3(uint32_t(blocks)), dim3(Tile::kThreads), Tile::kSharedBytes, ctx.stream, map_a, map_b, work, sink,
                int32_t(ceil_div(a.depth_bytes, kHopperDepthBytes)), Sink::gated ? kColumns / 2 : kColumns, Sink::gated ? int32_t(b.rows / 2) : kColumns / 2);
}

// A product on the context's path; the Ampere kernels, at worst element by element, take what TMA cannot.
template <class Product, bool kMnA = false, bool kMnB = false, class Sink>
cudaError_t launch_product(const Context& ctx, const Operand& a, const Operand& b, const Sink& sink) {
  if (ctx.path != Path::kHopper || a.depth_bytes == 0 || !copies_16<kMnA>(a) || !copies_16<kMnB>(b)) return launch_ampere<Product, kMnA, kMnB>(ctx, a, b, sink);
  if constexpr (!Sink::rare)
    if (wide_tiles(a.rows, b.rows, a.depth_bytes, ctx.multiprocessors)) return launch_hopper<Product, 256, kMnA, kMnB>(ctx, a, b, sink);
  return launch_hopper<Product, 128, kMnA, kMnB>(ctx, a, b, sink);
}

}  // namespace refine::cuda
