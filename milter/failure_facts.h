/* failure_facts.h - the event "dmarc_failure": what a failure report needs
 *
 * A line of its own in the spool, only with failure_reports = yes, only about
 * mail whose domain wants such reports (ruf, fo) and is no public suffix, and
 * with nothing in it that redact.h does not let through: no recipient, no
 * body.  Mail that a trusted list or forwarder sent is not reported, since it
 * is known why it fails; nor are reports and notifications, so that reports
 * are never about reports.
 */
#ifndef MILTER_FAILURE_FACTS_H
#define MILTER_FAILURE_FACTS_H

#include "milter/session.h"

/* Is this a failure that its domain wants to hear of?  After session_end. */
bool failure_facts_wanted(const struct session *session);

/* The line, below LIMIT_FAILURE_EVENT_BYTES; `left_out` as failure_limit.h
 * says. */
struct text failure_facts_event(struct session *session, uint64_t left_out);

#endif
