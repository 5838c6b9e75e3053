// The matrix product of the Ampere path: mma.sync fed by ldmatrix from a ring of shared-memory stages that cp.async fills.
//   operands    K-major (rows of k: A (M,K), W (N,K)) as 64 bytes of k a row and stage, or MN-major (bf16: A (K,M), B (K,N)) as 32 rows of k
//   tiles       128 x 128 (4 warps of 64 x 64, 4 stages of 16 KiB, two blocks a multiprocessor) or 64 x 128 (warps of 32 x 64)
// A warp step of 16 k (32 int8): 4 KiB of ldmatrix for 64 x 64 products, 64 bytes a cycle at sm_80's rate of 128. No bank is hit twice by
// one ldmatrix or one row of copies (gemm_plan.h). Depth past K is zeros in shared memory and adds nothing; so are rows past M, N.
// Invariant: an element's sum takes k in ascending steps of one mma, in every tile size: the same bits in both.
// Oracle and sizes: tests/gemm_device.h, by way of the launchers.
#pragma once
#include "gemm_epilogue.h"
#include "gemm_plan.h"
#include "ptx.h"

namespace refine::cuda {

struct Bf16Product {
  using Element = bf16;
  using Sum = float;
  REFINE_DEVICE static void mma(Sum (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { mma_bf16(d, a, b); }
};
struct Int8Product {
  using Element = int8_t;
  using Sum = int32_t;
  REFINE_DEVICE static void mma(Sum (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { mma_s8(d, a, b); }
};

// A matrix as it lies: `rows` of M or N, `depth_bytes` of K; K-major: rows x depth_bytes; MN-major: k x rows.
struct Operand {
  const uint8_t* data;
  int64_t rows, depth_bytes;
};

template <int kTileRows, int kTileColumns, int kWarpsDown, int kWarpsAcross>
struct AmpereTile {
  static constexpr int kRows = kTileRows, kColumns = kTileColumns, kDown = kWarpsDown, kAcross = kWarpsAcross;
  static constexpr int kThreads = 32 * kDown * kAcross, kWarpRows = kRows / kDown, kWarpColumns = kColumns / kAcross;
  static constexpr int kFragments = kWarpRows / 16, kBlocks = kWarpColumns / 8;
  static constexpr int kStages = 4, kStageBytes = (kRows + kColumns) * kDepthBytes;
  static constexpr int kSharedBytes = kStages * kStageBytes;
};
using AmpereLarge = AmpereTile<128, 128, 2, 2>;
using AmpereSmall = AmpereTile<64, 128, 2, 2>;

// 16 bytes, of which `valid` are the matrix's; the rest zeros. Without kCopy16 the source may start at any element.
template <class Element, bool kCopy16>
REFINE_DEVICE void copy_chunk(uint8_t* to, const uint8_t* from, int valid) {
  if constexpr (kCopy16) {
    cp_async_16(to, from, valid);
  } else {
    Words4 words{};
    constexpr int kBits = int(sizeof(Element)) * 8;
#pragma unroll
    for (int i = 0; i < 16; i += int(sizeof(Element))) {
      uint32_t element = 0;
      if (i < valid) {
        if constexpr (kBits == 8) element = *(from + i);
        else element = reinterpret_cast<const bf16*>(from + i)->bits;
      }
      words.word[i / 4] |= element << (i % 4 * 8);
    }
    store_words4(to, words);
  }
}
REFINE_DEVICE int clamp_chunk(int64_t bytes) { return bytes < 0 ? 0 : bytes > 16 ? 16 : int(bytes); }

// One operand's share of a stage: kCount rows of M or N (row r of the tile is row(r) of the matrix, -1 none) and 64 bytes of K from `depth` on.
template <class Element, bool kCopy16, bool kMn, int kCount, int kThreads, class Row>
REFINE_DEVICE void load_operand(uint8_t* stage, const Operand& operand, int64_t depth, const Row& row) {
#pragma unroll
  for (int i = 0; i < kCount * 4 / kThreads; ++i) {
    const int chunk = int(threadIdx.x) + i * kThreads;
    if constexpr (!kMn) {
      const int r = chunk / 4, c = chunk % 4;
      const int64_t from = row(r);
      const int valid = from < 0 || from >= operand.rows ? 0 : clamp_chunk(operand.depth_bytes - depth - c * 16);
      copy_chunk<Element, kCopy16>(stage + k_major_offset(r, c), valid ? operand.data + from * operand.depth_bytes + depth + c * 16 : operand.data, valid);
    } else {
      const int k = chunk / (kCount / 8), c = chunk % (kCount / 8);
      const int64_t from = row(c * 8), at = depth / 2 + k;  // bf16
      const int valid = at * 2 >= operand.depth_bytes || from < 0 ? 0 : clamp_chunk((operand.rows - from) * 2);
      copy_chunk<Element, kCopy16>(stage + mn_major_offset(k, c, kCount), valid ? operand.data + (at * operand.rows + from) * 2 : operand.data, valid);
    }
  }
}

// The A of 16 rows, the B of two blocks of 8 columns, at step `step` (of two) of a stage; first: the row or column of the warp in the tile.
template <bool kMn, int kCount>
REFINE_DEVICE void load_a(uint32_t (&a)[4], const uint8_t* stage, int first, int step) {
  const int lane = int(threadIdx.x) % 32;
  if constexpr (!kMn) ldmatrix_x4(a, stage + k_major_offset(first + lane % 16, step * 2 + lane / 16));
  else ldmatrix_x4_trans(a, stage + mn_major_offset(step * 16 + lane % 8 + lane / 16 * 8, first / 8 + lane / 8 % 2, kCount));
}
template <bool kMn, int kCount>
REFINE_DEVICE void load_b(uint32_t (&b)[4], const uint8_t* stage, int first, int step) {
  const int lane = int(threadIdx.x) % 32;
  if constexpr (!kMn) ldmatrix_x4(b, stage + k_major_offset(first + lane % 8 + lane / 16 * 8, step * 2 + lane / 8 % 2));
  else ldmatrix_x4_trans(b, stage + mn_major_offset(step * 16 + lane % 16, first / 8 + lane / 16, kCount));
}

template <class Product, class Tile, bool kCopy16, bool kMnA, bool kMnB, class Sink>
__global__ void __launch_bounds__(Tile::kThreads, 2) ampere_kernel(Operand a, Operand b, TileWork work, Sink sink) {
  using Element = typename Product::Element;
  using Sum = typename Product::Sum;
  uint8_t* shared = dynamic_shared<uint8_t>();
  const int warp = int(threadIdx.x) / 32, warp_row = warp / Tile::kAcross * Tile::kWarpRows, warp_across = warp % Tile::kAcross;
  const int64_t steps = ceil_div(a.depth_bytes, kDepthBytes);
  for (int64_t index = blockIdx.x; index < work.items(); index += gridDim.x) {
    int32_t tile_m, part;
    work.item(index, tile_m, part);
    typename Sink::template State<Tile::kFragments> state;
    sink.begin(state);
    const int64_t row0 = int64_t(tile_m) * Tile::kRows;
    for (int32_t tile_n = work.first_tile(part), end = tile_n + work.tile_count(part); tile_n < end; ++tile_n) {
      const auto load = [&](int64_t step) {
        uint8_t* stage = shared + step % Tile::kStages * Tile::kStageBytes;
        load_operand<Element, kCopy16, kMnA, Tile::kRows, Tile::kThreads>(stage, a, step * kDepthBytes, [&](int r) { return row0 + r; });
        load_operand<Element, kCopy16, kMnB, Tile::kColumns, Tile::kThreads>(stage + Tile::kRows * kDepthBytes, b, step * kDepthBytes, [&](int r) {
          if constexpr (Sink::gated) return gated_row(tile_n, Tile::kColumns, Tile::kWarpColumns, r, b.rows / 2);
          else return int64_t(tile_n) * Tile::kColumns + r;
        });
      };
      Sum sums[Tile::kFragments][Tile::kBlocks * 4];
#pragma unroll
      for (int i = 0; i < Tile::kFragments; ++i)
#pragma unroll
        for (int j = 0; j < Tile::kBlocks * 4; ++j) sums[i][j] = 0;
      for (int64_t step = 0; step < Tile::kStages - 1; ++step) {
        if (step < steps) load(step);
        cp_async_commit();
      }
      for (int64_t step = 0; step < steps; ++step) {
        cp_async_wait<Tile::kStages - 2>();
        __syncthreads();  // this stage is everybody's; the stage of the step before is nobody's
        if (step + Tile::kStages - 1 < steps) load(step + Tile::kStages - 1);
        cp_async_commit();
        const uint8_t* stage = shared + step % Tile::kStages * Tile::kStageBytes;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          uint32_t from_a[Tile::kFragments][4], from_b[Tile::kBlocks / 2][4];
#pragma unroll
          for (int i = 0; i < Tile::kFragments; ++i) load_a<kMnA, Tile::kRows>(from_a[i], stage, warp_row + 16 * i, half);
#pragma unroll
          for (int j = 0; j < Tile::kBlocks / 2; ++j) load_b<kMnB, Tile::kColumns>(from_b[j], stage + Tile::kRows * kDepthBytes, warp_across * Tile::kWarpColumns + 16 * j, half);
#pragma unroll
          for (int i = 0; i < Tile::kFragments; ++i)
#pragma unroll
            for (int j = 0; j < Tile::kBlocks; ++j) {
              const uint32_t columns[2] = {from_b[j / 2][j % 2 * 2], from_b[j / 2][j % 2 * 2 + 1]};
              Product::mma(reinterpret_cast<Sum(&)[4]>(sums[i][4 * j]), from_a[i], columns);
            }
        }
      }
      cp_async_wait<0>();
      __syncthreads();  // before the next tile's copies
      const int64_t column0 = (int64_t(tile_n) * Tile::kColumns + warp_across * Tile::kWarpColumns) / (Sink::gated ? 2 : 1);
#pragma unroll
      for (int i = 0; i < Tile::kFragments; ++i) sink.tile(state, i, sums[i], row0 + warp_row + 16 * i, column0);
    }
#pragma unroll
    for (int i = 0; i < Tile::kFragments; ++i) sink.end(state, i, row0 + warp_row + 16 * i, part * Tile::kAcross + warp_across);
  }
}

template <class Product, class Tile, bool kCopy16, bool kMnA, bool kMnB, class Sink>
cudaError_t launch_ampere(const Context& ctx, const Operand& a, const Operand& b, const Sink& sink, int32_t tiles_per_item = 1) {
  const TileWork work{int32_t(ceil_div(a.rows, Tile::kRows)), int32_t(ceil_div(b.rows, Tile::kColumns)), tiles_per_item};
  const int64_t blocks = work.items() < 2 * int64_t(ctx.multiprocessors) ? work.items() : 2 * int64_t(ctx.multiprocessors);
  return launch(ampere_kernel<Product, Tile, kCopy16, kMnA, kMnB, Sink>, dim3(uint32_t(blocks)), dim3(Tile::kThreads), Tile::kSharedBytes, ctx.stream, a, b, work, sink);
}

// 16-byte copies need rows and bases at 16 bytes.
template <bool kMn>
bool copies_16(const Operand& operand) {
  return reinterpret_cast<uintptr_t>(operand.data) % 16 == 0 && (kMn ? operand.rows * 2 : operand.depth_bytes) % 16 == 0;
}

template <class Product, bool kMnA, bool kMnB, class Sink>
cudaError_t launch_ampere(const Context& ctx, const Operand& a, const Operand& b, const Sink& sink) {
  if (!copies_16<kMnA>(a) || !copies_16<kMnB>(b)) return launch_ampere<Product, AmpereSmall, false, kMnA, kMnB>(ctx, a, b, sink);
  if constexpr (!Sink::rare)
    if (large_tiles(a.rows, b.rows, ctx.multiprocessors)) return launch_ampere<Product, AmpereLarge, true, kMnA, kMnB>(ctx, a, b, sink);
  return launch_ampere<Product, AmpereSmall, true, kMnA, kMnB>(ctx, a, b, sink);
}

}  // namespace refine::cuda
