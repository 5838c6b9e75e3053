#include "attention_device.h"

SUITE_MAIN(attention)
