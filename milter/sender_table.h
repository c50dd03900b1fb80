/* sender_table.h - which logins may write in whose name
 *
 * The table of Postfix's smtpd_sender_login_maps in the form of texthash:
 * (postmap(1)): "ADDRESS LOGIN, LOGIN ...", where ADDRESS is user@domain,
 * @domain, or a user alone for the domain of this host.  A line that begins
 * with white space continues the one before; '#' begins a comment where a
 * line would begin.  Of two lines for one address the first counts.
 */
#ifndef MILTER_SENDER_TABLE_H
#define MILTER_SENDER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct buf;
struct why;

struct sender_entry {
	struct text address, logins;
	unsigned line;
};

struct sender_table {
	struct sender_entry *entries; /* sorted */
	size_t count;
};

/* At most LIMIT_SENDER_LINES.  Borrows from `contents`.  The reason begins
 * with the number of the line. */
bool sender_table_parse(struct arena *arena, struct text contents,
			struct sender_table *table, struct why *why);

struct sender_question {
	struct text user, host; /* of the address */
	struct text login;
	struct text own_host;	/* whose users need no domain */
	struct text delimiters; /* recipient_delimiter of Postfix, or "" */
};

/* The best entry for the address, as Postfix looks it up: user+ext@host,
 * user@host, user+ext and user if host is our own, @host.  NULL if nobody
 * owns it. */
const struct sender_entry *
sender_table_find(const struct sender_table *table, struct arena *arena,
		  const struct sender_question *question);

/* Whether that entry names the login, without case. */
bool sender_entry_has(const struct sender_entry *entry, struct text login);

#endif
