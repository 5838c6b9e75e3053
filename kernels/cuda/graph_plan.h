// Which packed batches are worth a CUDA graph, and the few shapes that such batches are padded to, so that a graph serves more than one.
// Host only. A graph starts a whole forward by one call instead of one call a kernel: it pays where starting kernels takes longer than
// running them, which is the case of small batches of small models, and of nothing else.
// Invariant: the numbers here decide what is kept for replay, never a result: rows do not depend on rows beside them (context.h).
#pragma once
#include <algorithm>
#include <cstdint>

namespace refine::cuda {

// What a forward's blocks ask of the card.
struct ForwardCost {
  int64_t launches = 0;      // kernels of one forward
  int64_t numbers = 0;       // of all linear layers: twice as many operations a row
  int64_t weight_bytes = 0;  // read once a forward, whatever its rows
  int32_t multiprocessors = 1;
  bool narrow = true;  // bf16 or int8 by the matrix units; fp32 otherwise
};

// Assumptions, none measured by this project on a card yet: a launch takes the host 2.5 us; a multiprocessor of a Hopper card does 6e12
// bf16 operations a second on large products (788 TFLOP/s over 132, infra/docs/gpu.md), 60 % of that on small ones, an eighth in fp32;
// its share of the memory's copies is 32.5e9 bytes a second (4.3 TB/s over 132). infra/gpu/run.sh times small batches with and without.
constexpr double kLaunchSeconds = 2.5e-6, kOperations = 3.6e12, kCopies = 32.5e9;
constexpr int64_t kLeastGraphRows = 128;  // a tile of the matrix products: fewer rows take as long
constexpr int64_t kMostGraphRows = 4096;

// The most rows, a power of two, at which launching takes longer than computing; 0 where it never does (the weights alone take longer to read).
inline int64_t graph_rows(const ForwardCost& cost) {
  const double launching = double(cost.launches) * kLaunchSeconds, rate = kOperations * cost.multiprocessors / (cost.narrow ? 1 : 8);
  if (cost.launches == 0 || double(cost.weight_bytes) / (kCopies * cost.multiprocessors) >= launching) return 0;
  const double rows = cost.numbers > 0 ? launching * rate / (2.0 * double(cost.numbers)) : double(kMostGraphRows);
  int64_t most = 0;
  for (int64_t step = kLeastGraphRows; step <= kMostGraphRows && double(step) <= rows; step *= 2) most = step;
  return most;
}

// What a batch is laid out for: its own rows and entries of attention's list, or those of its class.
struct ForwardShape {
  int64_t rows = 0, tiles = 0;
  bool padded = false;  // of a class: its forward may be replayed
};

// The class of a batch: rows to a power of two, entries to rows / 64, / 16, / 4 or rows, which is documents of about a hundred tokens, twenty,
// five and one. A batch of more than `most_rows` is its own. A document has one entry at least, so entries also bound documents.
inline ForwardShape forward_shape(int64_t rows, int64_t tiles, int64_t most_rows) {
  if (rows <= 0 || rows > most_rows) return {rows, tiles, false};
  ForwardShape shape{kLeastGraphRows, 0, true};
  while (shape.rows < rows) shape.rows *= 2;
  if (shape.rows > most_rows) return {rows, tiles, false};
  shape.tiles = shape.rows / 64;
  while (shape.tiles < tiles) shape.tiles *= 4;
  return shape;
}

}  // namespace refine::cuda
