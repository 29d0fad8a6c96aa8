/* MIG: the slices that a GPU is cut into. */
#ifndef SLICES_H
#define SLICES_H

#include "state.h"

/* Whether a handle is of a slice, there or not. */
bool is_slice(nvmlDevice_t handle);

/* The slice behind a handle, or the reason why there is none. A handle stands for a place
 * on its GPU: when the GPU is cut anew it is the new slice's, when it is whole nobody's. */
nvmlReturn_t slice_of(nvmlDevice_t handle, struct slice *slice);

/* Its place on its GPU. */
nvmlReturn_t index_of_slice(nvmlDevice_t handle, unsigned *index);

/* Its part of the GPU's memory, and the same part of what is used of that. */
nvmlReturn_t memory_of_slice(nvmlDevice_t handle, nvmlMemory_t *memory);

/* The handle of a slice on a visible GPU, or NULL. */
nvmlDevice_t slice_with_uuid(const char *uuid);

/* Whether the handle is of a GPU that is cut. */
bool is_cut(nvmlDevice_t handle);

#endif
