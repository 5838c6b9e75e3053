#include "embed_device.h"

SUITE_MAIN(embed)
