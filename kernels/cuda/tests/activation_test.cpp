#include "activation_device.h"

SUITE_MAIN(activation)
