#include "gemm_device.h"

SUITE_MAIN(gemm)
