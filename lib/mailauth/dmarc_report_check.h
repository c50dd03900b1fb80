/* dmarc_report_check.h - a finished report before it is sent
 *
 * Reads the report as its receiver will: against the schema of its dialect,
 * counting records and messages.  It is fed in pieces of any size, by hand or
 * as a sink beside the one that stores the report, and its memory is constant.
 */
#ifndef MAILAUTH_DMARC_REPORT_CHECK_H
#define MAILAUTH_DMARC_REPORT_CHECK_H

#include "mailauth/dmarc_report.h"

struct dmarc_report_check;

/* The schemas, as installed below share/signet/schema. */
struct text dmarc_report_schema(enum dmarc_report_dialect dialect);

struct dmarc_report_check *
dmarc_report_check_new(struct arena *arena, enum dmarc_report_dialect dialect);
bool dmarc_report_check_put(struct dmarc_report_check *check, struct text bytes,
			    struct why *why);
struct sink dmarc_report_check_sink(struct dmarc_report_check *check);
/* True if the report is complete, valid, and has as many records and messages
 * as `wanted` says. */
bool dmarc_report_check_end(struct dmarc_report_check *check,
			    const struct dmarc_report_totals *wanted,
			    struct why *why);

/* All of it in one call, for uncompressed bytes. */
bool dmarc_report_is_good(struct arena *arena,
			  enum dmarc_report_dialect dialect, struct text bytes,
			  const struct dmarc_report_totals *wanted,
			  struct why *why);

#endif
