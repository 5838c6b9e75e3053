#include "quantise_device.h"

SUITE_MAIN(quantise)
