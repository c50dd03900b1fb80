/* intake_mailbox.h - messages in a Maildir or an mbox file, read only */
#ifndef DMARC_REPORTER_INTAKE_MAILBOX_H
#define DMARC_REPORTER_INTAKE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct why;

struct intake_reader {
	/* Gets each message; false ends the reading. */
	bool (*take)(void *data, struct text name, struct text message);
	void *data;
	uint64_t too_long, unreadable; /* messages that were left out */
};

/* DIRECTORY/cur and DIRECTORY/new, or the directory itself if it has neither;
 * in the order of their names.  Nothing is moved or marked. */
bool intake_maildir_read(const char *directory, struct intake_reader *reader,
			 struct why *why);

/* Messages begin with a "From " line behind an empty one; ">From " is given
 * back its first letters. */
bool intake_mbox_read(const char *path, struct intake_reader *reader,
		      struct why *why);

#endif
