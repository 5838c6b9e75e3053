#include "adamw_device.h"

SUITE_MAIN(adamw)
