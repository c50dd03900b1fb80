/* tls_make.h - one TLS report, from results to a finished file
 *
 * Rows come from the database one at a time and go through the writer; what
 * was written is read back and its totals are compared with the database's
 * before it is compressed.  Memory grows with the report, which is bounded
 * (mailtls/tlsrpt_report.h), not with the results behind it.
 */
#ifndef TLSRPT_COLLECTOR_TLS_MAKE_H
#define TLSRPT_COLLECTOR_TLS_MAKE_H

#include "base/sink.h"
#include "reporter/kind.h"

/* What a report is made from, beside what every claim has. */
#define TLS_MAKE_COLUMNS "about, what, attempts"

/* `also` gets the JSON as well; its put may be NULL. */
enum make_result tls_make(struct reporter *reporter, struct arena *arena,
			  const struct claim *claim, struct sink also,
			  struct made *made, struct why *why);

#endif
