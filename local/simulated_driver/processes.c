/* The processes on a GPU, as the state file lists them.
 *
 * A driver that does not translate gives everybody the numbers that stand there. One that does
 * gives each program those of its own PID namespace, and leaves out what is not in it. On the
 * machine itself there is no difference.
 */
#include <sys/stat.h>

#include "reading.h"
#include "slices.h"
#include "state.h"

#define MACHINES_NAMESPACE 0xEFFFFFFCull /* PROC_PID_INIT_INO in linux/proc_ns.h */

/* The PID namespace of this program; 0 where that cannot be told. */
static unsigned long long own_namespace(void)
{
    struct stat status;
    return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

/* The number of a process for this program; 0: it is not to be listed. */
static unsigned number_here(const struct process_state *process, const struct gpu_state *now)
{
    unsigned long long own = own_namespace();
    if (!now->translates || own == MACHINES_NAMESPACE)
        return process->pid;
    return process->namespace == own ? process->inside : 0;
}

static void take(const struct process_state *process, const struct gpu_state *now, unsigned pid,
                 nvmlProcessInfo_t *info)
{
    static const unsigned long long untold[] = {
        [MEMORY_ZERO] = 0,
        [MEMORY_HIDDEN] = ~0ull, /* NVML_VALUE_NOT_AVAILABLE */
    };
    bool is_told = now->process_memory == MEMORY_TOLD || now->process_memory > MEMORY_HIDDEN;
    *info = (nvmlProcessInfo_t){
        .pid = pid,
        .used_memory = is_told ? process->memory : untold[now->process_memory],
        .gpu_instance = NVML_NO_INSTANCE,
        .compute_instance = NVML_NO_INSTANCE,
    };
    if (now->garbage & PROCESSES)
        info->used_memory = ~0ull - 1; /* more than there is */
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
    struct gpu_state now;
    struct state state;
    unsigned found = 0, room = *count;
    if (is_slice(handle))
        return nothing_on_slice(handle, count);
    nvmlReturn_t result = reading_of(handle, PROCESSES, &now);
    if (!result)
        result = gpu_of(handle, &gpu);
    if (result)
        return result;
    read_state(&state);
    for (unsigned i = 0; i < state.process_count; i++) {
        if (state.processes[i].gpu != gpu->minor)
            continue;
        unsigned pid = number_here(&state.processes[i], &now);
        if (!pid)
            continue;
        if (found < room)
            take(&state.processes[i], &now, pid, &infos[found]);
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
