/* tls_policy.h - from facts to the one answer
 *
 * A pure table; the first row that fits:
 *
 *	key is no name that mail goes to	none
 *	key cannot be converted			try again
 *	operator override			as told
 *	[host] in brackets			none (the operator's main.cf)
 *	MX could not be asked			try again
 *	no host's TLSA could be asked		try again
 *	every MX usable TLSA			dane-only; if MTA-STS is
 *						enforce and `dane_and_sts`
 *						SECURE: secure
 *	MTA-STS could not be asked		try again
 *	MTA-STS enforce				secure
 *	some MX usable, or unusable, TLSA	dane
 *	null MX, no domain, no address		none
 *	nothing					none
 *
 * "None" means NOTFOUND: what main.cf says holds.  A host whose TLSA could
 * not be asked while others' could counts as protected: `dane-only` and
 * `dane` make smtp(8) ask itself and pass over that host if it cannot.
 *
 * With MTA-STS in mode testing or none, the answer is that of DANE: Postfix
 * cannot report truthfully what it does not enforce, so nothing is said of
 * STS to it, and results come from our own probe.
 */
#ifndef MAILTLS_TLS_POLICY_H
#define MAILTLS_TLS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailtls/tls_facts.h"

struct arena;
struct tls_problem;

enum tls_verdict {
	TLS_VERDICT_UNSET = 0,
	TLS_VERDICT_NONE,  /* nothing is known that asks for TLS */
	TLS_VERDICT_LEVEL, /* this level and no less */
	TLS_VERDICT_TEMP   /* could not ask: the mail waits */
};

/* which row of the table it was; also the word for logs and JSON */
enum tls_ground {
	TLS_GROUND_UNSET = 0,
	TLS_GROUND_KEY,	    /* key: parent, address, no name */
	TLS_GROUND_BAD_KEY, /* key that cannot be converted */
	TLS_GROUND_OVERRIDE,
	TLS_GROUND_BRACKETS,
	TLS_GROUND_DNS,		/* TEMP: MX or all hosts */
	TLS_GROUND_DANE,	/* every MX */
	TLS_GROUND_STS,		/* enforce */
	TLS_GROUND_STS_MX,	/* enforce, and no MX is in the policy */
	TLS_GROUND_STS_UNKNOWN, /* TEMP */
	TLS_GROUND_SOME_DANE,
	TLS_GROUND_NO_MAIL, /* null MX, no domain, no address */
	TLS_GROUND_NOTHING
};

struct tls_policy_options {
	/* both DANE for every MX and STS enforce: Postfix can check one only;
	 * TLS_LEVEL_DANE_ONLY (also when UNSET) or TLS_LEVEL_SECURE */
	enum tls_level dane_and_sts;
};

struct tls_policy {
	enum tls_verdict verdict;
	enum tls_ground ground;
	enum tls_level level; /* with LEVEL */
	const char *why;      /* one sentence for a person, ASCII */
	struct domain domain; /* of the key; not set where it has none */

	const struct text *match; /* override; 0: Postfix's default */
	size_t match_count;
	/* the MTA-STS policy if its mode is enforce, whatever was chosen */
	const struct sts_policy *sts;
	struct text sts_file; /* as fetched, for policy-string */
	/* MTA-STS could not be asked: who knows nothing but MTA-STS must
	 * wait, whatever the others are told. */
	bool sts_unknown;
	/* No MX of the destination is in the policy: a connection could only
	 * fail.  Where the dialect can say so, Postfix fails it at the
	 * handshake and reports it; else the certificate does not match. */
	bool mx_mismatch;

	/* The level for mail that requires TLS (RFC 8689): SECURE or
	 * DANE_ONLY; UNSET: it must not go there.  Of some MX with DANE,
	 * DANE_ONLY leads to those alone. */
	enum tls_level verified_level;
	struct tls_problem *problems; /* tls_problem.h */
	/* How long the answer may be kept, by the DNS and MTA-STS; 0 if
	 * something failed, UINT32_MAX if only the key or an override
	 * spoke (whose end is the caller's to watch). */
	uint32_t ttl_s;
};

/* Whether DNS and MTA-STS have a say: a domain, and no override that settles
 * it.  If not, facts.destination and facts.sts may stay NULL and the answer
 * costs nothing.  With true, ask both at once. */
bool tls_policy_needs(const struct nexthop *nexthop,
		      const struct tls_override *override);

/* `facts` must outlive the policy; it borrows.  Never fails. */
void tls_policy_choose(struct arena *arena, const struct tls_facts *facts,
		       const struct tls_policy_options *options,
		       struct tls_policy *policy);

/* "none", "level", "temp"; "override", "dane", "sts", "nothing" ... */
const char *tls_verdict_name(enum tls_verdict verdict);
const char *tls_ground_name(enum tls_ground ground);

#endif
