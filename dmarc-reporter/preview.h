/* preview.h - what would be sent, without sending or changing anything
 *
 * Nothing here, or in what it calls, can reach a mail server.
 */
#ifndef DMARC_REPORTER_PREVIEW_H
#define DMARC_REPORTER_PREVIEW_H

#include <stdbool.h>

struct reporter;

/* The reports of one UTC day (NULL: yesterday), of one policy domain or (NULL)
 * all: as XML on standard output, or with `explain` what is in each, where it
 * would go, and why.  Exit status of sysexits(3); EX_DATAERR when a report
 * has a fault. */
int preview_run(struct reporter *reporter, const char *domain, const char *day,
		bool explain);

#endif
