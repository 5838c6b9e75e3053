// The back end of amx_tiles.h that is the processor: one instruction a function. Assembly rather than the compiler's intrinsics, whose registers are
// tokens of a macro in g++ and which there say neither that LDTILECFG reads 64 bytes nor that a load reads memory (g++ 12's amxtileintrin.h): stores
// before them may be left out or moved. Included only where the assembler knows the instructions (REFINE_AMX, asked by kernels/CMakeLists.txt).
#pragma once
#include "amx_tiles.h"

#define REFINE_TILES __attribute__((always_inline)) static inline

namespace refine::model {

struct TileRegisters {
  REFINE_TILES void configure(const TileConfig& config) { __asm__ volatile("ldtilecfg %0" : : "m"(config) : "memory"); }  // and zeroes every tile
  REFINE_TILES void release() { __asm__ volatile("tilerelease" : : : "memory"); }
  template <int kTile>
  REFINE_TILES void zero() { __asm__ volatile("tilezero %%tmm%c0" : : "n"(kTile)); }
  template <int kTile>
  REFINE_TILES void load(const void* from, int64_t bytes) { __asm__ volatile("tileloadd (%1,%2,1), %%tmm%c0" : : "n"(kTile), "r"(from), "r"(bytes) : "memory"); }
  template <int kTile>
  REFINE_TILES void store(void* to, int64_t bytes) { __asm__ volatile("tilestored %%tmm%c0, (%1,%2,1)" : : "n"(kTile), "r"(to), "r"(bytes) : "memory"); }
  template <TileProduct kProduct, int kC, int kA, int kB>
  REFINE_TILES void multiply() {
    if constexpr (kProduct == TileProduct::kBytes) __asm__ volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "n"(kC), "n"(kA), "n"(kB));
    else __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "n"(kC), "n"(kA), "n"(kB));
  }
};

}  // namespace refine::model

#undef REFINE_TILES
