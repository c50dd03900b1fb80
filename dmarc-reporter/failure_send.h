/* failure_send.h - the failure reports of one run */
#ifndef DMARC_REPORTER_FAILURE_SEND_H
#define DMARC_REPORTER_FAILURE_SEND_H

struct reporter;

/* Plans what the milters have told, and sends it: few mails, at once.  Returns
 * an exit status as send_run does. */
int failure_send_run(struct reporter *reporter);

#endif
