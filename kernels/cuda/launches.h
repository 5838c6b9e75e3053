// What functions that start several launches return early by.
#pragma once
#include "device_memory.h"

// Ends the function with the outcome of a launch that failed.
#define REFINE_TRY(call, doing)                                                                 \
  do {                                                                                          \
    if (const cudaError_t tried = (call); tried != cudaSuccess) return outcome_of(tried, doing); \
  } while (0)
#define REFINE_STEP(call)                               \
  do {                                                  \
    if (Outcome step = (call); !step.ok()) return step; \
  } while (0)
