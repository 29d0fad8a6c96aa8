/* The simulated GPUs: what each one is, and which of them this process sees. */
#ifndef GPUS_H
#define GPUS_H

#include <stdbool.h>

#include "nvml_abi.h"

#define GPU_NAME "NVIDIA H200 Simulated"
#define GPU_MEMORY (143771ull << 20) /* bytes, as an H200 reports */
#define GPU_POWER_LIMIT 700000u      /* milliwatts */
#define GPU_CLOCK_MAX 1980u          /* MHz */
#define GPU_MEMORY_CLOCK_MAX 3201u   /* MHz */

/* As many as there can be; there are those that have a device node. */
enum { GPU_COUNT = 16 };

struct simulated_gpu {
    unsigned minor; /* of /dev/nvidiaN; also the GPU's number in the state file */
    const char *uuid;
    unsigned pci_bus;
};

/* The folder that holds usr/lib/... with this library, "" for "/". */
const char *driver_root(void);

/* Whether <driver root>/dev/<name> is a character device. */
bool has_device_node(const char *name);

/* A GPU is visible when its device node is there, as with the real driver. */
unsigned visible_count(void);
const struct simulated_gpu *visible_gpu(unsigned index);
bool visible_index(const struct simulated_gpu *gpu, unsigned *index);

/* The GPU behind a handle, or the reason why there is none. For a slice it is "not
 * supported": most of what NVML tells is told of a whole GPU only. */
nvmlReturn_t gpu_of(nvmlDevice_t handle, const struct simulated_gpu **gpu);

#endif
