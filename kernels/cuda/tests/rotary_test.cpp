#include "rotary_device.h"

SUITE_MAIN(rotary)
