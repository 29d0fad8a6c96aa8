/* How well a GPU is: what holds its clock back, memory errors, and what goes over PCIe. */
#include "pause.h"
#include "reading.h"

/* A real GPU counts for so long in each call; see nvmlDeviceGetPcieThroughput in nvml.h. */
enum { PCIE_COUNTING = 20 /* milliseconds */ };

enum { PCIE_GENERATION = 5, PCIE_WIDTH = 16 /* lanes */ };

NVML_API nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t handle,
                                                             unsigned long long *reasons)
{
    struct gpu_state now;
    nvmlReturn_t result = reading_of(handle, THROTTLE, &now);
    if (!result)
        *reasons = now.garbage & THROTTLE ? ~0ull : now.throttle;
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t handle,
                                                                unsigned long long *reasons)
{
    return nvmlDeviceGetCurrentClocksEventReasons(handle, reasons);
}

/* The driver was loaded once only: errors since then and errors of all time are the same. */
NVML_API nvmlReturn_t nvmlDeviceGetTotalEccErrors(nvmlDevice_t handle, unsigned type,
                                                  unsigned counter, unsigned long long *count)
{
    struct gpu_state now;
    nvmlReturn_t result = reading_of(handle, ECC, &now);
    (void)counter;
    if (!result)
        *count = type == NVML_MEMORY_ERROR_TYPE_UNCORRECTED ? now.ecc_errors : 0;
    if (!result && now.garbage & ECC)
        *count = ~0ull;
    return result;
}

NVML_API nvmlReturn_t nvmlDeviceGetPcieThroughput(nvmlDevice_t handle, unsigned counter,
                                                  unsigned *kilobytes_per_second)
{
    struct gpu_state now;
    nvmlReturn_t result = reading_of(handle, PCIE, &now);
    if (result)
        return result;
    if (counter > NVML_PCIE_UTIL_RX_BYTES)
        return NVML_ERROR_INVALID_ARGUMENT;
    pause_for(PCIE_COUNTING);
    unsigned traffic = counter == NVML_PCIE_UTIL_RX_BYTES ? now.pcie_received : now.pcie_sent;
    *kilobytes_per_second = told(&now, PCIE, traffic);
    return NVML_SUCCESS;
}

static nvmlReturn_t pcie_link(nvmlDevice_t handle, unsigned figure, unsigned *value)
{
    struct gpu_state now;
    *value = figure;
    return reading(handle, &now);
}

NVML_API nvmlReturn_t nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t handle, unsigned *generation)
{
    return pcie_link(handle, PCIE_GENERATION, generation);
}

NVML_API nvmlReturn_t nvmlDeviceGetCurrPcieLinkGeneration(nvmlDevice_t handle, unsigned *generation)
{
    return pcie_link(handle, PCIE_GENERATION, generation);
}

NVML_API nvmlReturn_t nvmlDeviceGetMaxPcieLinkWidth(nvmlDevice_t handle, unsigned *lanes)
{
    return pcie_link(handle, PCIE_WIDTH, lanes);
}

NVML_API nvmlReturn_t nvmlDeviceGetCurrPcieLinkWidth(nvmlDevice_t handle, unsigned *lanes)
{
    return pcie_link(handle, PCIE_WIDTH, lanes);
}
