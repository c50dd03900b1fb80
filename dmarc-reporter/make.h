/* make.h - one report, from evaluations to a finished file
 *
 * Rows come from the database one at a time, go through the writer, and from
 * there into the compressor and into the pre-flight check at once: memory
 * does not grow with the number of rows, but for the compressed file.
 */
#ifndef DMARC_REPORTER_MAKE_H
#define DMARC_REPORTER_MAKE_H

#include "base/sink.h"
#include "dmarc-reporter/report.h"

struct arena;
struct reporter;

enum make_result {
	MAKE_DONE = 1,
	MAKE_EMPTY,  /* no evaluation is left, or none that can be expressed */
	MAKE_FAULTY, /* the pre-flight check found a fault */
	MAKE_AWAY    /* database: try again */
};

struct made {
	struct text gzip; /* the file; in the arena */
	const char *file_name;
	struct dmarc_report_totals totals;
	uint64_t left_out;	  /* evaluations of rows that the format
				     cannot express */
	const char *left_out_why; /* the first of them */
	uint64_t xml_bytes;
};

/* `also` gets the XML as well; its put may be NULL. */
enum make_result make_report(struct reporter *reporter, struct arena *arena,
			     const struct report *report, struct sink also,
			     struct made *made, struct why *why);

#endif
