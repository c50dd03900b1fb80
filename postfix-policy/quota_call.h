/* quota_call.h - what signet-policy asks the database about mailboxes
 *
 * The calls of quota_worker.h; each is one statement (sql/functions-quota.sql).
 */
#ifndef POLICY_QUOTA_CALL_H
#define POLICY_QUOTA_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "io/pg.h"

enum quota_verdict {
	QUOTA_NOT_ASKED,
	QUOTA_UNKNOWN, /* no account of ours, or some of it goes elsewhere */
	QUOTA_FITS,
	QUOTA_FULL,	   /* no room for any message */
	QUOTA_LARGE,	   /* none for one of this size */
	QUOTA_DOMAIN_FULL, /* the same of the total of its domain */
	QUOTA_DOMAIN_LARGE,
	QUOTA_AWAY, /* the database did not answer */
	QUOTA_LATE  /* not in time */
};

/* One recipient, or, with an empty recipient, a message that came. */
struct quota_case {
	struct text recipient; /* valid UTF-8 */
	struct text message;   /* names the transaction; may be empty */
	uint64_t size;	       /* 0: not known */
	enum quota_verdict verdict;
};

/* As in the database and in metrics; those alone that it answers. */
bool quota_verdict_parse(struct text word, enum quota_verdict *verdict);

/* Sets the verdicts of all that have a recipient. */
enum pg_status quota_call_ask(struct pg *pg, struct arena *arena,
			      struct quota_case *const *cases, size_t count,
			      struct why *why);

/* Tells of all that have none. */
enum pg_status quota_call_accept(struct pg *pg, struct arena *arena,
				 struct quota_case *const *cases, size_t count,
				 struct why *why);

/* What counts no longer is taken away. */
enum pg_status quota_call_expire(struct pg *pg, struct arena *arena,
				 struct why *why);

#endif
