#include "vocab_loss_device.h"

SUITE_MAIN(vocab_loss)
