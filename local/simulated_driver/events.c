/* Critical errors: an xid line that is new in the state file ends the wait. */
#include <stdlib.h>
#include <time.h>

#include "lifetime.h"
#include "state.h"

enum { POLL_MS = 100 };

struct event_set {
    unsigned long long seen; /* sequence of the newest xid already told */
    bool registered[GPU_COUNT];
};

static unsigned long long newest(const struct state *state)
{
    return state->xid_count ? state->xids[state->xid_count - 1].sequence : 0;
}

NVML_API nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *set)
{
    struct state state;
    if (!is_initialized())
        return NVML_ERROR_UNINITIALIZED;
    *set = calloc(1, sizeof **set);
    if (!*set)
        return NVML_ERROR_MEMORY;
    read_state(&state);
    (*set)->seen = newest(&state); /* a new set hears of nothing that was before */
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlEventSetFree(nvmlEventSet_t set)
{
    free(set);
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetSupportedEventTypes(nvmlDevice_t handle,
                                                       unsigned long long *types)
{
    const struct simulated_gpu *gpu;
    *types = NVML_EVENT_XID_CRITICAL;
    return gpu_of(handle, &gpu);
}

NVML_API nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t handle, unsigned long long types,
                                               nvmlEventSet_t set)
{
    const struct simulated_gpu *gpu;
    nvmlReturn_t result = gpu_of(handle, &gpu);
    if (result)
        return result;
    if (types & ~(unsigned long long)NVML_EVENT_XID_CRITICAL)
        return NVML_ERROR_NOT_SUPPORTED;
    set->registered[gpu->minor] = true;
    return NVML_SUCCESS;
}

static const struct simulated_gpu *gpu_with_minor(unsigned minor)
{
    const struct simulated_gpu *gpu;
    for (unsigned i = 0; (gpu = visible_gpu(i)); i++)
        if (gpu->minor == minor)
            break;
    return gpu;
}

static bool next_event(nvmlEventSet_t set, nvmlEventData_t *event)
{
    struct state state;
    read_state(&state);
    for (unsigned i = 0; i < state.xid_count; i++) {
        const struct xid_state *xid = &state.xids[i];
        if (xid->sequence <= set->seen)
            continue;
        set->seen = xid->sequence;
        if (xid->gpu >= GPU_COUNT || !set->registered[xid->gpu])
            continue;
        *event = (nvmlEventData_t){
            .device = gpu_with_minor(xid->gpu),
            .type = NVML_EVENT_XID_CRITICAL,
            .data = xid->code,
            .gpu_instance = NVML_NO_INSTANCE,
            .compute_instance = NVML_NO_INSTANCE,
        };
        return true;
    }
    return false;
}

NVML_API nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t set, nvmlEventData_t *event,
                                          unsigned timeout_ms)
{
    const struct timespec poll = {.tv_nsec = POLL_MS * 1000000L};
    for (unsigned waited = 0;; waited += POLL_MS) {
        if (!is_initialized())
            return NVML_ERROR_UNINITIALIZED;
        if (next_event(set, event))
            return NVML_SUCCESS;
        if (waited >= timeout_ms)
            return NVML_ERROR_TIMEOUT;
        nanosleep(&poll, NULL);
    }
}

NVML_API nvmlReturn_t nvmlEventSetWait(nvmlEventSet_t set, nvmlEventData_t *event,
                                       unsigned timeout_ms)
{
    return nvmlEventSetWait_v2(set, event, timeout_ms);
}
