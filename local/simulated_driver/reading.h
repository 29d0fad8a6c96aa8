/* The state of one GPU as a call of NVML finds it. */
#ifndef READING_H
#define READING_H

#include "state.h"

/* What the GPU behind a handle does now, or the reason why it cannot be told. */
nvmlReturn_t reading(nvmlDevice_t handle, struct gpu_state *now);

/* The same, for a call that gives this figure, which may be "not supported". */
nvmlReturn_t reading_of(nvmlDevice_t handle, enum figure figure, struct gpu_state *now);

/* A figure as it is told: all bits are set where the driver is to answer nonsense. */
unsigned told(const struct gpu_state *now, enum figure figure, unsigned value);

#endif
