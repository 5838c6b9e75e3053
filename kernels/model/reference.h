// The reference forward's steps, one file each: reference_linear, _norm, _rotary, _attention, _mlp. Axis letters as in
// refine/model_config.h. Invariant: every sum is taken in float64 in an order that depends on its length alone, every
// result is rounded to float32 once, so a row's bits do not depend on which rows stand beside it.
#pragma once
#include "refine/model_config.h"

namespace refine::reference {

// a . b in eight interleaved sums, added pairwise: fixed, and a compiler may keep them in vector registers.
double dot(const float* a, const float* b, int64_t length);

// y (rows, out) = x (rows, in) W^T + bias: W is (out, in), bias (out) or nullptr.
void linear(const float* x, int64_t rows, const float* weight, const float* bias, int64_t out, int64_t in, float* y);

// y (rows, width): every row of x normed, times weight plus bias (each may be nullptr); y may be x.
void norm(Norm kind, float epsilon, const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float* y);

// Turns the first rotary_dim numbers of each of `heads` heads (heads, D) in place, for a token at `position`.
void rotate(const ModelConfig& config, int64_t position, int32_t heads, float* x);

// What one position (its queries (H, D)) takes from `length` keys and values (length, G, D): out (H, D).
void attend(const ModelConfig& config, const float* queries, const float* keys, const float* values, int64_t length, float* out);

// DeBERTa-v2: the same for position t of an encoder, with what the places of q and k say: place_queries and place_keys are
// (2 * relative_span, H, D).
void attend_disentangled(const ModelConfig& config, int64_t t, const float* queries, const float* keys, const float* values, const float* place_queries, const float* place_keys, int64_t length,
                         float* out);

double activate(Activation kind, double x);

}  // namespace refine::reference
