#include "norms_backward_device.h"

SUITE_MAIN(norms_backward)
