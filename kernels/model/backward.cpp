// The trainer's backward pass: s.dx, the gradient after the last norm, becomes the gradient of every parameter.
// Each product y = x W^T gives dx += dy W and dW += dy^T x; norms, activations and attention have their own loops.
// Oracles: finite differences (tests/model_train_test.cpp) and torch autograd (tests/golden/train-gradients.json).
#include <algorithm>

#include "train_state.h"

namespace refine::train {
namespace {
template <class T>
void reach(std::vector<T>& v, size_t n) {
  if (v.size() < n) v.resize(n);
}
const float* at(const float* w, size_t offset) { return offset == kNone ? nullptr : w + offset; }

// dx (rows, C) += the norm's gradient for dy.
void norm_back(const Shape& shape, const float* w, const Loops& loops, Slice& s, const float* dy, const float* x, size_t weight, size_t bias, const float* statistics, float* dx) {
  float* g = s.gradient.data();
  loops.norm_back(dy, x, s.rows, shape.C, at(w, weight), statistics, shape.config.norm == Norm::kRms, dx, weight == kNone ? nullptr : g + weight, bias == kNone ? nullptr : g + bias);
}

// dn (rows, C) = or += the MLP's gradient, for dout (rows, C) at its output; kept.pre is spent.
void mlp_back(const Shape& shape, const float* w, const Loops& loops, Slice& s, const LayerOffsets& p, LayerKept& kept, const float* n, const float* dout, float* dn, bool add) {
  const size_t rows = s.rows, C = shape.C, F = shape.F, U = shape.U;
  float* g = s.gradient.data();
  reach(s.hidden, rows * F);
  loops.act(kept.pre.data(), rows, F, shape.config.activation, shape.config.gated, s.hidden.data());
  sgemm_tn(C, F, rows, dout, s.hidden.data(), g + p.down, true);
  if (p.down_bias != kNone) loops.sum_rows(g + p.down_bias, dout, rows, C);
  sgemm_nn(rows, F, C, dout, w + p.down, s.hidden.data(), false);
  loops.act_back(s.hidden.data(), rows, F, shape.config.activation, shape.config.gated, kept.pre.data());
  sgemm_tn(U, C, rows, kept.pre.data(), n, g + p.up, true);
  if (p.up_bias != kNone) loops.sum_rows(g + p.up_bias, kept.pre.data(), rows, U);
  sgemm_nn(rows, C, U, kept.pre.data(), w + p.up, dn, add);
}

// dn (rows, C) = or += the attention's gradient, for dout (rows, C) at its output.
void attention_through(const Shape& shape, const float* w, const Loops& loops, Slice& s, const LayerOffsets& p, LayerKept& kept, const float* n, const float* dout, float* dn, bool add) {
  const size_t rows = s.rows, C = shape.C, D = shape.D, G = shape.G, R = shape.R, HD = shape.H * D, half = size_t(shape.config.rotary_dim) / 2;
  const bool turns = shape.config.position == Position::kRotary;
  float* g = s.gradient.data();
  reach(s.wide, rows * shape.Q);
  const float* o = kept.o.data();
  if (G > 1) {
    for (size_t group = 0; group < G; ++group)
      for (size_t row = 0; row < rows; ++row) std::copy_n(kept.o.data() + (group * rows + row) * R * D, R * D, s.wide.data() + (row * G + group) * R * D);
    o = s.wide.data();
  }
  sgemm_tn(C, HD, rows, dout, o, g + p.o, true);
  if (p.o_bias != kNone) loops.sum_rows(g + p.o_bias, dout, rows, C);
  reach(s.doh, rows * HD);
  if (G > 1) {
    sgemm_nn(rows, HD, C, dout, w + p.o, s.wide.data(), false);
    for (size_t group = 0; group < G; ++group)
      for (size_t row = 0; row < rows; ++row) std::copy_n(s.wide.data() + (row * G + group) * R * D, R * D, s.doh.data() + (group * rows + row) * R * D);
  } else {
    sgemm_nn(rows, HD, C, dout, w + p.o, s.doh.data(), false);
  }
  attention_back(shape, loops, s, kept);
  for (size_t row = 0; row < rows; ++row) {
    float* to = s.wide.data() + row * shape.Q;
    for (size_t group = 0; group < G; ++group) {
      std::copy_n(s.dq.data() + (group * rows + row) * R * D, R * D, to + group * R * D);
      std::copy_n(s.dk.data() + (group * rows + row) * D, D, to + (G * R + group) * D);
      std::copy_n(s.dv.data() + (group * rows + row) * D, D, to + (G * R + G + group) * D);
    }
    if (!turns) continue;
    const float *cosine = shape.cosine.data() + size_t(s.place[row]) * half, *sine = shape.sine.data() + size_t(s.place[row]) * half;
    for (size_t h = 0; h < G * R + G; ++h) loops.turn(to + h * D, 2 * half, cosine, sine, -1);
  }
  sgemm_tn(shape.Q, C, rows, s.wide.data(), n, g + p.qkv, true);
  if (p.qkv_bias != kNone) loops.sum_rows(g + p.qkv_bias, s.wide.data(), rows, shape.Q);
  sgemm_nn(rows, C, shape.Q, s.wide.data(), w + p.qkv, dn, add);
}
}  // namespace

void backward(const Shape& shape, const float* w, const Loops& loops, Slice& s) {
  const size_t rows = s.rows, C = shape.C, n = rows * C;
  const auto& offsets = shape.at;
  reach(s.dn, n);
  reach(s.out, n);
  if (shape.config.final_norm) {
    std::fill_n(s.dn.data(), n, 0.0f);
    norm_back(shape, w, loops, s, s.dx.data(), s.x.data(), offsets.final_norm, offsets.final_norm_bias, s.last_statistics.data(), s.dn.data());
    s.dx.swap(s.dn);
  }
  for (size_t l = offsets.layers.size(); l-- > 0;) {
    const auto& p = offsets.layers[l];
    auto& kept = s.layers[l];
    if (shape.config.layout == BlockLayout::kPostNorm) {
      std::fill_n(s.out.data(), n, 0.0f);
      norm_back(shape, w, loops, s, s.dx.data(), kept.sum2.data(), p.norm2, p.norm2_bias, kept.s2.data(), s.out.data());
      std::copy_n(s.out.data(), n, s.dn.data());
      mlp_back(shape, w, loops, s, p, kept, kept.mid.data(), s.out.data(), s.dn.data(), true);
      std::fill_n(s.out.data(), n, 0.0f);
      norm_back(shape, w, loops, s, s.dn.data(), kept.sum1.data(), p.norm1, p.norm1_bias, kept.s1.data(), s.out.data());
      std::copy_n(s.out.data(), n, s.dx.data());
      attention_through(shape, w, loops, s, p, kept, kept.in.data(), s.out.data(), s.dx.data(), true);
      continue;
    }
    if (shape.config.layout == BlockLayout::kSequential) {
      mlp_back(shape, w, loops, s, p, kept, kept.n2.data(), s.dx.data(), s.dn.data(), false);
      norm_back(shape, w, loops, s, s.dn.data(), kept.mid.data(), p.norm2, p.norm2_bias, kept.s2.data(), s.dx.data());
      attention_through(shape, w, loops, s, p, kept, kept.n1.data(), s.dx.data(), s.dn.data(), false);
      norm_back(shape, w, loops, s, s.dn.data(), kept.in.data(), p.norm1, p.norm1_bias, kept.s1.data(), s.dx.data());
      continue;
    }
    std::copy_n(s.dx.data(), n, s.out.data());  // the gradient at both branches' outputs
    if (shape.config.two_norms) {
      mlp_back(shape, w, loops, s, p, kept, kept.n2.data(), s.out.data(), s.dn.data(), false);
      norm_back(shape, w, loops, s, s.dn.data(), kept.in.data(), p.norm2, p.norm2_bias, kept.s2.data(), s.dx.data());
      attention_through(shape, w, loops, s, p, kept, kept.n1.data(), s.out.data(), s.dn.data(), false);
    } else {
      mlp_back(shape, w, loops, s, p, kept, kept.n1.data(), s.out.data(), s.dn.data(), false);
      attention_through(shape, w, loops, s, p, kept, kept.n1.data(), s.out.data(), s.dn.data(), true);
    }
    norm_back(shape, w, loops, s, s.dn.data(), kept.in.data(), p.norm1, p.norm1_bias, kept.s1.data(), s.dx.data());
  }
  if (offsets.embed_norm != kNone) {
    std::fill_n(s.dn.data(), n, 0.0f);
    norm_back(shape, w, loops, s, s.dx.data(), s.embedded.data(), offsets.embed_norm, offsets.embed_norm_bias, s.embedded_statistics.data(), s.dn.data());
    s.dx.swap(s.dn);
  }
  float* g = s.gradient.data();
  for (size_t row = 0; row < rows; ++row) {
    const float* dx = s.dx.data() + row * C;
    loops.add(g + offsets.embed + size_t(s.ids[row]) * C, dx, C);
    if (offsets.positions != kNone) loops.add(g + offsets.positions + size_t(s.place[row] + shape.config.position_offset) * C, dx, C);
    if (offsets.segments != kNone) loops.add(g + offsets.segments, dx, C);
  }
}

}  // namespace refine::train
