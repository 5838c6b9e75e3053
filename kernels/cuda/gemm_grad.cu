// gemm_bf16_nn and gemm_bf16_tn: the products of a backward pass, whose operands lie with K down the rows; see gemm.h. Nothing is copied for
// it: ldmatrix turns them on the way to the registers (gemm_ampere.h), wgmma reads them as they lie (gemm_hopper.h).
#include "gemm_hopper.h"

namespace refine::cuda {
namespace {

template <bool kMnA, class Out>
cudaError_t product(const Context& ctx, const bf16* a, const bf16* b, Out* out, int64_t m, int64_t n, int64_t k, const Epilogue<Out>& epilogue) {
  if (!product_shapes(m, n, k, false) || epilogue.gated) return cudaErrorInvalidValue;
  if (m == 0 || n == 0) return cudaSuccess;
  const Operand rows{reinterpret_cast<const uint8_t*>(a), m, k * 2}, columns{reinterpret_cast<const uint8_t*>(b), n, k * 2};
  return launch_product<Bf16Product, kMnA, true>(ctx, rows, columns, store_sink<Out, false, false>(out, epilogue, nullptr, nullptr, m, n));
}

}  // namespace

cudaError_t gemm_bf16_nn(const Context& ctx, const bf16* a, const bf16* b, bf16* out, int64_t m, int64_t n, int64_t k, const Epilogue<bf16>& epilogue) {
  return product<false>(ctx, a, b, out, m, n, k, epilogue);
}
cudaError_t gemm_bf16_nn(const Context& ctx, const bf16* a, const bf16* b, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue) {
  return product<false>(ctx, a, b, out, m, n, k, epilogue);
}
cudaError_t gemm_bf16_tn(const Context& ctx, const bf16* a, const bf16* b, bf16* out, int64_t m, int64_t n, int64_t k, const Epilogue<bf16>& epilogue) {
  return product<true>(ctx, a, b, out, m, n, k, epilogue);
}
cudaError_t gemm_bf16_tn(const Context& ctx, const bf16* a, const bf16* b, float* out, int64_t m, int64_t n, int64_t k, const Epilogue<float>& epilogue) {
  return product<true>(ctx, a, b, out, m, n, k, epilogue);
}

}  // namespace refine::cuda
