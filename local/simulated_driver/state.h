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
    unsigned translates;                      /* 1: PIDs are those of who asks */
    unsigned process_memory;                  /* one of enum process_memory */
    unsigned unsupported, garbage;            /* figures, as bits of enum figure */
};

/* What is told of the memory of a process. */
enum process_memory { MEMORY_TOLD, MEMORY_ZERO, MEMORY_HIDDEN };

/* The figures that a driver may not give, or answer nonsense for. */
enum figure {
    UTILIZATION = 1 << 0,
    MEMORY = 1 << 1,
    POWER = 1 << 2,
    POWER_LIMIT = 1 << 3,
    TEMPERATURE = 1 << 4,
    CLOCK = 1 << 5,
    THROTTLE = 1 << 6,
    ECC = 1 << 7,
    PCIE = 1 << 8,
    PROCESSES = 1 << 9,
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
    unsigned long long memory;    /* bytes */
    unsigned inside;              /* its PID in its own namespace, 0 where that is not known */
    unsigned long long namespace; /* inode of that namespace */
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
