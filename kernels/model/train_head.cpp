// Losses of the trainer and their gradients at the last norm's output: the vocabulary's softmax in chunks of rows, so that
// logits never stand for a whole slice, and the classifier of BertForSequenceClassification.
#include <algorithm>
#include <cmath>

#include "train_state.h"

namespace refine::train {
namespace {
constexpr size_t kChunk = 192;  // rows of logits at once
template <class T>
void reach(std::vector<T>& v, size_t n) {
  if (v.size() < n) v.resize(n);
}
}  // namespace

void language_head(const Shape& shape, const float* w, const Loops& loops, Slice& s, float weight) {
  const size_t rows = s.rows, C = shape.C, V = shape.V;
  const float* head = w + shape.at.head;
  reach(s.losses, rows);
  reach(s.logits, std::min(kChunk, rows) * V);
  if (weight > 0) reach(s.dx, rows * C);
  for (size_t from = 0; from < rows; from += kChunk) {
    const size_t m = std::min(kChunk, rows - from);
    const float* x = s.last.data() + from * C;
    sgemm_nt(m, V, C, x, head, s.logits.data(), false);
    loops.cross_entropy(s.logits.data(), m, V, s.next.data() + from, weight, weight > 0, s.losses.data() + from);
    if (weight <= 0) continue;
    sgemm_nn(m, C, V, s.logits.data(), head, s.dx.data() + from * C, false);
    sgemm_tn(V, C, m, s.logits.data(), x, s.gradient.data() + shape.at.head, true);
  }
  s.loss = 0;
  for (size_t row = 0; row < rows; ++row) s.loss += double(s.losses[row]);
}

// What the classifier reads of a document: BERT's pooler of the first row; of a causal model, whose first row knows one id, the mean
// of all rows. Both directions in one place.
namespace {
struct Pooled {
  const Shape& shape;
  const float* w;
  const Loops& loops;
  const Slice& s;
  std::vector<float> first;  // (documents, C): what the pooler reads

  std::vector<float> forward() {
    const size_t documents = s.starts.size() - 1, C = shape.C;
    std::vector<float> pooled(documents * C);
    if (shape.at.pooler == kNone) {
      for (size_t d = 0; d < documents; ++d) {
        const float share = 1.0f / float(s.starts[d + 1] - s.starts[d]);
        for (size_t row = s.starts[d]; row < s.starts[d + 1]; ++row)
          for (size_t c = 0; c < C; ++c) pooled[d * C + c] += s.last[row * C + c];
        for (size_t c = 0; c < C; ++c) pooled[d * C + c] *= share;
      }
      return pooled;
    }
    first.resize(documents * C);
    for (size_t d = 0; d < documents; ++d) std::copy_n(s.last.data() + s.starts[d] * C, C, first.data() + d * C);
    sgemm_nt(documents, C, C, first.data(), w + shape.at.pooler, pooled.data(), false);
    loops.add_rows(pooled.data(), w + shape.at.pooler_bias, documents, C);
    for (auto& x : pooled) x = std::tanh(x);
    return pooled;
  }

  // back: the gradient at `pooled`, overwritten.
  void backward(const std::vector<float>& pooled, std::vector<float>& back, float* g, float* dx) {
    const size_t documents = s.starts.size() - 1, C = shape.C;
    if (shape.at.pooler == kNone) {
      for (size_t d = 0; d < documents; ++d) {
        const float share = 1.0f / float(s.starts[d + 1] - s.starts[d]);
        for (size_t row = s.starts[d]; row < s.starts[d + 1]; ++row)
          for (size_t c = 0; c < C; ++c) dx[row * C + c] = back[d * C + c] * share;
      }
      return;
    }
    for (size_t i = 0; i < back.size(); ++i) back[i] *= 1.0f - pooled[i] * pooled[i];
    sgemm_tn(C, C, documents, back.data(), first.data(), g + shape.at.pooler, true);
    loops.sum_rows(g + shape.at.pooler_bias, back.data(), documents, C);
    sgemm_nn(documents, C, C, back.data(), w + shape.at.pooler, first.data(), false);
    for (size_t d = 0; d < documents; ++d) std::copy_n(first.data() + d * C, C, dx + s.starts[d] * C);
  }
};
}  // namespace

void classifier_head(const Shape& shape, const float* w, const Loops& loops, Slice& s, float weight) {
  const size_t documents = s.starts.size() - 1, C = shape.C, K = size_t(shape.options.labels);
  Pooled pooler{shape, w, loops, s, {}};
  const std::vector<float> pooled = pooler.forward();
  std::vector<float> back(documents * C), logits(documents * K);
  sgemm_nt(documents, K, C, pooled.data(), w + shape.at.classifier, logits.data(), false);
  loops.add_rows(logits.data(), w + shape.at.classifier_bias, documents, K);
  s.out = logits;
  s.loss = 0;
  if (weight <= 0) return;
  std::vector<uint32_t> labels(s.labels.begin(), s.labels.end());
  reach(s.losses, documents);
  loops.cross_entropy(logits.data(), documents, K, labels.data(), weight, true, s.losses.data());
  for (size_t d = 0; d < documents; ++d) s.loss += double(s.losses[d]);
  float* g = s.gradient.data();
  sgemm_tn(K, C, documents, logits.data(), pooled.data(), g + shape.at.classifier, true);
  loops.sum_rows(g + shape.at.classifier_bias, logits.data(), documents, K);
  sgemm_nn(documents, C, K, logits.data(), w + shape.at.classifier, back.data(), false);
  s.dx.assign(s.rows * C, 0.0f);
  pooler.backward(pooled, back, g, s.dx.data());
}

}  // namespace refine::train
