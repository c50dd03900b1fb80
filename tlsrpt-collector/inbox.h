/* inbox.h - datagrams between the thread that receives and the one that keeps
 *
 * Bounded by bytes: what does not fit is dropped and counted.  One thread
 * puts, one takes.
 */
#ifndef TLSRPT_COLLECTOR_INBOX_H
#define TLSRPT_COLLECTOR_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct inbox;

struct inbox_item {
	struct inbox_item *next;
	int64_t at_ms;	/* Unix time of its arrival */
	unsigned place; /* the receiver's socket */
	size_t len;
	char bytes[];
};

struct inbox_counts {
	uint64_t put, dropped;
	uint64_t bytes; /* held now, that which is being kept included */
};

struct inbox *inbox_new(uint64_t most_bytes);
void inbox_free(struct inbox *inbox);

/* Copies the bytes; false if there was no room. */
bool inbox_put(struct inbox *inbox, unsigned place, struct text bytes,
	       int64_t at_ms);

/* All that is there, oldest first, or NULL when the inbox was closed and is
 * empty; else waits.  The caller frees each with inbox_done. */
struct inbox_item *inbox_take(struct inbox *inbox);

/* Ends with one item: its room can be used again. */
void inbox_done(struct inbox *inbox, struct inbox_item *item);

/* Nothing more will be put. */
void inbox_close(struct inbox *inbox);

struct inbox_counts inbox_counts(struct inbox *inbox);

#endif
