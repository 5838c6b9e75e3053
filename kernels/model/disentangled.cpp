// See disentangled.h. A block of queries meets a block of keys in this order: the keys' products with the queries' places, for the
// whole block of queries; then for each tile of queries those numbers turned into its scores, the contents' products added to them,
// and its products with the keys' places, picked from the stretch of slots that the tile can reach.
#include "disentangled.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "attention_products.h"

namespace refine::model {
namespace {

constexpr int kGroup = 16;  // keys turned at once; a vector of every set divides it
// Queries that share the keys' products with places: a key's stretch is the block and one tile of keys long, rounded to panels, so a
// short block multiplies much that no score reads, and a long one leaves the cache.
constexpr int64_t kQueryBlock = 168;

thread_local AlignedBuffer key_panels, value_panels, tile_room;

int64_t place_row(const ModelConfig& config, int64_t distance) {
  const int64_t span = config.relative_span, bucket = config.relative_bucket[size_t(distance < 0 ? -distance : distance)];
  return std::clamp(distance > 0 ? span + bucket : span - bucket, int64_t(0), 2 * span - 1);
}

int64_t whole(int64_t count, int64_t columns) { return (count + columns - 1) / columns * columns; }

}  // namespace

PlaceSlots::PlaceSlots(const ModelConfig& config) : context(config.context) {
  const int64_t distances = 2 * context - 1;
  for (int64_t i = 0; i < distances; ++i) {
    const auto row = int32_t(place_row(config, i - (context - 1)));
    if (rows.empty() || rows.back() != row) rows.push_back(row);
    by_query.push_back(int32_t(rows.size()) - 1);
  }
  count = int64_t(rows.size());
  for (int64_t i = 0; i < distances; ++i) by_key.push_back(int32_t(count) - 1 - by_query[size_t(distances - 1 - i)]);
  by_query.resize(size_t(distances + kGroup), by_query.back());
  by_key.resize(size_t(distances + kGroup), by_key.back());
}

AlignedBuffer pack_places(const KernelSet& kernels, bool narrow, const float* places, int64_t slots, int32_t heads, int64_t dim) {
  const AttentionProducts products(kernels, narrow);
  const int64_t head = whole(slots, products.columns) * products.steps(dim);
  AlignedBuffer packed(size_t(heads * head) * sizeof(float));
  for (int64_t h = 0; h < heads; ++h) products.pack_keys(places + h * dim, heads * dim, slots, dim, static_cast<float*>(packed.data) + h * head);
  return packed;
}

void attend_disentangled(const KernelSet& kernels, const AttentionTask& task, const PlaceSlots& slots, const Places& places) {
  const AttentionProducts products(kernels, task.narrow);
  const TileScope tiles(kernels, products.narrow);
  const int64_t dim = task.dim, columns = products.columns, rows = products.rows, length = task.length, middle = slots.context - 1;
  const int64_t dim_steps = products.steps(dim), length_steps = products.steps(length), place_head = whole(slots.count, columns) * dim_steps;
  key_panels.grow(size_t(whole(length, columns) * dim_steps) * sizeof(float));
  value_panels.grow(size_t(whole(dim, columns) * length_steps) * sizeof(float));
  // Slots rise by 0 or 1 a distance, so a stretch holds at most as many as distances; it begins at a panel's edge. The 16 are for picks by whole vectors.
  const int64_t tile_slots = whole(kKeyBlock + rows + columns, columns) + kGroup, key_slots = whole(kQueryBlock + rows + columns, columns) + kGroup;
  const int64_t query_words = whole(kQueryBlock, rows) * dim_steps + 16, key_words = rows * dim_steps + 16, score_words = rows * kKeyBlock, weight_words = kKeyBlock * rows + 16;
  const int64_t turned_words = (kGroup + 1) * kMaxTileRows, sum_words = kQueryBlock * dim;
  tile_room.grow(size_t(query_words + key_words + score_words + weight_words + turned_words + sum_words + rows * tile_slots + kKeyBlock * key_slots + kGroup) * sizeof(float));
  auto* keys = static_cast<float*>(key_panels.data);
  auto* values = static_cast<float*>(value_panels.data);
  auto* query = static_cast<float*>(tile_room.data);  // (tiles, D, tile)
  float *key = query + query_words, *scores = key + key_words, *weights = scores + score_words, *turned = weights + weight_words, *sums = turned + turned_words;
  float *by_tile = sums + sum_words /* (tile, tile_slots) */, *by_key = by_tile + rows * tile_slots /* (keys of the block, key_slots) */;
  float highest[kQueryBlock], total[kQueryBlock];
  int32_t first_slot[kKeyBlock];  // of a tile of keys
  const float *place_keys = static_cast<const float*>(places.keys.data), *place_queries = static_cast<const float*>(places.queries.data);

  // A (used rows, D) times the slots [low, high] of one head's places; returns the slot that column 0 of out stands for.
  const auto meet = [&](const float* a, int used, const float* head_places, int64_t low, int64_t high, float* out, int64_t stride) {
    const int64_t begin = low / columns * columns;
    for (int64_t c = begin; c <= high; c += columns) products.tile[used - 1](dim_steps, a, head_places + c * dim_steps, out + (c - begin), stride, int(columns), true);
    return int32_t(begin);
  };

  for (int32_t h = 0; h < task.heads; ++h) {
    products.pack_keys(task.keys + h * dim, task.key_stride, length, dim, keys);
    products.pack_values(task.values + h * dim, task.value_stride, length, dim, values);
    for (int64_t block = 0; block < task.rows; block += kQueryBlock) {
      const int64_t queries = std::min(kQueryBlock, task.rows - block);
      for (int64_t t = 0; t < queries; t += rows)
        products.pack_rows(task.queries + (block + t) * task.query_stride + h * dim, task.query_stride, int(std::min(rows, queries - t)), dim, query + t * dim_steps);
      std::fill_n(highest, queries, -std::numeric_limits<float>::infinity());
      std::fill_n(total, queries, 0.0f);
      for (int64_t from = 0; from < length; from += kKeyBlock) {
        const int64_t here = std::min(kKeyBlock, length - from);
        for (int64_t j = 0; place_queries && j < here; j += rows) {
          const int used = int(std::min(rows, here - j));
          products.pack_rows(task.keys + (from + j) * task.key_stride + h * dim, task.key_stride, used, dim, key);
          const int32_t* slot = slots.by_query.data() + middle + block - (from + j);  // of the first query and the tile's first key
          first_slot[j / rows] = meet(key, used, place_queries + h * place_head, slot[1 - used], slot[queries - 1], by_key + j * key_slots, key_slots);
        }
        for (int64_t t = 0; t < queries; t += rows) {
          const int used = int(std::min(rows, queries - t));
          for (int64_t j = 0; place_queries && j < here; j += kGroup) {
            const int count = int(std::min<int64_t>(kGroup, here - j));
            for (int64_t k = j; k < j + count; ++k)
              kernels.rows.pick(turned + (k - j) * kMaxTileRows, by_key + k * key_slots, slots.by_query.data() + middle + block + t - (from + k), first_slot[k / rows], used, false);
            kernels.rows.transpose(turned, kMaxTileRows, count, used, scores + j, kKeyBlock);
          }
          for (int64_t j = 0; j < here; j += columns)
            products.tile[used - 1](dim_steps, query + t * dim_steps, keys + (from + j) * dim_steps, scores + j, kKeyBlock, int(std::min(columns, here - j)), !place_queries);
          if (place_keys) {
            const int32_t* slot = slots.by_key.data() + middle + from - (block + t);  // of the first key and the tile's first query
            const int32_t begin = meet(query + t * dim_steps, used, place_keys + h * place_head, slot[1 - used], slot[here - 1], by_tile, tile_slots);
            for (int r = 0; r < used; ++r) kernels.rows.pick(scores + r * kKeyBlock, by_tile + r * tile_slots, slot - r, begin, here, true);
          }
          for (int r = 0; r < used; ++r) {
            const float rescale = kernels.rows.softmax(scores + r * kKeyBlock, here, here, task.scale, nullptr, highest + t + r, total + t + r);
            if (from > 0 && rescale != 1) kernels.rows.scale(sums + (t + r) * dim, dim, rescale);
          }
          products.pack_rows(scores, kKeyBlock, used, here, weights);
          for (int64_t d = 0; d < dim; d += columns)
            products.tile[used - 1](products.steps(here), weights, values + d * length_steps + products.steps(from) * columns, sums + t * dim + d, dim, int(std::min(columns, dim - d)), from == 0);
        }
      }
      for (int64_t t = 0; t < queries; ++t) {
        kernels.rows.scale(sums + t * dim, dim, 1.0f / total[t]);
        std::memcpy(task.out + (block + t) * task.out_stride + h * dim, sums + t * dim, size_t(dim) * sizeof(float));
      }
    }
  }
}

}  // namespace refine::model
