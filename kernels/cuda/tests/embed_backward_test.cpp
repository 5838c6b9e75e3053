#include "embed_backward_device.h"

SUITE_MAIN(embed_backward)
