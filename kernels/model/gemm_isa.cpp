// What this processor runs, asked once.
#include <ctime>

#include "kernels.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace refine {
namespace {

constexpr const char* kNames[kGemmIsas] = {"scalar", "neon", "avx2", "avx512", "avx512-bf16", "amx"};

struct Found {
  bool has[kGemmIsas] = {};
  Found() {
    has[int(GemmIsa::kScalar)] = true;
    has[int(GemmIsa::kNeon)] = model::neon_kernels() != nullptr;
#if defined(__x86_64__)
    __builtin_cpu_init();  // these also ask whether the kernel saves the registers
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    has[int(GemmIsa::kAvx2)] = avx2;
    has[int(GemmIsa::kAvx512)] = avx512;
    has[int(GemmIsa::kAvx512Bf16)] = avx512 && __builtin_cpu_supports("avx512bf16");
    has[int(GemmIsa::kAmx)] = has[int(GemmIsa::kAvx512Bf16)] && model::amx_kernels() != nullptr;
#endif
  }
};
const Found& found() {
  static const Found once;
  return once;
}

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

}  // namespace

const char* gemm_isa_name(GemmIsa isa) { return kNames[int(isa)]; }
bool has_gemm_isa(GemmIsa isa) { return int(isa) < kGemmIsas && found().has[int(isa)]; }
std::vector<GemmIsa> gemm_isas() {
  std::vector<GemmIsa> all;
  for (int i = 0; i < kGemmIsas; ++i)
    if (found().has[i]) all.push_back(GemmIsa(i));
  return all;
}
GemmIsa best_gemm_isa() {
  static const GemmIsa best = gemm_isas().back();
  return best;
}

namespace model {
namespace {
const KernelSet* stand_in = nullptr;
}
void stand_in_for_tests(const KernelSet* set) { stand_in = set; }

const KernelSet& kernel_set(GemmIsa isa) {
  if (stand_in && stand_in->isa == isa) return *stand_in;
  if (!has_gemm_isa(isa)) isa = GemmIsa::kScalar;
  switch (isa) {
    case GemmIsa::kNeon: return *neon_kernels();
    case GemmIsa::kAvx2: return *avx2_kernels();
    case GemmIsa::kAvx512: return *avx512_kernels();
    case GemmIsa::kAvx512Bf16: return *avx512_bf16_kernels();
    case GemmIsa::kAmx: return *amx_kernels();
    default: return *scalar_kernels();
  }
}
}  // namespace model

double measured_peak(GemmIsa isa, GemmKind kind) {
  if (!has_gemm_isa(isa)) return 0;
  const auto& kernels = model::kernel_set(isa);
  const auto loop = kind == GemmKind::kF32 ? kernels.f32_peak : kind == GemmKind::kBf16 ? kernels.bf16_peak : kernels.int8.peak;
  if (!loop) return 0;
  volatile double keep = 0;
  double best = 0;
  int64_t operations = 0;
  loop(100'000, &operations);  // the clock rises
  for (int i = 0; i < 5; ++i) {
    const double begin = cpu_seconds();
    keep = keep + loop(400'000, &operations);
    const double took = cpu_seconds() - begin;
    if (took > 0 && double(operations) / took > best) best = double(operations) / took;
  }
  return best;
}

}  // namespace refine
