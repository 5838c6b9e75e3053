// Attention in tiles; see attention.h. Keys are packed as the B operand of Q K', values as that of P V, once a group of heads.
#include "attention.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "attention_products.h"

namespace refine::model {
namespace {

thread_local AlignedBuffer key_panels, value_panels, tile_room;

}  // namespace

void attend(const KernelSet& kernels, const AttentionTask& task) {
  const AttentionProducts products(kernels, task.narrow);
  const TileScope tiles(kernels, products.narrow);
  const int64_t dim = task.dim, columns = products.columns, rows = products.rows, length = task.length;
  const int64_t key_columns = (length + columns - 1) / columns * columns, dim_columns = (dim + columns - 1) / columns * columns;
  const int64_t dim_steps = products.steps(dim), length_steps = products.steps(length);
  key_panels.grow(size_t(key_columns * dim_steps) * sizeof(float));
  value_panels.grow(size_t(dim_columns * length_steps) * sizeof(float));
  // queries (D, tile), scores (tile, block), weights (block, tile), sums (tile, D)
  const int64_t query_words = rows * dim_steps + 16, score_words = rows * kKeyBlock, weight_words = kKeyBlock * rows + 16;
  tile_room.grow(size_t(query_words + score_words + weight_words + rows * dim) * sizeof(float));
  auto* keys = static_cast<float*>(key_panels.data);
  auto* values = static_cast<float*>(value_panels.data);
  auto* query = static_cast<float*>(tile_room.data);
  float *scores = query + query_words, *weights = scores + score_words, *sums = weights + weight_words;
  float highest[kMaxTileRows], total[kMaxTileRows];
  const int32_t per_group = task.heads / task.groups;

  for (int32_t g = 0; g < task.groups; ++g) {
    products.pack_keys(task.keys + g * dim, task.key_stride, length, dim, keys);
    products.pack_values(task.values + g * dim, task.value_stride, length, dim, values);
    for (int32_t h = g * per_group; h < (g + 1) * per_group; ++h) {
      const float* bias = task.alibi ? task.alibi + h * task.alibi_stride : nullptr;
      for (int64_t t = 0; t < task.rows; t += rows) {
        const int used = int(std::min<int64_t>(rows, task.rows - t));
        const int64_t seen = task.causal ? std::min(length, task.first + t + used) : length;  // by the tile's last row
        products.pack_rows(task.queries + t * task.query_stride + h * dim, task.query_stride, used, dim, query);
        std::fill_n(highest, used, -std::numeric_limits<float>::infinity());
        std::fill_n(total, used, 0.0f);
        for (int64_t from = 0; from < seen; from += kKeyBlock) {
          const int64_t here = std::min(kKeyBlock, seen - from);
          for (int64_t j = 0; j < here; j += columns)
            products.tile[used - 1](dim_steps, query, keys + (from + j) * dim_steps, scores + j, kKeyBlock, int(columns), true);
          for (int r = 0; r < used; ++r) {
            const int64_t visible = task.causal ? std::min(here, task.first + t + r + 1 - from) : here;
            const float rescale = kernels.rows.softmax(scores + r * kKeyBlock, visible, here, task.scale, bias ? bias + from : nullptr, highest + r, total + r);
            if (from > 0 && rescale != 1) kernels.rows.scale(sums + r * dim, dim, rescale);
          }
          products.pack_rows(scores, kKeyBlock, used, here, weights);
          for (int64_t d = 0; d < dim; d += columns)
            products.tile[used - 1](products.steps(here), weights, values + d * length_steps + products.steps(from) * columns, sums + d, dim, int(std::min(columns, dim - d)), from == 0);
        }
        for (int r = 0; r < used; ++r) {
          float* out = task.out + (t + r) * task.out_stride + h * dim;
          kernels.rows.scale(sums + r * dim, dim, 1.0f / total[r]);
          std::memcpy(out, sums + r * dim, size_t(dim) * sizeof(float));
        }
      }
    }
  }
}

}  // namespace refine::model
