/* clock.h - the two clocks */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdint.h>

#include "base/deadline.h"

int64_t clock_monotonic_ms(void);
int64_t clock_unix_ms(void);
struct deadline clock_deadline_in(int64_t wait_ms);

#endif
