/* mailbox.h - addresses of RFC 5322, and who a From field says the author is
 *
 * One strict grammar (RFC 5322 section 3.4 with its obsolete forms where all
 * readers agree, RFC 6532 for UTF-8).  Whatever readers could see two ways
 * is FROM_AMBIGUOUS, never a guess (refs to espoofer A8-A19).
 */
#ifndef MAILAUTH_MAILBOX_H
#define MAILAUTH_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/domain.h"
#include "mailauth/message.h"

struct arena;
struct why;

struct mailbox {
	struct text display; /* as written, may be empty */
	struct text local;   /* quoted pairs and quotes removed */
	struct domain domain;
	struct text address; /* local@domain as people write it */
	struct mailbox *next;
};

struct mailbox_list {
	struct mailbox *first;
	size_t count;
};

/* One addr-spec, without angle brackets or comments around it; a domain
 * literal is an error here, since DMARC has no use for it. */
bool mailbox_parse_addr_spec(struct arena *arena, struct text text,
			     struct mailbox *mailbox, struct why *why);

/* mailbox-list or address-list: groups give their members. */
bool mailbox_parse_list(struct arena *arena, struct text text,
			struct mailbox_list *list, struct why *why);

enum author_status {
	AUTHOR_NOT_EVALUATED = 0,
	AUTHOR_ONE,		/* one From, all mailboxes in one domain */
	AUTHOR_SEVERAL_DOMAINS, /* one or more From, several domains */
	AUTHOR_NONE,		/* no From, or a From without any address */
	AUTHOR_AMBIGUOUS	/* readers may see different authors */
};

struct author {
	enum author_status status;
	struct mailbox_list mailboxes;
	struct domain domains[4]; /* distinct, at most LIMIT_FROM_DOMAINS */
	size_t domain_count;	  /* kept in `domains` */
	bool too_many;		  /* more domains than that */
	const char *reason;	  /* NONE and AMBIGUOUS: a few words */
};

/* Looks at all From fields of the message.  Several From fields: all their
 * mailboxes count, and the status is at best AUTHOR_AMBIGUOUS. */
void author_find(struct arena *arena, const struct message *message,
		 struct author *author);

const char *author_status_name(enum author_status status);

#endif
