// Attention and its gradient for the trainer, document by document in blocks of queries: a block's scores are
// (block * R, keys), never T x T; probabilities are computed again on the way back from the log of their sums.
// Invariant: a document sees nothing of its neighbours.  Source: Vaswani 2017; the recomputation as in Dao 2022.
#include <algorithm>

#include "train_state.h"

namespace refine::train {
namespace {
constexpr size_t kBlockRows = 128;  // queries times heads of a block

// Calls run(g, first row, rows, first query in the document, queries, keys) for every block, in order.
template <class Run>
void blocks(const Shape& shape, const Slice& s, Run run) {
  const size_t step = std::max<size_t>(8, kBlockRows / shape.R);
  for (size_t g = 0; g < shape.G; ++g)
    for (size_t d = 0; d + 1 < s.starts.size(); ++d) {
      const size_t start = s.starts[d], length = s.starts[d + 1] - start;
      for (size_t from = 0; from < length; from += step) {
        const size_t queries = std::min(step, length - from);
        run(g, start, from, queries, shape.config.causal ? from + queries : length);
      }
    }
}

void fill_valid(const Shape& shape, Slice& s, size_t from, size_t queries, size_t keys) {
  s.valid.resize(queries * shape.R);
  for (size_t i = 0; i < queries; ++i)
    for (size_t r = 0; r < shape.R; ++r) s.valid[i * shape.R + r] = int32_t(shape.config.causal ? from + i + 1 : keys);
}
template <class T>
void reach(std::vector<T>& v, size_t n) {
  if (v.size() < n) v.resize(n);
}
}  // namespace

void attention(const Shape& shape, const Loops& loops, Slice& s, LayerKept& kept) {
  const size_t R = shape.R, D = shape.D, rows = s.rows;
  blocks(shape, s, [&](size_t g, size_t start, size_t from, size_t queries, size_t keys) {
    const size_t m = queries * R;
    const float* q = kept.q.data() + (g * rows + start + from) * R * D;
    const float* k = kept.k.data() + (g * rows + start) * D;
    const float* v = kept.v.data() + (g * rows + start) * D;
    reach(s.scores, m * keys);
    sgemm_nt(m, keys, D, q, k, s.scores.data(), false);
    fill_valid(shape, s, from, queries, keys);
    loops.softmax(s.scores.data(), m, keys, s.valid.data(), shape.config.attention_scale, kept.lse.data() + (g * rows + start + from) * R);
    sgemm_nn(m, D, keys, s.scores.data(), v, kept.o.data() + (g * rows + start + from) * R * D, false);
  });
}

void attention_back(const Shape& shape, const Loops& loops, Slice& s, const LayerKept& kept) {
  const size_t R = shape.R, D = shape.D, G = shape.G, rows = s.rows;
  reach(s.dq, G * rows * R * D);
  s.dk.assign(G * rows * D, 0.0f);
  s.dv.assign(G * rows * D, 0.0f);
  reach(s.delta, G * rows * R);
  loops.dots(s.doh.data(), kept.o.data(), G * rows * R, D, s.delta.data());
  blocks(shape, s, [&](size_t g, size_t start, size_t from, size_t queries, size_t keys) {
    const size_t m = queries * R, query = (g * rows + start + from) * R, key = (g * rows + start) * D;
    const float* q = kept.q.data() + query * D;
    const float* dout = s.doh.data() + query * D;
    reach(s.scores, m * keys);
    reach(s.scores_back, m * keys);
    sgemm_nt(m, keys, D, q, kept.k.data() + key, s.scores.data(), false);
    sgemm_nt(m, keys, D, dout, kept.v.data() + key, s.scores_back.data(), false);
    fill_valid(shape, s, from, queries, keys);
    loops.softmax_back(s.scores.data(), s.scores_back.data(), m, keys, s.valid.data(), shape.config.attention_scale, kept.lse.data() + query, s.delta.data() + query);
    sgemm_tn(keys, D, m, s.scores.data(), dout, s.dv.data() + key, true);
    sgemm_nn(m, D, keys, s.scores_back.data(), kept.k.data() + key, s.dq.data() + query * D, false);
    sgemm_tn(keys, D, m, s.scores_back.data(), q, s.dk.data() + key, true);
  });
}

}  // namespace refine::train
