/* rows.h - a row of signet.dmarc_report_rows as a record of a report */
#ifndef DMARC_REPORTER_ROWS_H
#define DMARC_REPORTER_ROWS_H

#include "mailauth/dmarc_report.h"

struct arena;
struct pg_rows;

/* The columns in the order of the call that make.c writes. */
#define ROWS_COLUMNS                                                           \
	"source_ip, evaluations, header_from, envelope_from, envelope_to, "    \
	"disposition, dkim_aligned, spf_aligned, overrides, signatures, "      \
	"spf_result, spf_domain, spf_scope, spf_reason, "                      \
	"organizational_domain, published"

/* Reads row 0; the record borrows from it and from the arena. */
void rows_record(struct arena *arena, const struct pg_rows *rows,
		 struct dmarc_report_record *record);

#endif
