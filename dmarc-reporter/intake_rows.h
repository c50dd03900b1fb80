/* intake_rows.h - rows of a report, gathered into lines for the spool */
#ifndef DMARC_REPORTER_INTAKE_ROWS_H
#define DMARC_REPORTER_INTAKE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/sink.h"
#include "mailauth/dmarc_report.h"
#include "mailtls/tlsrpt_report_read.h"

struct arena;
struct intake_arrival;
struct json;
struct why;

struct intake_rows {
	const struct intake_arrival *arrival;
	const char *id; /* of the report */
	const char *kind;
	struct sink to;
	struct arena *arena, *row_arena;
	struct buf line; /* rows so far, with commas between */
	uint64_t number; /* of the last row */
	uint64_t cut;	 /* rows whose details were too long for a line */
};

/* Ends with the arena.  Without an arrival (NULL) the sink gets bare rows. */
void intake_rows_begin(struct intake_rows *rows, struct arena *arena,
		       const struct intake_arrival *arrival, const char *id,
		       const char *kind, struct sink to);

/* A dmarc_report_record_fn; the handle is a struct intake_rows. */
bool intake_rows_record(void *handle, const struct dmarc_report_record *record,
			struct why *why);

/* A policy of a TLS report and its failures. */
bool intake_rows_policy(struct intake_rows *rows,
			const struct tlsrpt_policy *policy, struct why *why);

bool intake_rows_end(struct intake_rows *rows, struct why *why);

#endif
