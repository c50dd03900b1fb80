/* tlsrpt_report_read.h - SMTP TLS reports of others (RFC 8460 section 4)
 *
 * Takes what the RFC says and what broken writers make of it: times without a
 * zone (read as UTC), days without a time, counts as strings, one value where
 * a list belongs, missing members, names of the drafts.  Whatever was wrong is
 * told in a list of defects, the same one once with a count.  Words that the
 * RFC does not know stay as they came.
 *
 * Bounds: LIMIT_TLS_REPORT_BYTES, LIMIT_TLS_REPORT_ROWS policies and failures, those
 * of base/json.h, and LIMIT_REPORT_VALUE_BYTES for a value, which is cut.
 */
#ifndef MAILTLS_TLSRPT_REPORT_READ_H
#define MAILTLS_TLSRPT_REPORT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "base/text.h"

struct arena;
struct why;

struct tlsrpt_defect {
	struct text text; /* a sentence, safe for a log */
	uint64_t count;
	struct tlsrpt_defect *next;
};

/* Values of one list, in order. */
struct tlsrpt_value {
	struct text text;
	struct tlsrpt_value *next;
};

/* failure-details */
struct tlsrpt_failure {
	struct text result_type;
	struct ipaddr sending_ip, receiving_ip; /* family 0: none */
	struct text receiving_mx, receiving_helo;
	struct text information, reason_code;
	uint64_t sessions;
	struct tlsrpt_failure *next;
};

/* One element of "policies". */
struct tlsrpt_policy {
	struct text type;   /* "sts", "tlsa", "no-policy-found" */
	struct text domain; /* lower case A-labels where it is a domain */
	struct tlsrpt_value *strings, *mx_hosts;
	uint64_t successful, failed; /* sessions */
	struct tlsrpt_failure *failures;
	size_t failure_count;
	struct tlsrpt_policy *next;
};

struct tlsrpt_report {
	struct text organization, contact, report_id;
	int64_t begin, end; /* seconds since 1970; 0: not told */
	struct tlsrpt_policy *policies;
	size_t policy_count, failure_count;
	struct tlsrpt_defect *defects; /* in order of appearance */
	size_t defect_count;	       /* different ones */
};

/* False with a reason when it is no TLS report: no JSON object, or one
 * without policies. */
bool tlsrpt_report_read(struct arena *arena, struct text json,
			struct tlsrpt_report *report, struct why *why);

#endif
