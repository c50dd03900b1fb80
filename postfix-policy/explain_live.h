/* explain_live.h - explaining with the DNS, the web and the database
 *
 * For commands that ask once.  MTA-STS policies are fetched anew: the cache
 * of the server is its own.
 */
#ifndef POSTFIX_POLICY_EXPLAIN_LIVE_H
#define POSTFIX_POLICY_EXPLAIN_LIVE_H

#include "postfix-policy/explain.h"

struct explain_live;
struct pg;
struct settings;
struct why;

struct explain_live_options {
	const char *dns;      /* ADDR@PORT; NULL: as signet.conf has it */
	const char *root_key; /* file; NULL: likewise */
	bool no_database;     /* overrides are not asked for */
};

/* `settings` is kept.  NULL with the reason. */
struct explain_live *
explain_live_open(const struct settings *settings,
		  const struct explain_live_options *options, struct why *why);
/* NULL is allowed.  What was looked at must be gone: its arena is freed
 * first. */
void explain_live_close(struct explain_live *live);

void explain_live_look(struct explain_live *live, struct arena *arena,
		       struct text key, struct explained *explained);

/* For other questions of the same command. */
struct resolver *explain_live_resolver(struct explain_live *live);
/* NULL: there is none. */
struct pg *explain_live_database(struct explain_live *live);

#endif
