/* The time that a call takes. */
#ifndef PAUSE_H
#define PAUSE_H

#include <time.h>

static inline void pause_for(unsigned milliseconds)
{
    struct timespec left = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
    while (nanosleep(&left, &left))
        ;
}

#endif
