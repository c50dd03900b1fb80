/* live.h - how many messages are on their way, so that a stop can wait */
#ifndef MILTER_LIVE_H
#define MILTER_LIVE_H

#include <stdbool.h>
#include <stdint.h>

void live_begin(void);
void live_end(void);

/* Whether no message is on its way. */
bool live_is_idle(void);

/* Waits until that is so, at most `wait_ms`. */
void live_wait(int64_t wait_ms);

#endif
