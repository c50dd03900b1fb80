/* tlsrpt_report.h - SMTP TLS reports that we send (RFC 8460 sections 4, 5.1)
 *
 * One JSON document, member by member in the order of the RFC's grammar and
 * one policy a line: the same values give the same bytes.  What is written
 * reads back with tlsrpt_report_read.h, whose types are used.  mx-host and
 * policy-string are lists always.  Values are made safe as utf8_for_log does
 * and cut at LIMIT_REPORT_VALUE_BYTES.
 *
 * A report holds at most LIMIT_TLS_REPORT_OUT_ROWS policies, failures and
 * values of their lists, so that readers with bounds of their own take it:
 * what would pass that is left out and counted.
 */
#ifndef MAILTLS_TLSRPT_REPORT_H
#define MAILTLS_TLSRPT_REPORT_H

#include "base/sink.h"
#include "mailtls/tlsrpt_report_read.h"

struct tlsrpt_report_head {
	struct text organization, contact, report_id;
	int64_t begin, end; /* seconds since 1970; `end` is the last one */
};

struct tlsrpt_report_totals {
	uint64_t policies, failures; /* elements that were written */
	uint64_t successful, failed; /* sessions of the policies written */
	uint64_t left_out;	     /* policies and failures that were not */
	uint64_t bytes;
};

struct tlsrpt_report_writer;

/* Writes all that stands before the policies.  NULL with a reason. */
struct tlsrpt_report_writer *
tlsrpt_report_begin(struct arena *arena, const struct tlsrpt_report_head *head,
		    struct sink to, struct why *why);

/* `scratch` is used and not kept.  False when the sink failed. */
bool tlsrpt_report_add(struct tlsrpt_report_writer *writer,
		       struct arena *scratch,
		       const struct tlsrpt_policy *policy, struct why *why);

bool tlsrpt_report_end(struct tlsrpt_report_writer *writer,
		       struct tlsrpt_report_totals *totals, struct why *why);

/* "sender!policy-domain!begin!end!unique-id.json.gz"; the unique-id is the
 * report-id up to its first byte that is no letter or digit, if there is
 * something before it. */
struct text tlsrpt_report_filename(struct arena *arena, struct text sender,
				   struct text policy_domain, int64_t begin,
				   int64_t end, struct text report_id);

#endif
