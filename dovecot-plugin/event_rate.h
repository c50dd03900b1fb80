/* event_rate.h - how many events of one account count in a minute
 *
 * Nobody waits for somebody who moves a hundred thousand messages, or writes
 * as many files: what is above the bound waits in the spool for the next
 * minute.  One thread, but for the count.
 */
#ifndef DOVECOT_PLUGIN_EVENT_RATE_H
#define DOVECOT_PLUGIN_EVENT_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct event_rate;

struct event_rate *event_rate_new(uint64_t most);
void event_rate_free(struct event_rate *rate);

/* Before a look through the spool: a new minute forgets the old one. */
void event_rate_begin(struct event_rate *rate, int64_t now_ms);

/* Counts an event of the account.  False: it waits; its file need not be read
 * again in this minute. */
bool event_rate_may(struct event_rate *rate, struct text account, uint64_t id);
bool event_rate_is_deferred(const struct event_rate *rate, uint64_t id);

/* How many wait.  Any thread. */
uint64_t event_rate_deferred(const struct event_rate *rate);

#endif
