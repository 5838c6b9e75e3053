#include "norms_device.h"

SUITE_MAIN(norms)
