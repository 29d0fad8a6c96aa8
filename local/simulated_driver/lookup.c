/* Find GPUs: how many there are, and the handle of each. Slices are found by their UUID. */
#include <string.h>

#include "gpus.h"
#include "identity.h"
#include "lifetime.h"
#include "slices.h"

static nvmlReturn_t found(const struct simulated_gpu *gpu, nvmlDevice_t *handle)
{
    *handle = gpu;
    return gpu ? NVML_SUCCESS : NVML_ERROR_NOT_FOUND;
}

NVML_API nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count)
{
    if (!is_initialized())
        return NVML_ERROR_UNINITIALIZED;
    *count = visible_count();
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetCount(unsigned *count)
{
    return nvmlDeviceGetCount_v2(count);
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *handle)
{
    if (!is_initialized())
        return NVML_ERROR_UNINITIALIZED;
    *handle = visible_gpu(index);
    return *handle ? NVML_SUCCESS : NVML_ERROR_INVALID_ARGUMENT;
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByIndex(unsigned index, nvmlDevice_t *handle)
{
    return nvmlDeviceGetHandleByIndex_v2(index, handle);
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *handle)
{
    const struct simulated_gpu *gpu;
    if (!is_initialized())
        return NVML_ERROR_UNINITIALIZED;
    for (unsigned i = 0; (gpu = visible_gpu(i)); i++)
        if (strcmp(gpu->uuid, uuid) == 0)
            break;
    *handle = gpu ? gpu : slice_with_uuid(uuid);
    return *handle ? NVML_SUCCESS : NVML_ERROR_NOT_FOUND;
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, nvmlDevice_t *handle)
{
    const struct simulated_gpu *gpu;
    nvmlPciInfo_t pci;
    if (!is_initialized())
        return NVML_ERROR_UNINITIALIZED;
    for (unsigned i = 0; (gpu = visible_gpu(i)); i++) {
        describe_pci(gpu, &pci);
        if (strcasecmp(pci.bus_id, bus_id) == 0 || strcasecmp(pci.bus_id_legacy, bus_id) == 0)
            break;
    }
    return found(gpu, handle);
}
