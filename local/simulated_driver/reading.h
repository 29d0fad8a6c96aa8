/* The state of one GPU as a call of NVML finds it. */
#ifndef READING_H
#define READING_H

#include "state.h"

/* What the GPU behind a handle does now, or the reason why it cannot be told. */
nvmlReturn_t reading(nvmlDevice_t handle, struct gpu_state *now);

#endif
