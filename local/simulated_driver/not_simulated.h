/* A function of NVML that answers "not supported".
 *
 * It has to be there all the same: go-nvml's programs end at the first call of
 * a symbol that is missing. The arguments are not looked at.
 */
#ifndef NOT_SIMULATED_H
#define NOT_SIMULATED_H

#include "nvml_abi.h"

#define NOT_SIMULATED(name)                                                                        \
    NVML_API nvmlReturn_t name(void)                                                               \
    {                                                                                              \
        return NVML_ERROR_NOT_SUPPORTED;                                                           \
    }

#endif
