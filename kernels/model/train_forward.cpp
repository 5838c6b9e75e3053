// The trainer's forward pass through the blocks; what the backward pass reads is kept in the slice.
// kept.n1, n2: inputs of attention and MLP where they are norms' outputs; kept.pre: the MLP before its activation.
#include <algorithm>

#include "train_state.h"

namespace refine::train {
namespace {
template <class T>
void reach(std::vector<T>& v, size_t n) {
  if (v.size() < n) v.resize(n);
}
const float* at(const float* w, size_t offset) { return offset == kNone ? nullptr : w + offset; }

void norm(const Shape& shape, const float* w, const Loops& loops, size_t rows, const float* x, size_t weight, size_t bias, std::vector<float>& out, std::vector<float>& statistics) {
  reach(out, rows * shape.C);
  reach(statistics, rows * 2);
  loops.norm(x, rows, shape.C, at(w, weight), at(w, bias), shape.config.norm_eps, shape.config.norm == Norm::kRms, out.data(), statistics.data());
}

// out (rows, C) += attention(n)
void add_attention(const Shape& shape, const float* w, const Loops& loops, Slice& s, const LayerOffsets& p, LayerKept& kept, const float* n, float* out) {
  const size_t rows = s.rows, D = shape.D, G = shape.G, R = shape.R, half = size_t(shape.config.rotary_dim) / 2;
  const bool turns = shape.config.position == Position::kRotary;
  reach(s.wide, rows * shape.Q);
  sgemm_nt(rows, shape.Q, shape.C, n, w + p.qkv, s.wide.data(), false);
  if (p.qkv_bias != kNone) loops.add_rows(s.wide.data(), w + p.qkv_bias, rows, shape.Q);
  reach(kept.q, rows * G * R * D);
  reach(kept.k, rows * G * D);
  reach(kept.v, rows * G * D);
  reach(kept.lse, rows * G * R);
  reach(kept.o, rows * G * R * D);
  for (size_t row = 0; row < rows; ++row) {
    const float* from = s.wide.data() + row * shape.Q;
    const float *cosine = nullptr, *sine = nullptr;
    if (turns) cosine = shape.cosine.data() + size_t(s.place[row]) * half, sine = shape.sine.data() + size_t(s.place[row]) * half;
    for (size_t g = 0; g < G; ++g) {
      float* q = kept.q.data() + (g * rows + row) * R * D;
      std::copy_n(from + g * R * D, R * D, q);
      float* k = kept.k.data() + (g * rows + row) * D;
      std::copy_n(from + (G * R + g) * D, D, k);
      std::copy_n(from + (G * R + G + g) * D, D, kept.v.data() + (g * rows + row) * D);
      if (!turns) continue;
      for (size_t r = 0; r < R; ++r) loops.turn(q + r * D, 2 * half, cosine, sine, 1);
      loops.turn(k, 2 * half, cosine, sine, 1);
    }
  }
  attention(shape, loops, s, kept);
  const float* o = kept.o.data();
  if (G > 1) {  // (G, rows, R, D) to (rows, H*D)
    reach(s.doh, rows * G * R * D);
    for (size_t g = 0; g < G; ++g)
      for (size_t row = 0; row < rows; ++row) std::copy_n(o + (g * rows + row) * R * D, R * D, s.doh.data() + (row * G + g) * R * D);
    o = s.doh.data();
  }
  sgemm_nt(rows, shape.C, shape.H * D, o, w + p.o, out, true);
  if (p.o_bias != kNone) loops.add_rows(out, w + p.o_bias, rows, shape.C);
}

// out (rows, C) += mlp(n)
void add_mlp(const Shape& shape, const float* w, const Loops& loops, Slice& s, const LayerOffsets& p, LayerKept& kept, const float* n, float* out) {
  const size_t rows = s.rows;
  reach(kept.pre, rows * shape.U);
  sgemm_nt(rows, shape.U, shape.C, n, w + p.up, kept.pre.data(), false);
  if (p.up_bias != kNone) loops.add_rows(kept.pre.data(), w + p.up_bias, rows, shape.U);
  reach(s.hidden, rows * shape.F);
  loops.act(kept.pre.data(), rows, shape.F, shape.config.activation, shape.config.gated, s.hidden.data());
  sgemm_nt(rows, shape.C, shape.F, s.hidden.data(), w + p.down, out, true);
  if (p.down_bias != kNone) loops.add_rows(out, w + p.down_bias, rows, shape.C);
}

void keep(std::vector<float>& to, const float* from, size_t n) {
  reach(to, n);
  std::copy_n(from, n, to.data());
}
}  // namespace

void forward(const Shape& shape, const float* w, const Loops& loops, Slice& s) {
  const size_t rows = s.rows, C = shape.C;
  const auto& at = shape.at;
  reach(s.x, rows * C);
  for (size_t row = 0; row < rows; ++row) {
    float* x = s.x.data() + row * C;
    std::copy_n(w + at.embed + size_t(s.ids[row]) * C, C, x);
    if (at.positions != kNone) loops.add(x, w + at.positions + size_t(s.place[row] + shape.config.position_offset) * C, C);
    if (at.segments != kNone) loops.add(x, w + at.segments, C);
  }
  if (at.embed_norm != kNone) {
    keep(s.embedded, s.x.data(), rows * C);
    norm(shape, w, loops, rows, s.embedded.data(), at.embed_norm, at.embed_norm_bias, s.x, s.embedded_statistics);
  }
  s.layers.resize(at.layers.size());
  for (size_t l = 0; l < at.layers.size(); ++l) {
    const auto& p = at.layers[l];
    auto& kept = s.layers[l];
    keep(kept.in, s.x.data(), rows * C);
    if (shape.config.layout == BlockLayout::kPostNorm) {
      add_attention(shape, w, loops, s, p, kept, kept.in.data(), s.x.data());
      keep(kept.sum1, s.x.data(), rows * C);
      norm(shape, w, loops, rows, kept.sum1.data(), p.norm1, p.norm1_bias, kept.mid, kept.s1);
      std::copy_n(kept.mid.data(), rows * C, s.x.data());
      add_mlp(shape, w, loops, s, p, kept, kept.mid.data(), s.x.data());
      keep(kept.sum2, s.x.data(), rows * C);
      norm(shape, w, loops, rows, kept.sum2.data(), p.norm2, p.norm2_bias, s.x, kept.s2);
      continue;
    }
    norm(shape, w, loops, rows, kept.in.data(), p.norm1, p.norm1_bias, kept.n1, kept.s1);
    add_attention(shape, w, loops, s, p, kept, kept.n1.data(), s.x.data());
    if (shape.config.layout == BlockLayout::kSequential) {
      keep(kept.mid, s.x.data(), rows * C);
      norm(shape, w, loops, rows, kept.mid.data(), p.norm2, p.norm2_bias, kept.n2, kept.s2);
      add_mlp(shape, w, loops, s, p, kept, kept.n2.data(), s.x.data());
    } else if (shape.config.two_norms) {
      norm(shape, w, loops, rows, kept.in.data(), p.norm2, p.norm2_bias, kept.n2, kept.s2);
      add_mlp(shape, w, loops, s, p, kept, kept.n2.data(), s.x.data());
    } else {
      add_mlp(shape, w, loops, s, p, kept, kept.n1.data(), s.x.data());
    }
  }
  if (shape.config.final_norm) norm(shape, w, loops, rows, s.x.data(), at.final_norm, at.final_norm_bias, s.last, s.last_statistics);
  else keep(s.last, s.x.data(), rows * C);
}

}  // namespace refine::train
