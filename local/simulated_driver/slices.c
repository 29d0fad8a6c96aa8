/* MIG: which slices a GPU is cut into, and what each is.
 *
 * A GPU that is whole answers as one that knows no MIG: what NVIDIA's device plugin and
 * GPU Feature Discovery say of it stays as it is.
 */
#include "slices.h"

#include <string.h>

#include "lifetime.h"

enum { MEMORY_SLICES = 8, MIB_SHIFT = 20 };

/* Where a slice can be. The addresses are handles; nothing is read from them. */
static const char places[GPU_COUNT][MAX_SLICES];

static bool place_of(nvmlDevice_t handle, unsigned *gpu, unsigned *index)
{
    for (*gpu = 0; *gpu < GPU_COUNT; ++*gpu)
        for (*index = 0; *index < MAX_SLICES; ++*index)
            if (handle == &places[*gpu][*index])
                return true;
    return false;
}

bool is_slice(nvmlDevice_t handle)
{
    unsigned gpu, index;
    return place_of(handle, &gpu, &index);
}

/* A slice, and what its GPU does. */
static nvmlReturn_t slice_and_gpu(nvmlDevice_t handle, struct slice *slice, struct gpu_state *now)
{
    struct state state;
    const struct simulated_gpu *whole;
    unsigned gpu, index;
    if (!is_initialized())
        return NVML_ERROR_UNINITIALIZED;
    if (!place_of(handle, &gpu, &index))
        return gpu_of(handle, &whole) ? NVML_ERROR_INVALID_ARGUMENT : NVML_ERROR_NOT_SUPPORTED;
    read_state(&state);
    if (index >= state.cuts[gpu].count)
        return NVML_ERROR_INVALID_ARGUMENT;
    *slice = state.cuts[gpu].slices[index];
    *now = state.gpus[gpu];
    return NVML_SUCCESS;
}

nvmlReturn_t slice_of(nvmlDevice_t handle, struct slice *slice)
{
    struct gpu_state now;
    return slice_and_gpu(handle, slice, &now);
}

nvmlReturn_t index_of_slice(nvmlDevice_t handle, unsigned *index)
{
    struct slice slice;
    unsigned gpu;
    place_of(handle, &gpu, index);
    return slice_of(handle, &slice);
}

nvmlReturn_t memory_of_slice(nvmlDevice_t handle, nvmlMemory_t *memory)
{
    struct slice slice;
    struct gpu_state now;
    nvmlReturn_t result = slice_and_gpu(handle, &slice, &now);
    if (result)
        return result;
    if (now.lost)
        return NVML_ERROR_GPU_IS_LOST;
    memory->total = GPU_MEMORY / MEMORY_SLICES * slice.memory;
    memory->used = now.memory_used / MEMORY_SLICES * slice.memory;
    memory->free = memory->total - memory->used;
    return NVML_SUCCESS;
}

nvmlDevice_t slice_with_uuid(const char *uuid)
{
    struct state state;
    const struct simulated_gpu *gpu;
    read_state(&state);
    for (unsigned i = 0; (gpu = visible_gpu(i)); i++) {
        const struct cut_state *cut = &state.cuts[gpu->minor];
        for (unsigned index = 0; index < cut->count; index++)
            if (strcmp(cut->slices[index].uuid, uuid) == 0)
                return &places[gpu->minor][index];
    }
    return NULL;
}

/* How many slices a GPU is cut into. */
static nvmlReturn_t count_slices(nvmlDevice_t handle, unsigned *count, unsigned *minor)
{
    struct state state;
    const struct simulated_gpu *gpu;
    nvmlReturn_t result = gpu_of(handle, &gpu);
    if (result)
        return result;
    read_state(&state);
    *minor = gpu->minor;
    *count = state.cuts[gpu->minor].count;
    return NVML_SUCCESS;
}

/* The same, for what a GPU that is whole does not know. */
static nvmlReturn_t count_slices_of_cut(nvmlDevice_t handle, unsigned *count, unsigned *minor)
{
    nvmlReturn_t result = count_slices(handle, count, minor);
    return !result && *count == 0 ? NVML_ERROR_NOT_SUPPORTED : result;
}

bool is_cut(nvmlDevice_t handle)
{
    unsigned count, minor;
    return count_slices_of_cut(handle, &count, &minor) == NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t handle, unsigned *current,
                                           unsigned *pending)
{
    unsigned count, minor;
    nvmlReturn_t result = count_slices_of_cut(handle, &count, &minor);
    if (result)
        return result;
    *current = *pending = NVML_DEVICE_MIG_ENABLE;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t handle, unsigned *most)
{
    unsigned count, minor;
    nvmlReturn_t result = count_slices(handle, &count, &minor);
    if (!result)
        *most = count ? MAX_SLICES : 0;
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t handle, unsigned index,
                                                          nvmlDevice_t *slice)
{
    unsigned count, minor;
    nvmlReturn_t result = count_slices_of_cut(handle, &count, &minor);
    if (result)
        return result;
    if (index >= MAX_SLICES)
        return NVML_ERROR_INVALID_ARGUMENT;
    if (index >= count)
        return NVML_ERROR_NOT_FOUND;
    *slice = &places[minor][index];
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceIsMigDeviceHandle(nvmlDevice_t handle, unsigned *is_mig)
{
    const struct simulated_gpu *gpu;
    struct slice slice;
    *is_mig = is_slice(handle);
    return *is_mig ? slice_of(handle, &slice) : gpu_of(handle, &gpu);
}

NVML_API nvmlReturn_t nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t handle,
                                                                   nvmlDevice_t *parent)
{
    struct slice slice;
    const struct simulated_gpu *gpu;
    unsigned minor, index;
    nvmlReturn_t result = slice_of(handle, &slice);
    if (result)
        return result;
    place_of(handle, &minor, &index);
    for (unsigned i = 0; (gpu = visible_gpu(i)); i++)
        if (gpu->minor == minor)
            break;
    *parent = gpu;
    return gpu ? NVML_SUCCESS : NVML_ERROR_NOT_FOUND;
}

/* GPU instances are numbered from 1; each has one compute instance, which is 0. */
NVML_API nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t handle, unsigned *id)
{
    nvmlReturn_t result = index_of_slice(handle, id);
    ++*id;
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetComputeInstanceId(nvmlDevice_t handle, unsigned *id)
{
    struct slice slice;
    *id = 0;
    return slice_of(handle, &slice);
}

/* Engines for copies and video are not simulated. */
NVML_API nvmlReturn_t nvmlDeviceGetAttributes_v2(nvmlDevice_t handle,
                                                 nvmlDeviceAttributes_t *attributes)
{
    struct slice slice;
    nvmlReturn_t result = slice_of(handle, &slice);
    if (result)
        return result;
    *attributes = (nvmlDeviceAttributes_t){
        .multiprocessors = slice.multiprocessors,
        .gpu_instance_slices = slice.compute,
        .compute_instance_slices = slice.compute,
        .memory = (GPU_MEMORY / MEMORY_SLICES * slice.memory) >> MIB_SHIFT,
    };
    return NVML_SUCCESS;
}
