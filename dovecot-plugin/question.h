/* question.h - what a delivery asks, and what it is told
 *
 * Before Dovecot saves a message for a recipient the plugin asks on the
 * daemon's socket what to do with it (docs/dovecot-events.md).  It waits a
 * few hundred milliseconds and delivers as ever without an answer.
 */
#ifndef DOVECOT_PLUGIN_QUESTION_H
#define DOVECOT_PLUGIN_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct buf;
struct why;

struct question {
	struct text user;    /* the account */
	struct text mailbox; /* where it would go */
	struct text from;    /* MAIL FROM, may be empty */
	struct text to;	     /* RCPT TO */
	struct text orcpt, session;
	uint64_t size;	     /* of the whole message */
	struct text message; /* borrowed; cut at signet_max_message */
};

bool question_read(struct arena *arena, struct text bytes,
		   struct question *question, struct why *why);

#define ANSWER_LISTS 8

struct answer {
	struct text mailbox; /* empty: leave it where it goes */
	struct text keywords[ANSWER_LISTS];
	size_t keyword_count;
	struct text headers[ANSWER_LISTS]; /* "Name: value", unfolded */
	size_t header_count;
	const char *verdict; /* "junk" "ham" "unsure" "rule" "rejects"
				"none": for the log */
	bool remove_rejects; /* accepted, and its sender is who it says */
};

void answer_add_keyword(struct answer *answer, struct text keyword);
void answer_add_header(struct answer *answer, struct text header);
void answer_write(const struct answer *answer, struct buf *to);

#endif
