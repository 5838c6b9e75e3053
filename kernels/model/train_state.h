// What the trainer's files share: where each parameter lies, and one thread's activations.
// Rows are the positions of a slice, documents back to back; letters as in model_config.h, R = H / G.
#pragma once
#include <string>
#include <vector>

#include "refine/gemm.h"
#include "refine/model_train.h"
#include "train_loops.h"

namespace refine::train {

inline constexpr size_t kNone = SIZE_MAX;

struct LayerOffsets {  // numbers into the flat buffer; kNone where the shape has no such parameter
  size_t norm1 = kNone, norm1_bias = kNone, norm2 = kNone, norm2_bias = kNone;
  size_t qkv = kNone, qkv_bias = kNone;  // q, k, v one after the other: (H*D + 2*G*D, C)
  size_t o = kNone, o_bias = kNone;      // (C, H*D)
  size_t up = kNone, up_bias = kNone;    // (F, C), or gate then up: (2F, C)
  size_t down = kNone, down_bias = kNone;
};

struct Offsets {
  size_t embed = kNone, positions = kNone, segments = kNone, embed_norm = kNone, embed_norm_bias = kNone;
  size_t final_norm = kNone, final_norm_bias = kNone, head = kNone;  // head: the embedding's where tied
  size_t pooler = kNone, pooler_bias = kNone, classifier = kNone, classifier_bias = kNone;
  std::vector<LayerOffsets> layers;
};

struct Shape {
  ModelConfig config;
  TrainOptions options;
  std::vector<TrainParameter> parameters;
  Offsets at;
  size_t count = 0;  // numbers in the flat buffer
  size_t C, H, G, R, D, F, V, Q /* H*D + 2*G*D */, U /* F or 2F */;
  std::vector<float> cosine, sine;  // (T, rotary_dim / 2)
};

// Names and places every parameter, and fills the rotary tables.
void lay_out(Shape& shape);
// First values from the seed alone: the n-th number of parameter p is a function of (seed, p, n).
void initialise(const Shape& shape, float* weights);

// One thread's activations of one slice; grows to the largest slice it met.
struct LayerKept {
  std::vector<float> in, n1, s1, q, k, v, lse, o, sum1, mid, n2, s2, sum2, pre;
};
struct Slice {
  size_t rows = 0;
  std::vector<size_t> starts;       // documents' first rows, and the end
  std::vector<uint32_t> ids, next;  // (rows) what stands there, what follows
  std::vector<int32_t> place;       // (rows) position in the document
  std::vector<int32_t> labels;      // (documents)
  std::vector<LayerKept> layers;
  std::vector<float> embedded, embedded_statistics, x, last, last_statistics;
  std::vector<float> wide, hidden, scores, scores_back, delta, logits, losses, dx, dn, dq, dk, dv, dwide, doh, out;
  std::vector<int32_t> valid;
  std::vector<float> gradient;  // (count)
  double loss = 0;
};

// x (rows, C): activations through all blocks and the last norm; kept in `s`.
void forward(const Shape& shape, const float* w, const Loops& loops, Slice& s);
// s.dx (rows, C), the gradient after the last norm, through all blocks into s.gradient.
void backward(const Shape& shape, const float* w, const Loops& loops, Slice& s);
// Losses of s.last against s.next (s.losses); with `weight` > 0 also s.dx and the head's gradient.
void language_head(const Shape& shape, const float* w, const Loops& loops, Slice& s, float weight);
// s.out: (documents, labels) logits; s.losses where labels are there; gradients as above.
void classifier_head(const Shape& shape, const float* w, const Loops& loops, Slice& s, float weight);

// softmax(q k^T) v of every document by blocks of queries; heads that share keys are rows of one block.
void attention(const Shape& shape, const Loops& loops, Slice& s, LayerKept& kept);
// From s.doh (G, rows, R, D): s.dq, s.dk, s.dv, laid out as q, k, v.
void attention_back(const Shape& shape, const Loops& loops, Slice& s, const LayerKept& kept);

}  // namespace refine::train
