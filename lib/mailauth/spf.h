/* spf.h - Sender Policy Framework (RFC 7208, RFC 8616)
 *
 * MAIL FROM and HELO are two checks with two verdicts; neither stands for
 * the other.
 *
 * What counts (section 4.6.4): each include, a, mx, ptr, exists and redirect
 * that is evaluated, and once the PTR question of the "p" macro; above
 * LIMIT_SPF_TERMS, permerror.  Void is a counted term whose own question has
 * no answer; above LIMIT_SPF_VOID, permerror.  The hosts of an MX and the
 * names of a PTR are questions within one term and bounded by ten each.
 * Questions sent ahead and not evaluated count nowhere.
 */
#ifndef MAILAUTH_SPF_H
#define MAILAUTH_SPF_H

#include <stdint.h>

#include "base/dns.h"
#include "base/domain.h"

struct arena;

enum spf_result {
	SPF_NOT_EVALUATED = 0,
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR
};

struct spf_query {
	struct ipaddr client; /* without a family nothing is evaluated */
	struct text helo;     /* as the client said it */
	struct text sender;   /* MAIL FROM without brackets, "" if null; for
				 the HELO check pass "" too: the identity is
				 postmaster@helo (section 2.4) */
	struct text receiver; /* our host name: macro r */
	int64_t now_s;	      /* unix seconds: macro t */
};

struct spf_verdict {
	enum spf_result result;
	struct text domain;	 /* that was checked; "" if it is no domain */
	struct text explanation; /* of exp=, printable ASCII, for fail only */
	const char *reason;	 /* a few words: what matched or what broke */
	unsigned lookups, void_lookups;
	enum dns_security security; /* weakest of all answers used */
};

struct spf_check;

/* Asks for the policy and returns at once.  Everything lives in the arena;
 * `query` is copied. */
struct spf_check *spf_begin(struct arena *arena, struct resolver *resolver,
			    const struct spf_query *query);

/* Waits and decides: check_host() of section 4.  No answer until the
 * deadline is SPF_TEMPERROR. */
void spf_finish(struct spf_check *check, struct deadline deadline,
		struct spf_verdict *verdict);

/* "none", "pass" ... (section 2.6). */
const char *spf_result_name(enum spf_result result);

#endif
