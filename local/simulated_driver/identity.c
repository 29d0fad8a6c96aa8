/* What a GPU is: names, numbers and place; nothing here changes at run time. */
#include "identity.h"

#include <stdio.h>
#include <string.h>

#include "slices.h"

/* A PCI domain that no real machine has, so that nobody finds a device there. */
enum { PCI_DOMAIN = 0x51d0, PCI_H200 = 0x233510de };

enum { BRAND_NVIDIA = 14, ARCHITECTURE_HOPPER = 9, TOPOLOGY_SYSTEM = 50 };

static nvmlReturn_t copy_text(const char *text, char *buffer, unsigned size)
{
    if (strlen(text) >= size)
        return NVML_ERROR_INSUFFICIENT_SIZE;
    strcpy(buffer, text);
    return NVML_SUCCESS;
}

void describe_pci(const struct simulated_gpu *gpu, nvmlPciInfo_t *pci)
{
    memset(pci, 0, sizeof *pci);
    pci->domain = PCI_DOMAIN;
    pci->bus = gpu->pci_bus;
    pci->device_id = PCI_H200;
    snprintf(pci->bus_id, sizeof pci->bus_id, "%08X:%02X:00.0", PCI_DOMAIN, gpu->pci_bus);
    snprintf(pci->bus_id_legacy, sizeof pci->bus_id_legacy, "%04X:%02X:00.0", PCI_DOMAIN,
             gpu->pci_bus);
}

static nvmlReturn_t name_of_slice(nvmlDevice_t handle, char *name, unsigned size)
{
    struct slice slice;
    char text[sizeof GPU_NAME + sizeof slice.profile + 8];
    nvmlReturn_t result = slice_of(handle, &slice);
    if (result)
        return result;
    snprintf(text, sizeof text, GPU_NAME " MIG %s", slice.profile);
    return copy_text(text, name, size);
}

NVML_API nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t handle, char *name, unsigned size)
{
    const struct simulated_gpu *gpu;
    if (is_slice(handle))
        return name_of_slice(handle, name, size);
    nvmlReturn_t result = gpu_of(handle, &gpu);
    return result ? result : copy_text(GPU_NAME, name, size);
}

static nvmlReturn_t uuid_of_slice(nvmlDevice_t handle, char *uuid, unsigned size)
{
    struct slice slice;
    nvmlReturn_t result = slice_of(handle, &slice);
    return result ? result : copy_text(slice.uuid, uuid, size);
}

NVML_API nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t handle, char *uuid, unsigned size)
{
    const struct simulated_gpu *gpu;
    if (is_slice(handle))
        return uuid_of_slice(handle, uuid, size);
    nvmlReturn_t result = gpu_of(handle, &gpu);
    return result ? result : copy_text(gpu->uuid, uuid, size);
}

NVML_API nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t handle, unsigned *minor)
{
    const struct simulated_gpu *gpu;
    nvmlReturn_t result = gpu_of(handle, &gpu);
    if (!result)
        *minor = gpu->minor;
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t handle, unsigned *index)
{
    const struct simulated_gpu *gpu;
    if (is_slice(handle))
        return index_of_slice(handle, index);
    nvmlReturn_t result = gpu_of(handle, &gpu);
    if (result)
        return result;
    return visible_index(gpu, index) ? NVML_SUCCESS : NVML_ERROR_NOT_FOUND;
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t handle, nvmlPciInfo_t *pci)
{
    const struct simulated_gpu *gpu;
    nvmlReturn_t result = gpu_of(handle, &gpu);
    if (!result)
        describe_pci(gpu, pci);
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t handle, int *major,
                                                         int *minor)
{
    const struct simulated_gpu *gpu;
    *major = 9;
    *minor = 0;
    return gpu_of(handle, &gpu);
}

NVML_API nvmlReturn_t nvmlDeviceGetBrand(nvmlDevice_t handle, unsigned *brand)
{
    const struct simulated_gpu *gpu;
    *brand = BRAND_NVIDIA;
    return gpu_of(handle, &gpu);
}

NVML_API nvmlReturn_t nvmlDeviceGetArchitecture(nvmlDevice_t handle, unsigned *architecture)
{
    const struct simulated_gpu *gpu;
    *architecture = ARCHITECTURE_HOPPER;
    return gpu_of(handle, &gpu);
}

/* No simulated GPU is nearer to another than the next. */
NVML_API nvmlReturn_t nvmlDeviceGetTopologyCommonAncestor(nvmlDevice_t one, nvmlDevice_t other,
                                                          unsigned *level)
{
    const struct simulated_gpu *gpu;
    nvmlReturn_t result = gpu_of(one, &gpu);
    *level = TOPOLOGY_SYSTEM;
    return result ? result : gpu_of(other, &gpu);
}

NVML_API nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned size)
{
    return copy_text(DRIVER_VERSION, version, size);
}

NVML_API nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned size)
{
    return copy_text("13." DRIVER_VERSION, version, size);
}

NVML_API nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *version)
{
    *version = CUDA_VERSION;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version)
{
    return nvmlSystemGetCudaDriverVersion(version);
}
