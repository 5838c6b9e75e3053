// Matrix products of a model step: C (M, N) = A (M, K) times the transpose of W (N, K), W packed once, A as it comes.
//   kinds   f32; bf16 (W rounded to bfloat16); int8 (W in 8 bits with one scale an output channel, rows of A in 8 bits with one
//           scale a row, chosen per row as it comes; sums of products are exact 32-bit integers)
//   isas    one written order of additions for each instruction set: same bytes on every machine that runs that set. Floats may
//           differ between sets (they fuse multiply and add, and hold different numbers of lanes); int8 products do not.
// Invariant: element (i, j) is a function of row i of A, row j of W, bias and residual at (i, j) alone: its sum over K runs in
// ascending k from the first product on, in one accumulator, whatever M, the tile the row lies in, and the thread. (kAmx adds bf16
// products in blocks of 32 first, as its instruction does: kernels/model/amx_tiles.h. The rest holds for it too.)
// Source of the blocking: Goto and van de Geijn 2008; Van Zee and van de Geijn 2015 (BLIS).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace refine {

enum class GemmKind : uint8_t { kF32, kBf16, kInt8 };
// kAvx512 wants F, BW, DQ, VL; kAvx512Bf16 also AVX512_BF16 (its bf16 products round the rows of A to bfloat16 too); kAmx also
// AMX-TILE, AMX-INT8, AMX-BF16 and Linux's leave to use them, which is asked for once, at the first question below.
enum class GemmIsa : uint8_t { kScalar, kNeon, kAvx2, kAvx512, kAvx512Bf16, kAmx };
inline constexpr int kGemmIsas = 6;

const char* gemm_isa_name(GemmIsa isa);  // "scalar" | "neon" | "avx2" | "avx512" | "avx512-bf16" | "amx"
bool has_gemm_isa(GemmIsa isa);
GemmIsa best_gemm_isa();
std::vector<GemmIsa> gemm_isas();  // every one this machine runs, the plainest first

enum class GemmActivation : uint8_t { kNone, kGelu /* erf */, kGeluTanh, kSilu, kRelu };

// What happens to a sum before it is stored, in this order: + bias, activation, x multiply, + residual.
struct Epilogue {
  const float* bias = nullptr;      // (N)
  GemmActivation activation = GemmActivation::kNone;
  const float* multiply = nullptr;  // (M, N), rows `ldc` apart; not C
  const float* residual = nullptr;  // (M, N), rows `ldc` apart; may be C where there is neither activation nor multiply: an fp32 or bf16 sum then begins at it
};

namespace model {
struct KernelSet;
struct AlignedBuffer {
  void* data = nullptr;
  size_t bytes = 0;
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size);  // 64-byte aligned, zeroed
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;
  ~AlignedBuffer();
  void grow(size_t size);  // at least `size` bytes; content is lost
};
}  // namespace model

// W (N, K) cut in panels of a few output channels, K running inside a panel; padded with zeros to whole panels.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  int64_t n() const { return n_; }
  int64_t k() const { return k_; }
  GemmKind kind() const { return kind_; }
  GemmIsa isa() const { return isa_; }
  size_t bytes() const { return panels_.bytes + scales_.bytes + offsets_.bytes; }

 private:
  friend struct GemmAccess;
  int64_t n_ = 0, k_ = 0;
  GemmKind kind_ = GemmKind::kF32;
  GemmIsa isa_ = GemmIsa::kScalar;
  const model::KernelSet* kernels_ = nullptr;
  model::AlignedBuffer panels_, scales_ /* (N) of int8 */, offsets_ /* (N) int32, of int8: what a sum holds too much */;
};

// n, k >= 1. int8 rounds each channel to 127 / max |w| steps (a channel of zeros, or with a value that is not finite, keeps scale 0 / NaN).
PackedMatrix pack(const float* w, int64_t n, int64_t k, GemmKind kind, GemmIsa isa = best_gemm_isa());
// Weights that are stored in 8 bits: channel j is w[j, :] * scales[j]; -128 counts as -127. k <= kMaxInt8Depth.
PackedMatrix pack_int8(const int8_t* w, const float* scales, int64_t n, int64_t k, GemmIsa isa = best_gemm_isa());
inline constexpr int64_t kMaxInt8Depth = 65536;  // 255 * 127 * 65536 < 2^31

// a (M, K) rows `lda` apart, c (M, N) rows `ldc` apart. c may not overlap a. Scratch is the calling thread's: 168 rows of A, packed.
void gemm(const float* a, int64_t lda, int64_t m, const PackedMatrix& w, float* c, int64_t ldc, const Epilogue& epilogue = {});
inline void gemm(const float* a, int64_t m, const PackedMatrix& w, float* c, const Epilogue& epilogue = {}) { gemm(a, w.k(), m, w, c, w.n(), epilogue); }

// Products of two matrices that both change, for training, in fp32: C (M, N), added to where `accumulate`. Same invariant; with
// `accumulate` the sum begins at what C held.
//   nt: A (M, K), B (N, K)    nn: A (M, K), B (K, N)    tn: A (K, M), B (K, N)
void sgemm_nt(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, bool accumulate, GemmIsa isa = best_gemm_isa());
void sgemm_nn(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, bool accumulate, GemmIsa isa = best_gemm_isa());
void sgemm_tn(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, bool accumulate, GemmIsa isa = best_gemm_isa());
inline void sgemm_nt(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c, bool accumulate) { sgemm_nt(m, n, k, a, k, b, k, c, n, accumulate); }
inline void sgemm_nn(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c, bool accumulate) { sgemm_nn(m, n, k, a, k, b, n, c, n, accumulate); }
inline void sgemm_tn(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c, bool accumulate) { sgemm_tn(m, n, k, a, m, b, n, c, n, accumulate); }

// Operations (multiply and add are two) this core does in a second of its CPU time in registers alone: the bound of `gemm`.
// 0 where the machine has no such instruction. About 20 ms of work.
double measured_peak(GemmIsa isa, GemmKind kind);

}  // namespace refine
