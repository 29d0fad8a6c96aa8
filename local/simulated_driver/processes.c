/* The processes on a GPU, as the state file lists them. */
#include "slices.h"
#include "state.h"

static void take(const struct process_state *process, nvmlProcessInfo_t *info)
{
    *info = (nvmlProcessInfo_t){
        .pid = process->pid,
        .used_memory = process->memory,
        .gpu_instance = NVML_NO_INSTANCE,
        .compute_instance = NVML_NO_INSTANCE,
    };
}

/* No process is simulated on a slice. */
static nvmlReturn_t nothing_on_slice(nvmlDevice_t handle, unsigned *count)
{
    struct slice slice;
    *count = 0;
    return slice_of(handle, &slice);
}

/* As NVML: with too little room, *count says how much is needed. */
NVML_API nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t handle, unsigned *count,
                                                              nvmlProcessInfo_t *infos)
{
    const struct simulated_gpu *gpu;
    struct state state;
    unsigned found = 0, room = *count;
    if (is_slice(handle))
        return nothing_on_slice(handle, count);
    nvmlReturn_t result = gpu_of(handle, &gpu);
    if (result)
        return result;
    read_state(&state);
    if (state.gpus[gpu->minor].lost)
        return NVML_ERROR_GPU_IS_LOST;
    for (unsigned i = 0; i < state.process_count; i++) {
        if (state.processes[i].gpu != gpu->minor)
            continue;
        if (found < room)
            take(&state.processes[i], &infos[found]);
        found++;
    }
    *count = found;
    return found > room ? NVML_ERROR_INSUFFICIENT_SIZE : NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v2(nvmlDevice_t handle, unsigned *count,
                                                              nvmlProcessInfo_t *infos)
{
    return nvmlDeviceGetComputeRunningProcesses_v3(handle, count, infos);
}

/* Nothing draws on a simulated GPU. */
NVML_API nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t handle, unsigned *count,
                                                               nvmlProcessInfo_t *infos)
{
    const struct simulated_gpu *gpu;
    (void)infos;
    if (is_slice(handle))
        return nothing_on_slice(handle, count);
    *count = 0;
    return gpu_of(handle, &gpu);
}

NVML_API nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v2(nvmlDevice_t handle, unsigned *count,
                                                               nvmlProcessInfo_t *infos)
{
    return nvmlDeviceGetGraphicsRunningProcesses_v3(handle, count, infos);
}

/* No MPS client is simulated: all processes count as compute processes. */
NVML_API nvmlReturn_t nvmlDeviceGetMPSComputeRunningProcesses_v3(nvmlDevice_t handle,
                                                                 unsigned *count,
                                                                 nvmlProcessInfo_t *infos)
{
    return nvmlDeviceGetGraphicsRunningProcesses_v3(handle, count, infos);
}
