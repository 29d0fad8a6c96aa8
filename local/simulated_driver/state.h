/* What the simulated GPUs are doing, as the state file beside the library says.
 *
 * gpucommons_local/gpu/state.py writes the file and describes its format.
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>

#include "gpus.h"

enum { MAX_PROCESSES = 64, MAX_XIDS = 16, MAX_SLICES = 7 /* of a GPU */ };

struct gpu_state {
    unsigned utilization, memory_utilization; /* percent */
    unsigned long long memory_used;           /* bytes */
    unsigned power;                           /* milliwatts */
    unsigned temperature;                     /* degrees Celsius */
    unsigned sm_clock, memory_clock;          /* MHz */
    unsigned lost;                            /* 1: fell off the bus */
    unsigned throttle;                        /* clocks event reasons, as NVML's bits */
    unsigned ecc_errors;                      /* not corrected */
    unsigned pcie_received, pcie_sent;        /* KB/s */
    unsigned delay;                           /* milliseconds until utilisation is told */
};

/* A part of a GPU that is cut by MIG. */
struct slice {
    char profile[16], uuid[48];
    unsigned compute;         /* of 7 compute slices */
    unsigned memory;          /* of 8 memory slices */
    unsigned multiprocessors;
};

struct cut_state {
    struct slice slices[MAX_SLICES];
    unsigned count; /* 0: the GPU is whole */
};

struct process_state {
    unsigned gpu, pid;
    unsigned long long memory; /* bytes */
};

struct xid_state {
    unsigned long long sequence; /* 1, 2, 3, ...; never used twice */
    unsigned gpu, code;
};

struct state {
    struct gpu_state gpus[GPU_COUNT];
    struct cut_state cuts[GPU_COUNT];
    struct process_state processes[MAX_PROCESSES];
    unsigned process_count;
    struct xid_state xids[MAX_XIDS]; /* oldest first */
    unsigned xid_count;
};

/* The state of now. Without a file all GPUs are idle; while the file is being
 * written, the state before stays. */
void read_state(struct state *state);

#endif
