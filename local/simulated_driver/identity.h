/* What a GPU is, as far as other files need it. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "gpus.h"

void describe_pci(const struct simulated_gpu *gpu, nvmlPciInfo_t *pci);

#endif
