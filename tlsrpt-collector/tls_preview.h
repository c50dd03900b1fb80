/* tls_preview.h - what would be sent, without sending or changing anything
 *
 * Nothing here, or in what it calls, can reach a mail or web server.
 */
#ifndef TLSRPT_COLLECTOR_TLS_PREVIEW_H
#define TLSRPT_COLLECTOR_TLS_PREVIEW_H

#include <stdbool.h>

struct reporter;

/* The reports of one UTC day (NULL: yesterday), to one domain or (NULL) all:
 * as JSON on standard output, or with `explain` what is in each, where it
 * would go, and why.  Exit status of sysexits(3); EX_DATAERR when a report
 * has a fault. */
int tls_preview_run(struct reporter *reporter, const char *domain,
		    const char *day, bool explain);

#endif
