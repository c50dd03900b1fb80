/* share.h - what hosts tell each other through Postgres
 *
 * A thread of its own talks to the database: it hands out the MTA-STS policies
 * that this host found, takes those of others, and keeps a copy of the
 * overrides that administrators made.  The copy lies in a file as well
 * (DIRECTORY/tls-overrides), so that it counts after a restart without
 * database.  Nobody waits for this thread: while Postgres is away what is known
 * goes on to count.
 */
#ifndef POSTFIX_POLICY_SHARE_H
#define POSTFIX_POLICY_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;
struct share;
struct sts_cache;
struct why;

struct share_options {
	const char *conninfo; /* NULL: no database; the file counts alone */
	const char *program;
	const char *directory;	 /* of the copy; NULL: memory only */
	uint64_t interval_s;	 /* between two looks at the database */
	struct sts_cache *cache; /* NULL: policies are not shared */
};

/* Reads the file.  Never NULL.  The cache must stay until share_close. */
struct share *share_open(const struct share_options *options);
/* Starts the thread: call it after service_start. */
void share_start(struct share *share);
/* Ends the thread, which may take as long as one call to the database.  NULL
 * is allowed. */
void share_close(struct share *share);

/* One override as administrators wrote it (signet.tls_overrides): words, for
 * mailtls/tls_override.h to read, which has done so once already. */
struct share_override {
	struct domain domain;
	bool is_parent;	    /* for all below the domain */
	struct text level;  /* a word, such as "secure" or "published" */
	struct text match;  /* names, separated by ':'; may be empty */
	struct text reason; /* foreign bytes */
	int64_t until_s;    /* Unix time; 0: no end */
};

/* The override that holds for the domain now, its own or the nearest parent's,
 * copied into the arena.  False if there is none.  Any thread, never blocks
 * for long. */
bool share_override_get(struct share *share, struct arena *arena,
			struct domain domain, int64_t now_s,
			struct share_override *override);

/* Grows with each change of the overrides: answers kept from before are asked
 * for again. */
uint64_t share_generation(struct share *share);

/* For metrics: did the last call to the database end well? */
bool share_is_connected(struct share *share);

/* One look at the database, as the thread does it: for tests, and for
 * commands that want the state of now.  False with the reason. */
bool share_look(struct share *share, int64_t now_s, struct why *why);

#endif
