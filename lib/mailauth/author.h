/* author.h - who the From field says wrote a message
 *
 * RFC 9989 section 4.2 rests on one author domain that the verifier and every
 * reader of the message agree on.  Where they may not agree, the answer is
 * AUTHOR_AMBIGUOUS, never a guess:
 *  - several From fields;
 *  - a From field that mailbox_parse_list refuses and that holds an '@' or an
 *    encoded word, or that it reads with a doubt (mailbox.h lists them);
 *  - white space between "From" and its colon (RFC 5322 section 4.5), since
 *    some readers then see no From;
 *  - a domain next to an address literal;
 *  - a header section or a From field too large to be kept, in which another
 *    From may hide.
 */
#ifndef MAILAUTH_AUTHOR_H
#define MAILAUTH_AUTHOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"
#include "mailauth/mailbox.h"
#include "mailauth/message.h"

struct arena;

enum author_status {
	AUTHOR_NOT_EVALUATED = 0,
	AUTHOR_ONE,		/* one From, all mailboxes in one domain */
	AUTHOR_SEVERAL_DOMAINS, /* one From, several domains */
	AUTHOR_NONE,		/* no From, or a From without any domain */
	AUTHOR_AMBIGUOUS	/* readers may see different authors */
};

struct author {
	enum author_status status;
	struct mailbox_list mailboxes; /* of all From fields that parse */
	struct domain domains[LIMIT_FROM_DOMAINS]; /* distinct, in order */
	size_t domain_count;			   /* kept in `domains` */
	bool too_many;				   /* more than that */
	const char *reason; /* NONE and AMBIGUOUS: a few words */
};

/* Looks at all From fields of the message, on their bytes as received.
 * `mailboxes` and `domains` hold what could be read whatever the status. */
void author_find(struct arena *arena, const struct message *message,
		 struct author *author);

/* "not evaluated", "one", "several domains", "none", "ambiguous". */
const char *author_status_name(enum author_status status);

#endif
