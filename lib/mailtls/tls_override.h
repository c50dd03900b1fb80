/* tls_override.h - what the operator says of single domains, until a date
 *
 * An override stands before DANE, MTA-STS and all that the DNS could say: it
 * is the way out when somebody else's DNS or certificate is broken, and the
 * way in when a partner must have TLS that he does not announce.  It has a
 * reason and an end, so that no exception lives for ever.
 *
 * Names: "example.com" is that domain alone, ".example.com" all below it, as
 * in the tables of Postfix.  The exact one counts before parents, a nearer
 * parent before a farther.  The level "published" says that what the domain
 * publishes holds, against a parent's override.
 *
 * In the database: signet.tls_override.  signet.tls_overrides() gives those
 * that have not ended: (name text, level text, match text, reason text,
 * until timestamptz), the name with its dot in front if it is a parent, match
 * with ':' between names or null, until null without end.
 */
#ifndef MAILTLS_TLS_OVERRIDE_H
#define MAILTLS_TLS_OVERRIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"

struct arena;
struct why;

/* security levels of Postfix that we use */
enum tls_level {
	TLS_LEVEL_UNSET = 0,
	TLS_LEVEL_NONE,
	TLS_LEVEL_MAY,
	TLS_LEVEL_ENCRYPT,
	TLS_LEVEL_DANE,
	TLS_LEVEL_DANE_ONLY,
	TLS_LEVEL_SECURE
};

struct tls_override {
	struct domain domain;
	bool is_parent;	      /* ".domain" */
	bool is_published;    /* no override below a parent's */
	enum tls_level level; /* UNSET with is_published */
	/* with SECURE: names that the certificate may have; ".d" is anything
	 * below d.  0: those that Postfix takes, the domain and what is below
	 * it. */
	const struct text *match;
	size_t match_count;
	struct text reason; /* foreign bytes: what a person typed */
	int64_t until_s;    /* seconds of the epoch; INT64_MAX: no end */
};

/* "example.com" or ".example.com"; U-labels are converted. */
bool tls_override_name(struct arena *arena, struct text name,
		       struct tls_override *override, struct why *why);

/* A word of enum tls_level ("none", "dane-only" ...) or "published". */
bool tls_override_level(struct text word, struct tls_override *override,
			struct why *why);

/* Names between ':', for the level "secure" only; "hostname" is not allowed:
 * what an unsigned MX names is whoever forged it. */
bool tls_override_match(struct arena *arena, struct text names,
			struct tls_override *override, struct why *why);

/* The override that holds for a domain at that time, or NULL; one with
 * is_published is given back too, since it is worth telling.  `overrides` is
 * in any order. */
const struct tls_override *
tls_override_find(const struct tls_override *overrides, size_t count,
		  struct domain domain, int64_t now_s);

/* "none", "may" ...; NULL for UNSET. */
const char *tls_level_name(enum tls_level level);

#endif
