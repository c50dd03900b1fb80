/* junk_mail.h - messages from files, one after the other
 *
 * A file is one message, or many if it begins as an mbox does ("From ");
 * "-" is standard input.  Of a maildir the messages in cur and new that are not
 * marked as deleted; of any other directory all files, those of its folders
 * included, but for names with a dot in front.
 */
#ifndef ADMIN_JUNK_MAIL_H
#define ADMIN_JUNK_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct why;

/* As much of a message as the plugin hands over (signet_max_message). */
#define JUNK_MAIL_BYTES (1u << 20)

struct junk_mail_reader {
	/* A message, its bytes cut at JUNK_MAIL_BYTES, and its whole size.
	 * False ends the reading. */
	bool (*take)(void *handle, struct text message, uint64_t size);
	void *handle;
	uint64_t unread; /* files that could not be read; told one by one */
};

/* False if `take` said so, or nothing is there. */
bool junk_mail_read(struct junk_mail_reader *reader, const char *path,
		    struct why *why);

#endif
