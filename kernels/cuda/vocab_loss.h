// Loss per position, -ln softmax(x head^T)[target] in nats, logits never written: tiles of the product as in gemm_bf16, each kept as its
// rows' running maximum and sum of exponentials (Milakov & Gimelshein 2018), then one pass that puts a row's parts of the vocabulary together.
//   x (T,C)  head (V,C)  bias (V) fp32 | null
//   targets (T)   below V; a negative one gives loss 0 (no prediction there), one of V or more NaN
//   losses (T)    log_sum (T) | null: ln of the sum of exponentials, for the backward
// The vocabulary is cut by its size alone, so that a row's loss is the same in any company.
// Traffic: head x ceil(T / 2,048) + x x V / 2,048 / (what L2 keeps) + 12 T parts bytes; operations 2 T V C, plus T V exponentials.
// Workspace: vocab_loss_workspace(T, V) bytes. Oracle: kernels/cuda/tests/vocab_loss_device.h in float64.
#pragma once
#include "context.h"

namespace refine::cuda {

size_t vocab_loss_workspace(int64_t t, int64_t v);
cudaError_t vocab_loss(const Context& ctx, const bf16* x, const bf16* head, const float* bias, const int32_t* targets, float* losses, float* log_sum, int64_t t, int64_t c, int64_t v);
cudaError_t vocab_loss(const Context& ctx, const float* x, const float* head, const float* bias, const int32_t* targets, float* losses, float* log_sum, int64_t t, int64_t c, int64_t v);
// 8-bit x and head, as gemm_s8.
cudaError_t vocab_loss_s8(const Context& ctx, const int8_t* x, const float* x_scale, const int8_t* head, const float* head_scale, const float* bias, const int32_t* targets,
                          float* losses, float* log_sum, int64_t t, int64_t c, int64_t v);

// Gradients from `log_sum` of the forward: d = (softmax - one at the target) x loss_gradient[row], zero rows where the target is negative;
// dx (T,C) = d head, dhead (V,C) = d^T x in fp32, added to where `accumulate`. d is rounded to bf16 and lives in the workspace,
// one slice of the vocabulary at a time, beside dx in fp32.
size_t vocab_loss_backward_workspace(int64_t t, int64_t c, int64_t v);
cudaError_t vocab_loss_backward(const Context& ctx, const bf16* x, const bf16* head, const float* bias, const int32_t* targets, const float* log_sum,
                                const float* loss_gradient, bf16* dx, float* dhead, bool accumulate, int64_t t, int64_t c, int64_t v);
// The same in fp32 throughout (no bf16 anywhere): the parity path. Workspace: vocab_loss_backward_f32_workspace(T, V) bytes.
size_t vocab_loss_backward_f32_workspace(int64_t t, int64_t v);
cudaError_t vocab_loss_backward(const Context& ctx, const float* x, const float* head, const float* bias, const int32_t* targets, const float* log_sum,
                                const float* loss_gradient, float* dx, float* dhead, bool accumulate, int64_t t, int64_t c, int64_t v);

}  // namespace refine::cuda
