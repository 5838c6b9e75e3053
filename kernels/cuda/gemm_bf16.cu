// gemm_bf16: a linear layer of bf16 activations and weights; see gemm.h, and gemm_hopper.h and gemm_ampere.h for the kernels.
#include "gemm_hopper.h"

namespace refine::cuda {
namespace {

template <class Out>
cudaError_t product(const Context& ctx, const bf16* a, const bf16* w, Out* out, int64_t m, int64_t n, int64_t k, const Epilogue<Out>& epilogue) {
  if (!product_shapes(m, n, k, epilogue.gated) || (epilogue.gated && std::is_same_v<Out, float>)) return cudaErrorInvalidValue;
  if (m == 0 || n == 0) return cudaSuccess;
  const Operand rows{reinterpret_cast<const uint8_t*>(a), m, k * 2}, columns{reinterpret_cast<const uint8_t*>(w), n, k * 2};
  if constexpr (std::is_same_v<Out, bf16>)
    if (epilogue.gated) return launch_product<Bf16Product>(ctx, rows, columns, store_sink<Out, true, false>(out, epilogue, nullptr, nullptr, m, n));
  return launch_product<Bf16Product>(ctx, rows, columns, store_sink<Out, false, false>(out, epilogue, nullptr, nullptr, m, n));
}

}  // namespace

cudaError_t gemm_bf16(const Context& ctx, const bf16* a, const bf16* w, bf16* out, int64_t m, int64_t n, int64_t k, const Epilogue<bf16>& epilogue) {
  return product(ctx, a, w, out, m, n, k, epilogue);
}
cudaError_t gemm_bf16(const Context& ctx, const bf16* a, const bf16* w, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue) {
  return product(ctx, a, w, out, m, n, k, epilogue);
}

}  // namespace refine::cuda
