/* sts_state.h - what is known of one domain's MTA-STS (RFC 8461)
 *
 * What the cache of policies answers, and what a decision and a report need of
 * it.
 */
#ifndef MAILTLS_STS_STATE_H
#define MAILTLS_STS_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "mailtls/sts_policy.h"

enum sts_result {
	STS_NOT_EVALUATED = 0,
	STS_ABSENT,   /* the domain has none, or none that could be got:
			 `failure` tells which (section 5.1: deliver as if
			 there was none) */
	STS_PRESENT,  /* `policy` counts, whatever its mode */
	STS_TEMPERROR /* could not be found out: no answer but "later" */
};

/* What went wrong on the way.  With STS_PRESENT: an older policy that is still
 * valid counts in spite of it. */
enum sts_failure {
	STS_FAILURE_NONE = 0,
	STS_FAILURE_DNS,    /* the record could not be asked */
	STS_FAILURE_RECORD, /* several records or a broken one */
	STS_FAILURE_GONE,   /* no record now, but a policy from before */
	STS_FAILURE_FETCH, /* no HTTP status 200, no connection, too late ... */
	STS_FAILURE_WEBPKI, /* the certificate of the policy host */
	STS_FAILURE_INVALID /* what it served is no policy */
};

struct sts_state {
	enum sts_result result;
	/* with STS_PRESENT */
	struct sts_policy policy;
	struct text file;	      /* as it was served */
	int64_t fetched_s, expires_s; /* Unix time */
	/* of the record that counts, or of the policy; may be empty */
	struct text id;
	enum sts_failure failure;
	const char *detail; /* a sentence, printable; "" if there is nothing
			       to say */
	bool fallback;	/* the policy is older than what the record tells of */
	bool back_off;	/* the fetch failed a short while ago and was not tried
			   again */
	uint32_t ttl_s; /* how long this answer may be repeated */
};

/* The word of RFC 8460 section 4.3 for the failure, such as
 * "sts-policy-fetch-error"; NULL for what is not reported. */
const char *sts_failure_type(enum sts_failure failure);

/* "absent", "present", "temperror"; "not evaluated". */
const char *sts_result_name(enum sts_result result);

/* "dns", "record", "gone", "fetch", "webpki", "invalid"; "none". */
const char *sts_failure_name(enum sts_failure failure);

/* Does a policy in mode enforce count? */
bool sts_state_is_enforced(const struct sts_state *state);

#endif
