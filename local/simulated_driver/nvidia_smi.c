/* nvidia-smi for simulated GPUs: the table, -L, and the one setting that the
 * MPS control daemon makes (-i UUID -c MODE). All figures come from NVML.
 */
#include <stdio.h>
#include <string.h>

#include "nvml_abi.h"

/* What libnvidia-ml.so.1 exports. */
nvmlReturn_t nvmlInit_v2(void);
nvmlReturn_t nvmlShutdown(void);
const char *nvmlErrorString(nvmlReturn_t code);
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count);
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *gpu);
nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *gpu);
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t gpu, char *name, unsigned size);
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t gpu, char *uuid, unsigned size);
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t gpu, nvmlMemory_t *memory);
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t gpu, nvmlUtilization_t *rates);
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t gpu, unsigned *milliwatts);
nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t gpu, unsigned *milliwatts);
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t gpu, unsigned sensor, unsigned *celsius);
nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t gpu, unsigned *count);
nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t gpu, unsigned index,
                                                 nvmlDevice_t *slice);
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t gpu, unsigned *count,
                                                     nvmlProcessInfo_t *infos);

enum { MAX_SHOWN = 64, MIB_SHIFT = 20 };

static int failed(nvmlReturn_t code)
{
    fprintf(stderr, "nvidia-smi (simulated): %s\n", nvmlErrorString(code));
    return (int)code;
}

static void list_slice(unsigned index, nvmlDevice_t slice)
{
    char name[96] = "", uuid[96] = "";
    nvmlDeviceGetName(slice, name, sizeof name);
    nvmlDeviceGetUUID(slice, uuid, sizeof uuid);
    const char *profile = strstr(name, " MIG ");
    printf("  MIG %-11s Device %2u: (UUID: %s)\n", profile ? profile + 5 : "", index, uuid);
}

static void list_gpu(unsigned index, nvmlDevice_t gpu)
{
    char name[96] = "", uuid[96] = "";
    nvmlDeviceGetName(gpu, name, sizeof name);
    nvmlDeviceGetUUID(gpu, uuid, sizeof uuid);
    printf("GPU %u: %s (UUID: %s)\n", index, name, uuid);

    unsigned most = 0;
    nvmlDevice_t slice;
    nvmlDeviceGetMaxMigDeviceCount(gpu, &most);
    for (unsigned i = 0; i < most; i++)
        if (nvmlDeviceGetMigDeviceHandleByIndex(gpu, i, &slice) == NVML_SUCCESS)
            list_slice(i, slice);
}

static void show_gpu(unsigned index, nvmlDevice_t gpu)
{
    char name[96] = "";
    nvmlMemory_t memory;
    nvmlUtilization_t rates;
    unsigned power, limit, celsius;
    nvmlDeviceGetName(gpu, name, sizeof name);
    nvmlReturn_t result = nvmlDeviceGetMemoryInfo(gpu, &memory);
    if (result) {
        printf("%3u  %-24s %s\n", index, name, nvmlErrorString(result));
        return;
    }
    char load[16] = "N/A"; /* of a GPU that is cut into slices */
    if (nvmlDeviceGetUtilizationRates(gpu, &rates) == NVML_SUCCESS)
        snprintf(load, sizeof load, "%3u %%", rates.gpu);
    nvmlDeviceGetPowerUsage(gpu, &power);
    nvmlDeviceGetEnforcedPowerLimit(gpu, &limit);
    nvmlDeviceGetTemperature(gpu, NVML_TEMPERATURE_GPU, &celsius);
    printf("%3u  %-24s %3u C  %3u / %3u W  %6llu / %6llu MiB  %s\n", index, name, celsius,
           power / 1000, limit / 1000, memory.used >> MIB_SHIFT, memory.total >> MIB_SHIFT,
           load);
}

static void show_processes(unsigned index, nvmlDevice_t gpu)
{
    nvmlProcessInfo_t infos[MAX_SHOWN];
    unsigned count = MAX_SHOWN;
    if (nvmlDeviceGetComputeRunningProcesses_v3(gpu, &count, infos))
        return;
    for (unsigned i = 0; i < count; i++)
        printf("%3u  process %u, %llu MiB\n", index, infos[i].pid,
               infos[i].used_memory >> MIB_SHIFT);
}

static void for_each_gpu(void (*act)(unsigned, nvmlDevice_t))
{
    unsigned count = 0;
    nvmlDevice_t gpu;
    nvmlDeviceGetCount_v2(&count);
    for (unsigned i = 0; i < count; i++)
        if (nvmlDeviceGetHandleByIndex_v2(i, &gpu) == NVML_SUCCESS)
            act(i, gpu);
}

static int show(void)
{
    printf("Simulated GPUs, driver %s: nothing is computed on them.\n", DRIVER_VERSION);
    printf("%3s  %-24s %5s  %11s  %19s  %5s\n", "GPU", "Name", "Temp", "Power", "Memory", "Util");
    for_each_gpu(show_gpu);
    for_each_gpu(show_processes);
    return 0;
}

static int list(void)
{
    for_each_gpu(list_gpu);
    return 0;
}

/* Accepted for a GPU that is there; a compute mode has nothing to act on. */
static int set_compute_mode(const char *uuid, const char *mode)
{
    nvmlDevice_t gpu;
    nvmlReturn_t result = nvmlDeviceGetHandleByUUID(uuid, &gpu);
    if (result)
        return failed(result);
    printf("Compute mode %s accepted for simulated GPU %s.\n", mode, uuid);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "nvidia-smi (simulated) knows: no argument, -L, and -i UUID -c MODE.\n");
    return NVML_ERROR_INVALID_ARGUMENT;
}

static int act(int count, char **arguments)
{
    if (count == 1)
        return show();
    if (count == 2 && strcmp(arguments[1], "-L") == 0)
        return list();
    if (count == 5 && strcmp(arguments[1], "-i") == 0 && strcmp(arguments[3], "-c") == 0)
        return set_compute_mode(arguments[2], arguments[4]);
    return usage();
}

int main(int count, char **arguments)
{
    nvmlReturn_t result = nvmlInit_v2();
    if (result)
        return failed(result);
    int status = act(count, arguments);
    nvmlShutdown();
    return status;
}
