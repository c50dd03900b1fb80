/* quota.h - the rule that refuses mail for mailboxes that are full
 *
 * At RCPT the recipient is looked up in the database, with aliases expanded;
 * "452 4.2.2 ..." if no mailbox that it comes to has room.  At
 * END-OF-MESSAGE the size of what was accepted is told to the database, which
 * counts it until the mailbox has it.  Whatever is not known, away or late is
 * no reason to refuse: the rule is silent then.
 *
 * All of it in the thread that serves, but for quota_worker.h.
 */
#ifndef POLICY_QUOTA_H
#define POLICY_QUOTA_H

#include <stdint.h>

#include "postfix-policy/delegate.h"

struct quota;
struct quota_case;
struct server;

struct quota_options {
	const char *conninfo;
	const char *host;    /* names transactions apart from other hosts' */
	int64_t deadline_ms; /* after which mail is taken */
};

/* Starts the thread: call it after service_start.  `server` is woken when
 * there are answers; the strings are borrowed. */
struct quota *quota_open(const struct quota_options *options,
			 struct server *server);
/* NULL is allowed.  Before delegate_free. */
void quota_close(struct quota *quota);

struct delegate_rule quota_rule(struct quota *quota);

/* In each round; when it wants to be called again. */
int64_t quota_tick(struct quota *quota, int64_t now_ms);

bool quota_is_away(struct quota *quota);

/* What of a request is to be asked or told: a recipient with size and
 * transaction, or, at END-OF-MESSAGE, a transaction and its size.  False:
 * nothing.  In the arena. */
bool quota_read(struct arena *arena, const struct delegate_request *request,
		const char *host, struct quota_case *of);

#endif
