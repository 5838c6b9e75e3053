#include "activation_backward_device.h"

SUITE_MAIN(activation_backward)
