// The trainer's loops over rows, once for every instruction set (train_loops.inc, chosen at run time). Each does the same
// additions in the same order, so all give the same bits. Products of matrices are refine/gemm.h's.
#pragma once
#include <cstddef>
#include <cstdint>

#include "refine/minhash.h"
#include "refine/model_config.h"

namespace refine::train {

struct Loops {
  // out (M,C) = norm(x) * weight + bias; statistics (M,2): mean (0 for RMS) and 1 / deviation. weight, bias may be null.
  void (*norm)(const float* x, size_t rows, size_t c, const float* weight, const float* bias, float eps, bool rms, float* out, float* statistics);
  // dx += the norm's gradient; dweight, dbias += theirs (may be null).
  void (*norm_back)(const float* dy, const float* x, size_t rows, size_t c, const float* weight, const float* statistics, bool rms, float* dx, float* dweight, float* dbias);
  // out (M,F) = act(up), or act(gate) * up; pre (M, F or 2F): up, or gate then up.
  void (*act)(const float* pre, size_t rows, size_t f, Activation kind, bool gated, float* out);
  // pre becomes its own gradient: dpre from dout (M,F).
  void (*act_back)(const float* dout, size_t rows, size_t f, Activation kind, bool gated, float* pre);
  // Rows of scores (rows, width): row r keeps its first valid[r] as exp(scale * s - max) / sum, the rest 0. lse (rows).
  void (*softmax)(float* scores, size_t rows, size_t width, const int32_t* valid, float scale, float* lse);
  // p: raw scores become probabilities by lse; d (rows, width): dP becomes scale * P * (dP - delta).
  void (*softmax_back)(float* p, float* d, size_t rows, size_t width, const int32_t* valid, float scale, const float* lse, const float* delta);
  // losses (rows) of logits (rows, v); with `gradient`, logits become (softmax - onehot) * weight.
  void (*cross_entropy)(float* logits, size_t rows, size_t v, const uint32_t* targets, float weight, bool gradient, float* losses);
  // out (rows) = dot(a row, b row)
  void (*dots)(const float* a, const float* b, size_t rows, size_t n, float* out);
  void (*add)(float* a, const float* b, size_t n);                             // a += b
  void (*add_rows)(float* a, const float* bias, size_t rows, size_t c);        // every row += bias
  void (*sum_rows)(float* out, const float* a, size_t rows, size_t c);         // out += every row
  double (*squares)(const float* a, size_t n);
  // AdamW; correction1, 2 = 1 / (1 - beta^t); gradient scaled by `scale` first.
  void (*adamw)(float* w, const float* g, float* m, float* v, size_t n, float rate, float beta1, float beta2, float eps, float decay, float scale, float correction1, float correction2);
  // Turns the first `turn` of each row's d numbers by cosines and sines (turn / 2); `sign` -1 turns back.
  void (*turn)(float* row, size_t turn, const float* cosine, const float* sine, float sign);
};

const Loops& loops_of(Isa isa);

}  // namespace refine::train
