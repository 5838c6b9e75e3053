// Matrix products of a model's forward and of its training, sums in fp32 (int32 for 8-bit operands), epilogues fused.
//   gemm_bf16, gemm_f32, gemm_s8   out (M,N) = e(A (M,K) x W (N,K)^T): a linear layer with its weights as checkpoints keep them
//   gemm_bf16_nn                   out (M,N) = e(A (M,K) x B (K,N)): the gradient of a layer's input
//   gemm_bf16_tn                   out (M,N) = e(A (K,M)^T x B (K,N)): the gradient of its weights
// Everything is dense and row-major; pointers from cudaMalloc plus whole rows. 16-byte copies are used where K (and N of nn, M and N of
// tn) is a multiple of 8 numbers (16 of int8) and pointers are 16-byte aligned, else element by element: right, and slow.
// Invariant: an element is a function of its row of A, its row of W and what the epilogue reads at its place; its sum runs over K in one
// order, whatever M, N and the tile. No split of K, no atomics: the same bytes on the same path, always.
// Traffic: each operand once from memory where a wave's share of A and W fits L2 (gemm_plan.h says how tiles are ordered), out once.
// Oracle: kernels/cuda/tests/gemm_device.h, float64 products of the rounded operands; int8 sums exact.
#pragma once
#include "context.h"

namespace refine::cuda {

// As refine::GemmActivation of the CPU.
enum class GemmActivation : int32_t { kNone, kGelu /* erf */, kGeluTanh, kSilu, kRelu };

// What happens to a sum before it is rounded to T, in fp32, in this order: + bias, activation, + residual, + residual2.
// `gated`: W holds N/2 rows of the gate, then N/2 rows of the other half ("up"); out and residuals are (M, N/2) and
//   out = activation(gate + bias) x (up + bias) + residuals; bias is (N), gate's first. Not with fp32 out of bf16 or int8 operands.
template <class T>
struct Epilogue {
  const float* bias = nullptr;  // (N)
  GemmActivation activation = GemmActivation::kNone;
  bool gated = false;
  const T* residual = nullptr;   // as out; may be out itself
  const T* residual2 = nullptr;  // as out; may be out itself
};

cudaError_t gemm_bf16(const Context& ctx, const bf16* a, const bf16* w, bf16* out, int64_t m, int64_t n, int64_t k, const Epilogue<bf16>& epilogue = {});
// The same sums kept in fp32: logits, gradients that are added up.
cudaError_t gemm_bf16(const Context& ctx, const bf16* a, const bf16* w, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue = {});

// fp32 operands and products (no tf32), ascending k in one accumulator: the parity path. Plain; not for speed.
cudaError_t gemm_f32(const Context& ctx, const float* a, const float* w, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue = {});

// As gemm_bf16_nn and gemm_bf16_tn below, in fp32 with ascending k; epilogue: residual alone.
cudaError_t gemm_f32_nn(const Context& ctx, const float* a, const float* b, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue = {});
cudaError_t gemm_f32_tn(const Context& ctx, const float* a, const float* b, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue = {});

// out = e(float(sum) x a_scale[row] x w_scale[column]); sums of products are exact. k <= kMaxInt8Depth. A and its scales: quantise.h.
inline constexpr int64_t kMaxInt8Depth = 65536;  // 128 x 128 x 65,536 < 2^31
cudaError_t gemm_s8(const Context& ctx, const int8_t* a, const float* a_scale, const int8_t* w, const float* w_scale, bf16* out, int64_t m, int64_t n, int64_t k,
                    const Epilogue<bf16>& epilogue = {});
cudaError_t gemm_s8(const Context& ctx, const int8_t* a, const float* a_scale, const int8_t* w, const float* w_scale, float* out, int64_t m, int64_t n, int64_t k,
                    const Epilogue<float>& epilogue = {});

cudaError_t gemm_bf16_nn(const Context& ctx, const bf16* a, const bf16* b, bf16* out, int64_t m, int64_t n, int64_t k, const Epilogue<bf16>& epilogue = {});
cudaError_t gemm_bf16_nn(const Context& ctx, const bf16* a, const bf16* b, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue = {});
cudaError_t gemm_bf16_tn(const Context& ctx, const bf16* a, const bf16* b, bf16* out, int64_t m, int64_t n, int64_t k, const Epilogue<bf16>& epilogue = {});
cudaError_t gemm_bf16_tn(const Context& ctx, const bf16* a, const bf16* b, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue = {});

}  // namespace refine::cuda
