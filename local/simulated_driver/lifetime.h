/* Whether NVML was initialised and not yet shut down. */
#ifndef LIFETIME_H
#define LIFETIME_H

#include <stdbool.h>

bool is_initialized(void);

#endif
