/* send.h - one run: what is due is planned, made and sent */
#ifndef REPORTER_SEND_H
#define REPORTER_SEND_H

#include "reporter/claim.h"

struct report_carrier;
struct reporter;

/* Returns an exit status of sysexits(3): EX_OK, EX_TEMPFAIL (something waits
 * for a later run), EX_CONFIG.  With a filter, or `hurry`, there is no pause
 * between reports. */
int send_run(struct reporter *reporter, const struct report_carrier *carrier,
	     const struct claim_filter *filter, bool hurry);

#endif
