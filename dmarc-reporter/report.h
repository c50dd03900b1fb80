/* report.h - which report: a policy domain, a period, a policy */
#ifndef DMARC_REPORTER_REPORT_H
#define DMARC_REPORTER_REPORT_H

#include "base/domain.h"
#include "mailauth/dmarc_report.h"

struct pg_rows;

struct report {
	struct domain policy_domain;
	int64_t begin, end; /* seconds; `end` is the first one
			       behind the period */
	struct text policy; /* as the database has it (JSON) */
	struct dmarc_report_policy published;
	struct text report_id, submitter;
	enum dmarc_report_dialect dialect;
};

/* What a report is read from, in this order. */
#define REPORT_COLUMNS                                                         \
	"policy_domain, begin_s, end_s, policy, report_id, submitter, "        \
	"format, discovery_method, p, sp, np, adkim, aspf, fo, testing"

/* Borrows from `rows`; `column` is where policy_domain stands. */
void report_read(const struct pg_rows *rows, size_t row, int column,
		 struct report *report);

#endif
