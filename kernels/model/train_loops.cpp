// Instantiates train_loops.inc for every instruction set; see train_loops.h.
#include "train_loops.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace refine::train {
// Sixteen floats as GCC's and clang's vector type: one register with AVX-512, two with AVX2, four with NEON or SSE2, and the
// same operations in the same order everywhere.
typedef float V __attribute__((vector_size(64)));
typedef int32_t I __attribute__((vector_size(64)));
}  // namespace refine::train

#define REFINE_LOOP
#define REFINE_LOOPS plain
#include "train_loops.inc"
#undef REFINE_LOOP
#undef REFINE_LOOPS

#if defined(__x86_64__)
#define REFINE_LOOP __attribute__((target("avx2")))
#define REFINE_LOOPS avx2
#include "train_loops.inc"
#undef REFINE_LOOP
#undef REFINE_LOOPS
#define REFINE_LOOP __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define REFINE_LOOPS avx512
#include "train_loops.inc"
#undef REFINE_LOOP
#undef REFINE_LOOPS
#endif

namespace refine::train {

const Loops& loops_of(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return avx512::loops;
  if (isa == Isa::kAvx2) return avx2::loops;
#endif
  (void)isa;
  return plain::loops;
}

}  // namespace refine::train
