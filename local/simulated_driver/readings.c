/* What a GPU is doing: memory, utilisation, power, temperature, clocks. */
#include "reading.h"

#include "pause.h"
#include "slices.h"

nvmlReturn_t reading(nvmlDevice_t handle, struct gpu_state *now)
{
    const struct simulated_gpu *gpu;
    struct state state;
    nvmlReturn_t result = gpu_of(handle, &gpu);
    if (result)
        return result;
    read_state(&state);
    *now = state.gpus[gpu->minor];
    return now->lost ? NVML_ERROR_GPU_IS_LOST : NVML_SUCCESS;
}

nvmlReturn_t reading_of(nvmlDevice_t handle, enum figure figure, struct gpu_state *now)
{
    nvmlReturn_t result = reading(handle, now);
    return !result && now->unsupported & figure ? NVML_ERROR_NOT_SUPPORTED : result;
}

unsigned told(const struct gpu_state *now, enum figure figure, unsigned value)
{
    return now->garbage & figure ? ~0u : value;
}

/* A figure that never changes, of a GPU that can be asked. */
static nvmlReturn_t constant(nvmlDevice_t handle, enum figure figure, unsigned fixed,
                             unsigned *value)
{
    struct gpu_state now;
    nvmlReturn_t result = reading_of(handle, figure, &now);
    if (!result)
        *value = told(&now, figure, fixed);
    return result;
}

static nvmlReturn_t memory_of(nvmlDevice_t handle, nvmlMemory_t *memory)
{
    struct gpu_state now;
    if (is_slice(handle))
        return memory_of_slice(handle, memory);
    nvmlReturn_t result = reading_of(handle, MEMORY, &now);
    if (!result)
        *memory = (nvmlMemory_t){GPU_MEMORY, GPU_MEMORY - now.memory_used, now.memory_used};
    if (!result && now.garbage & MEMORY)
        memory->used = ~0ull;
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t handle, nvmlMemory_t *memory)
{
    return memory_of(handle, memory);
}

NVML_API nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t handle, nvmlMemory_v2_t *memory)
{
    nvmlMemory_t now;
    nvmlReturn_t result = memory_of(handle, &now);
    if (memory->version != NVML_STRUCT_VERSION(nvmlMemory_v2_t, 2u))
        return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    if (result)
        return result;
    memory->total = now.total;
    memory->reserved = 0;
    memory->free = now.free;
    memory->used = now.used;
    return NVML_SUCCESS;
}

/* Of a GPU that is cut, NVML does not tell how busy it is. */
NVML_API nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t handle, nvmlUtilization_t *rates)
{
    struct gpu_state now;
    nvmlReturn_t result = reading_of(handle, UTILIZATION, &now);
    if (!result && is_cut(handle))
        result = NVML_ERROR_NOT_SUPPORTED;
    pause_for(result ? 0 : now.delay);
    if (!result)
        *rates = (nvmlUtilization_t){told(&now, UTILIZATION, now.utilization),
                                     now.memory_utilization};
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t handle, unsigned *milliwatts)
{
    struct gpu_state now;
    nvmlReturn_t result = reading_of(handle, POWER, &now);
    if (!result)
        *milliwatts = told(&now, POWER, now.power);
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t handle, unsigned *milliwatts)
{
    return constant(handle, POWER_LIMIT, GPU_POWER_LIMIT, milliwatts);
}

NVML_API nvmlReturn_t nvmlDeviceGetPowerManagementLimit(nvmlDevice_t handle, unsigned *milliwatts)
{
    return constant(handle, POWER_LIMIT, GPU_POWER_LIMIT, milliwatts);
}

NVML_API nvmlReturn_t nvmlDeviceGetPowerManagementDefaultLimit(nvmlDevice_t handle,
                                                               unsigned *milliwatts)
{
    return constant(handle, POWER_LIMIT, GPU_POWER_LIMIT, milliwatts);
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t handle, unsigned sensor,
                                               unsigned *celsius)
{
    struct gpu_state now;
    nvmlReturn_t result = reading_of(handle, TEMPERATURE, &now);
    if (result)
        return result;
    if (sensor != NVML_TEMPERATURE_GPU)
        return NVML_ERROR_INVALID_ARGUMENT;
    *celsius = told(&now, TEMPERATURE, now.temperature);
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperatureV(nvmlDevice_t handle, nvmlTemperature_v1_t *sensor)
{
    unsigned celsius;
    if (sensor->version != NVML_STRUCT_VERSION(nvmlTemperature_v1_t, 1u))
        return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    nvmlReturn_t result = nvmlDeviceGetTemperature(handle, sensor->sensor, &celsius);
    if (!result)
        sensor->temperature = (int)celsius;
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t handle, unsigned clock, unsigned *mhz)
{
    struct gpu_state now;
    nvmlReturn_t result = reading_of(handle, CLOCK, &now);
    if (result)
        return result;
    if (clock > NVML_CLOCK_VIDEO)
        return NVML_ERROR_INVALID_ARGUMENT;
    *mhz = told(&now, CLOCK, clock == NVML_CLOCK_MEMORY ? now.memory_clock : now.sm_clock);
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t handle, unsigned clock, unsigned *mhz)
{
    if (clock > NVML_CLOCK_VIDEO)
        return NVML_ERROR_INVALID_ARGUMENT;
    unsigned most = clock == NVML_CLOCK_MEMORY ? GPU_MEMORY_CLOCK_MAX : GPU_CLOCK_MAX;
    return constant(handle, CLOCK, most, mhz);
}

/* P0, the performance state that a data-centre GPU is in, idle or not. */
NVML_API nvmlReturn_t nvmlDeviceGetPerformanceState(nvmlDevice_t handle, unsigned *pstate)
{
    return constant(handle, CLOCK, 0, pstate);
}
