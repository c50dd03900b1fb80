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
#include "reporter/kind.h"

struct arena;
struct reporter;

/* `also` gets the XML as well; its put may be NULL. */
enum make_result make_report(struct reporter *reporter, struct arena *arena,
			     const struct report *report, struct sink also,
			     struct made *made, struct why *why);

#endif
