#include "attention_backward_device.h"

SUITE_MAIN(attention_backward)
