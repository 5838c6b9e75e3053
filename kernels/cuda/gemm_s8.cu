// gemm_s8: a linear layer in 8 bits, exact sums, scales in the epilogue; see gemm.h, and gemm_hopper.h and gemm_ampere.h for the kernels.
#include "gemm_hopper.h"

namespace refine::cuda {
namespace {

template <class Out>
cudaError_t product(const Context& ctx, const int8_t* a, const float* a_scale, const int8_t* w, const float* w_scale, Out* out, int64_t m, int64_t n, int64_t k, const Epilogue<Out>& epilogue) {
  if (!product_shapes(m, n, k, epilogue.gated) || (epilogue.gated && std::is_same_v<Out, float>) || k > kMaxInt8Depth) return cudaErrorInvalidValue;
  if (m == 0 || n == 0) return cudaSuccess;
  const Operand rows{reinterpret_cast<const uint8_t*>(a), m, k}, columns{reinterpret_cast<const uint8_t*>(w), n, k};
  if constexpr (std::is_same_v<Out, bf16>)
    if (epilogue.gated) return launch_product<Int8Product>(ctx, rows, columns, store_sink<Out, true, true>(out, epilogue, a_scale, w_scale, m, n));
  return launch_product<Int8Product>(ctx, rows, columns, store_sink<Out, false, true>(out, epilogue, a_scale, w_scale, m, n));
}

}  // namespace

cudaError_t gemm_s8(const Context& ctx, const int8_t* a, const float* a_scale, const int8_t* w, const float* w_scale, bf16* out, int64_t m, int64_t n, int64_t k,
                    const Epilogue<bf16>& epilogue) {
  return product(ctx, a, a_scale, w, w_scale, out, m, n, k, epilogue);
}
cudaError_t gemm_s8(const Context& ctx, const int8_t* a, const float* a_scale, const int8_t* w, const float* w_scale, float* out, int64_t m, int64_t n, int64_t k,
                    const Epilogue<float>& epilogue) {
  return product(ctx, a, a_scale, w, w_scale, out, m, n, k, epilogue);
}

}  // namespace refine::cuda
