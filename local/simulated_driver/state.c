#include "state.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_LIMIT = 32768, ATTEMPTS = 3 };

#define STATE_FILE "usr/lib/x86_64-linux-gnu/nvsim-state.so." DRIVER_VERSION

static const struct gpu_state idle = {
    .power = 75000, .temperature = 30, .sm_clock = 345, .memory_clock = GPU_MEMORY_CLOCK_MAX,
};

static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;
static struct state last;
static bool has_last;

static void make_idle(struct state *state)
{
    memset(state, 0, sizeof *state);
    for (unsigned i = 0; i < GPU_COUNT; i++)
        state->gpus[i] = idle;
}

static void parse_gpu(const char *line, struct state *state)
{
    struct gpu_state gpu;
    unsigned number;
    int fields = sscanf(line,
        "gpu %u utilization %u memory_utilization %u memory_used %llu power_mw %u"
        " temperature %u sm_clock %u memory_clock %u lost %u throttle %u ecc_errors %u"
        " pcie_received %u pcie_sent %u delay_ms %u translates %u process_memory %u"
        " unsupported %u garbage %u",
        &number, &gpu.utilization, &gpu.memory_utilization, &gpu.memory_used, &gpu.power,
        &gpu.temperature, &gpu.sm_clock, &gpu.memory_clock, &gpu.lost, &gpu.throttle,
        &gpu.ecc_errors, &gpu.pcie_received, &gpu.pcie_sent, &gpu.delay, &gpu.translates,
        &gpu.process_memory, &gpu.unsupported, &gpu.garbage);
    if (fields == 18 && number < GPU_COUNT)
        state->gpus[number] = gpu;
}

static void parse_slice(const char *line, struct state *state)
{
    struct slice slice;
    unsigned gpu;
    int fields = sscanf(line,
        "slice %u profile %15s compute %u memory %u multiprocessors %u uuid %47s",
        &gpu, slice.profile, &slice.compute, &slice.memory, &slice.multiprocessors, slice.uuid);
    if (fields == 6 && gpu < GPU_COUNT && state->cuts[gpu].count < MAX_SLICES)
        state->cuts[gpu].slices[state->cuts[gpu].count++] = slice;
}

static void parse_process(const char *line, struct state *state)
{
    struct process_state process;
    if (state->process_count < MAX_PROCESSES &&
        sscanf(line, "process %u %u %llu inside %u namespace %llu", &process.gpu, &process.pid,
               &process.memory, &process.inside, &process.namespace) == 5)
        state->processes[state->process_count++] = process;
}

static void parse_xid(const char *line, struct state *state)
{
    struct xid_state xid;
    if (state->xid_count < MAX_XIDS &&
        sscanf(line, "xid %llu %u %u", &xid.sequence, &xid.gpu, &xid.code) == 3)
        state->xids[state->xid_count++] = xid;
}

/* The first and the last line carry the same number, or the text is half of one
 * state and half of the next. */
static bool parse(char *text, struct state *state)
{
    unsigned long long first, end;
    char *rest;
    char *line = strtok_r(text, "\n", &rest);
    make_idle(state);
    if (!line || sscanf(line, "nvsim 1 generation %llu", &first) != 1)
        return false;
    while ((line = strtok_r(NULL, "\n", &rest))) {
        if (sscanf(line, "end %llu", &end) == 1)
            return first == end;
        parse_gpu(line, state);
        parse_slice(line, state);
        parse_process(line, state);
        parse_xid(line, state);
    }
    return false;
}

static int open_state(void)
{
    char path[PATH_MAX + sizeof STATE_FILE];
    snprintf(path, sizeof path, "%s/" STATE_FILE, driver_root());
    return open(path, O_RDONLY | O_CLOEXEC);
}

static bool load(int file, struct state *state)
{
    char text[FILE_LIMIT];
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        ssize_t length = pread(file, text, sizeof text - 1, 0);
        if (length < 0)
            return false;
        text[length] = '\0';
        if (parse(text, state))
            return true;
    }
    return false;
}

void read_state(struct state *state)
{
    int file = open_state();
    bool loaded = file >= 0 && load(file, state);
    if (file >= 0)
        close(file);

    pthread_mutex_lock(&last_lock);
    if (loaded) {
        last = *state;
        has_last = true;
    } else if (has_last) {
        *state = last;
    } else {
        make_idle(state);
    }
    pthread_mutex_unlock(&last_lock);
}
