// REFINE_BOTH marks what host and device share (index arithmetic of the *_plan.h headers), with or without nvcc.
#pragma once

#if defined(__CUDACC__)
#define REFINE_BOTH __host__ __device__ __forceinline__
#else
#define REFINE_BOTH inline
#endif
