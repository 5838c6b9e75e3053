#include "pool_device.h"

SUITE_MAIN(pool)
