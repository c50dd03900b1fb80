/* sender_source.h - the table of senders in the database, as last seen
 *
 * A thread reads signet.sender_login_list() now and then and keeps the answer
 * in memory and in a file; that file is what a start without the database
 * uses.  No message ever waits for it.
 */
#ifndef MILTER_SENDER_SOURCE_H
#define MILTER_SENDER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "milter/sender_book.h"

struct sender_source;
struct why;

struct sender_source_options {
	const char *conninfo;
	const char *snapshot; /* file, as texthash has it */
	uint64_t refresh_s;
};

/* Reads the file if there is one and starts the thread.  Strings are
 * copied.  NULL with a reason if the file is there and cannot be read, or if
 * it could not be written. */
struct sender_source *
sender_source_open(const struct sender_source_options *options,
		   struct why *why);
/* Ends the thread, which may take as long as one call to the database.  NULL
 * is allowed. */
void sender_source_close(struct sender_source *source);

/* What is known now; NULL: nothing yet.  The caller releases it. */
struct sender_book *sender_source_hold(struct sender_source *source);

/* Seconds since the database last answered; -1: never since the start. */
int64_t sender_source_age_s(struct sender_source *source);

#endif
