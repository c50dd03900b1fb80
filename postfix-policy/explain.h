/* explain.h - one TLS policy answer, its facts and its steps
 *
 * What `signet-policy --explain` and `signet tls` show: the same code decides
 * as in the server, and here all of it is told.
 */
#ifndef POSTFIX_POLICY_EXPLAIN_H
#define POSTFIX_POLICY_EXPLAIN_H

#include <stdint.h>

#include "base/deadline.h"
#include "base/dns_memo.h"
#include "mailtls/tls_facts.h"
#include "mailtls/tls_policy.h"

struct arena;
struct buf;
struct json;

/* Where facts come from. */
struct explain_sources {
	struct resolver *resolver;
	/* What is known of the domain's MTA-STS; may block until the
	 * deadline.  NULL: STS_TEMPERROR. */
	void (*sts)(void *context, struct arena *arena,
		    struct resolver *resolver, struct domain domain,
		    struct deadline deadline, struct sts_state *state);
	void *context;
	const struct tls_override *overrides;
	size_t override_count;
	const char *override_trouble; /* why they are not known; NULL: they
					 are */
	struct tls_policy_options options;
	int64_t now_s; /* Unix time */
	struct deadline deadline;
};

/* All of it lies in the arena. */
struct explained {
	struct text key;
	struct tls_facts facts;
	struct tls_policy policy;
	const char *override_trouble; /* as in the sources */
	struct dns_memo *dns; /* the questions, in order; NULL: none asked */
	int64_t now_s;
};

/* `key` as a mail server asks it: a domain, [host]:port ... */
void explain_look(struct arena *arena, const struct explain_sources *sources,
		  struct text key, struct explained *explained);

/* The page for people, in ASCII but for what is foreign and printable. */
void explain_write(struct arena *arena, const struct explained *explained,
		   struct buf *to);
/* Its parts, for other pages: what holds and why, override, MX and DANE,
 * MTA-STS, problems; replies for each map name. */
void explain_write_facts(struct arena *arena, const struct explained *explained,
			 struct buf *to);
void explain_write_replies(struct arena *arena,
			   const struct explained *explained, struct buf *to);

/* The object that signet-policy(8) documents. */
struct json *explain_json(struct arena *arena,
			  const struct explained *explained);

#endif
