/* The part of NVML's binary interface that the simulated driver serves.
 *
 * Written from what callers pass (nvidia-ml-py, go-nvml): return codes, struct
 * layouts and enumeration values. tests/unit/local/gpu compares the sizes with
 * those of nvidia-ml-py.
 */
#ifndef NVML_ABI_H
#define NVML_ABI_H

#define NVML_API __attribute__((visibility("default")))

typedef enum {
    NVML_SUCCESS = 0,
    NVML_ERROR_UNINITIALIZED = 1,
    NVML_ERROR_INVALID_ARGUMENT = 2,
    NVML_ERROR_NOT_SUPPORTED = 3,
    NVML_ERROR_NO_PERMISSION = 4,
    NVML_ERROR_NOT_FOUND = 6,
    NVML_ERROR_INSUFFICIENT_SIZE = 7,
    NVML_ERROR_DRIVER_NOT_LOADED = 9,
    NVML_ERROR_TIMEOUT = 10,
    NVML_ERROR_GPU_IS_LOST = 15,
    NVML_ERROR_MEMORY = 20,
    NVML_ERROR_ARGUMENT_VERSION_MISMATCH = 25,
    NVML_ERROR_UNKNOWN = 999,
} nvmlReturn_t;

/* A handle points into the table of simulated GPUs (gpus.c), or into that of the
 * places for slices (slices.c). */
typedef const void *nvmlDevice_t;
typedef struct event_set *nvmlEventSet_t;

typedef struct {
    unsigned long long total, free, used; /* bytes */
} nvmlMemory_t;

typedef struct {
    unsigned version;
    unsigned long long total, reserved, free, used; /* bytes */
} nvmlMemory_v2_t;

typedef struct {
    unsigned gpu, memory; /* percent of the last sample period */
} nvmlUtilization_t;

typedef struct {
    char bus_id_legacy[16];
    unsigned domain, bus, device;
    unsigned device_id, subsystem_id;
    char bus_id[32];
} nvmlPciInfo_t;

typedef struct {
    unsigned pid;
    unsigned long long used_memory; /* bytes */
    unsigned gpu_instance, compute_instance;
} nvmlProcessInfo_t; /* versions 2 and 3 are the same */

typedef struct {
    nvmlDevice_t device;
    unsigned long long type, data;
    unsigned gpu_instance, compute_instance;
} nvmlEventData_t;

typedef struct {
    unsigned version;
    unsigned sensor;
    int temperature; /* degrees Celsius */
} nvmlTemperature_v1_t;

typedef struct {
    unsigned multiprocessors;
    unsigned copy_engines, decoders, encoders, jpeg_decoders, optical_flow; /* shared */
    unsigned gpu_instance_slices, compute_instance_slices;
    unsigned long long memory; /* MiB */
} nvmlDeviceAttributes_t;

/* A versioned struct carries its size and its version in its first field. */
#define NVML_STRUCT_VERSION(type, version) ((unsigned)sizeof(type) | (version) << 24)

enum { NVML_CLOCK_GRAPHICS, NVML_CLOCK_SM, NVML_CLOCK_MEMORY, NVML_CLOCK_VIDEO };
enum { NVML_TEMPERATURE_GPU = 0 };
enum { NVML_PCIE_UTIL_TX_BYTES, NVML_PCIE_UTIL_RX_BYTES };
enum { NVML_MEMORY_ERROR_TYPE_CORRECTED, NVML_MEMORY_ERROR_TYPE_UNCORRECTED };
enum { NVML_EVENT_XID_CRITICAL = 0x8 };
enum { NVML_DEVICE_MIG_DISABLE, NVML_DEVICE_MIG_ENABLE };
enum { NVML_NO_INSTANCE = 0xFFFFFFFFu };

#endif
