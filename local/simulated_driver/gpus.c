#include "gpus.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lifetime.h"
#include "slices.h"

static const struct simulated_gpu gpus[GPU_COUNT] = {
    {0, "GPU-51d00000-0000-4000-8000-000000000000", 0x01},
    {1, "GPU-51d00000-0000-4000-8000-000000000001", 0x02},
    {2, "GPU-51d00000-0000-4000-8000-000000000002", 0x03},
    {3, "GPU-51d00000-0000-4000-8000-000000000003", 0x04},
    {4, "GPU-51d00000-0000-4000-8000-000000000004", 0x05},
    {5, "GPU-51d00000-0000-4000-8000-000000000005", 0x06},
    {6, "GPU-51d00000-0000-4000-8000-000000000006", 0x07},
    {7, "GPU-51d00000-0000-4000-8000-000000000007", 0x08},
    {8, "GPU-51d00000-0000-4000-8000-000000000008", 0x09},
    {9, "GPU-51d00000-0000-4000-8000-000000000009", 0x0a},
    {10, "GPU-51d00000-0000-4000-8000-00000000000a", 0x0b},
    {11, "GPU-51d00000-0000-4000-8000-00000000000b", 0x0c},
    {12, "GPU-51d00000-0000-4000-8000-00000000000c", 0x0d},
    {13, "GPU-51d00000-0000-4000-8000-00000000000d", 0x0e},
    {14, "GPU-51d00000-0000-4000-8000-00000000000e", 0x0f},
    {15, "GPU-51d00000-0000-4000-8000-00000000000f", 0x10},
};

static char root[PATH_MAX];
static pthread_once_t root_found = PTHREAD_ONCE_INIT;

/* The library lies at <root>/usr/lib/<triplet>/, four names below the root. */
static void find_root(void)
{
    Dl_info self;
    if (!dladdr((void *)gpus, &self) || !realpath(self.dli_fname, root)) {
        root[0] = '\0';
        return;
    }
    for (int level = 0; level < 4; level++) {
        char *slash = strrchr(root, '/');
        if (slash)
            *slash = '\0';
    }
}

const char *driver_root(void)
{
    pthread_once(&root_found, find_root);
    return root;
}

bool has_device_node(const char *name)
{
    char path[PATH_MAX + 32];
    struct stat status;
    snprintf(path, sizeof path, "%s/dev/%s", driver_root(), name);
    return stat(path, &status) == 0 && S_ISCHR(status.st_mode);
}

static bool is_visible(const struct simulated_gpu *gpu)
{
    char name[16];
    snprintf(name, sizeof name, "nvidia%u", gpu->minor);
    return has_device_node(name);
}

unsigned visible_count(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < GPU_COUNT; i++)
        count += is_visible(&gpus[i]);
    return count;
}

const struct simulated_gpu *visible_gpu(unsigned index)
{
    for (unsigned i = 0; i < GPU_COUNT; i++)
        if (is_visible(&gpus[i]) && index-- == 0)
            return &gpus[i];
    return NULL;
}

bool visible_index(const struct simulated_gpu *gpu, unsigned *index)
{
    *index = 0;
    for (const struct simulated_gpu *before = gpus; before < gpu; before++)
        *index += is_visible(before);
    return is_visible(gpu);
}

nvmlReturn_t gpu_of(nvmlDevice_t handle, const struct simulated_gpu **gpu)
{
    if (!is_initialized())
        return NVML_ERROR_UNINITIALIZED;
    for (unsigned i = 0; i < GPU_COUNT; i++) {
        if (handle == &gpus[i]) {
            *gpu = handle;
            return NVML_SUCCESS;
        }
    }
    return is_slice(handle) ? NVML_ERROR_NOT_SUPPORTED : NVML_ERROR_INVALID_ARGUMENT;
}
